"""StyleGAN-XL's synthesis network: waves that w turns and shifts, then modulated convolutions free of aliasing.

One thing differs from the authors' program on purpose. It divides the styles of a layer by their root mean square over
the whole batch, so that an image depends on those beside it; here each row is divided by its own, which is what the
program computes for one image. Demodulation takes the factor out again but for its 1e-8: both agree to about 1e-6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from wherefrom.models.architectures.base.stylegan.layers import Linear, activation, energy, measured_on_load
from wherefrom.models.architectures.base.stylegan.resample import Resampler, Resampling

__all__ = ["InputPlan", "LayerPlan", "SynthesisXL"]

_EPS: Final = 1e-8


@dataclass(frozen=True, kw_only=True, slots=True)
class InputPlan:
    """The waves that the network starts from.

    Attributes:
        size: of its maps.
        channels: how many waves.
        rate: samples in a unit of length.
        band: frequency up to which waves have their full height.
    """

    size: int
    channels: int
    rate: float
    band: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerPlan:
    """One layer.

    Attributes:
        name: in the file.
        inputs: channels.
        outputs: channels.
        kernel: side of the convolution's kernel.
        size: of the maps it gives.
        across: how rows are upsampled, then downsampled.
        along: how columns are.
        filters: shapes of the filters for both; None where there is none.
        last: whether it makes the image.
        clamp: what values are held within; None does not hold them.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    size: int
    across: tuple[Resampling, Resampling]
    along: tuple[Resampling, Resampling]
    filters: tuple[tuple[int, ...] | None, tuple[int, ...] | None]
    last: bool
    clamp: float | None


class Input(nn.Module):
    """Waves `sin(2 pi (f' p + phase'))`, turned and shifted by w, then mixed (arXiv:2106.12423, section 3.2)."""

    freqs: torch.Tensor
    phases: torch.Tensor
    transform: torch.Tensor

    def __init__(self, plan: InputPlan, w_width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(plan.channels, plan.channels))
        self.affine = Linear(w_width, 4)
        self.register_buffer("transform", torch.empty(3, 3))
        self.register_buffer("freqs", torch.empty(plan.channels, 2))
        self.register_buffer("phases", torch.empty(plan.channels))
        self._plan = plan

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """`w` `(n, w)` to maps `(n, channels, size, size)`."""
        plan = self._plan
        moved = self._moved(w)
        waves = self.freqs @ moved[:, :2]
        freqs, phases = waves[:, :, :2], self.phases + waves[:, :, 2]
        height = 1 - (freqs.norm(dim=2) - plan.band) / (plan.rate / 2 - plan.band)
        place = (torch.arange(plan.size, device=w.device, dtype=w.dtype) + 0.5) / plan.size - 0.5
        place = place * (plan.size / plan.rate)
        across = 2 * math.pi * freqs[:, :, :1] * place
        down = 2 * math.pi * (freqs[:, :, 1:] * place + phases[:, :, None])
        # sin(a + b) = sin a cos b + cos a sin b: a product of two narrow matrices for each wave
        rows = torch.stack([down.sin(), down.cos()], 3) * height.clamp(0, 1)[:, :, None, None]
        columns = torch.stack([across.cos(), across.sin()], 2)
        maps = (rows @ columns).flatten(2)
        mix = self.weight / math.sqrt(plan.channels)
        mixed: torch.Tensor = mix @ maps
        return mixed.view(len(w), plan.channels, plan.size, plan.size)

    def _moved(self, w: torch.Tensor) -> torch.Tensor:
        """The turn, the shift and the file's own transform as one matrix `(n, 3, 3)`."""
        t = self.affine(w)
        t = t / t[:, :2].norm(dim=1, keepdim=True)
        zero, one = torch.zeros_like(t[:, 0]), torch.ones_like(t[:, 0])
        turn = torch.stack([t[:, 0], -t[:, 1], zero, t[:, 1], t[:, 0], zero, zero, zero, one], 1).view(-1, 3, 3)
        shift = torch.stack([one, zero, -t[:, 2], zero, one, -t[:, 3], zero, zero, one], 1).view(-1, 3, 3)
        return turn @ shift @ self.transform


class Layer(nn.Module):
    """A modulated convolution, bias, and a leaky ReLU between up- and downsampling (arXiv:2106.12423, section 3)."""

    energy: torch.Tensor
    gain: torch.Tensor
    magnitude_ema: torch.Tensor

    def __init__(self, plan: LayerPlan, w_width: int) -> None:
        super().__init__()
        self.affine = Linear(w_width, plan.inputs)
        self.weight = nn.Parameter(torch.empty(plan.outputs, plan.inputs, plan.kernel, plan.kernel))
        self.bias = nn.Parameter(torch.empty(plan.outputs))
        self.register_buffer("magnitude_ema", torch.empty(()))
        for name, shape in zip(("up_filter", "down_filter"), plan.filters, strict=True):
            self.register_buffer(name, None if shape is None else torch.empty(shape))
        self.register_buffer("energy", None, persistent=False)
        self.register_buffer("gain", None, persistent=False)
        self.up, self.down = (Resampler(across, along) for across, along in zip(plan.across, plan.along, strict=True))
        self._plan = plan
        self._act = activation("linear" if plan.last else "lrelu")
        measured_on_load(self, self._measure)

    def _measure(self) -> None:
        """What follows from the weights: sums of squares, the scale of each output, matrices of the filters."""
        weights = self.weight[0].numel()
        self.energy = energy(self.weight)
        one = torch.ones(1, dtype=torch.float32, device=self.weight.device)
        self.gain = one[0] if self._plan.last else torch.rsqrt(self.energy.sum(1) / weights)
        for resampler, name in ((self.up, "up_filter"), (self.down, "down_filter")):
            taps = self._buffers[name]
            resampler.fit(one if taps is None else taps)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Maps `(n, inputs, h, h)` and `w` `(n, w)` to maps `(n, outputs, h', h')`."""
        plan, act = self._plan, self._act
        style, scale = self._scales(self.affine(w))
        x = functional.conv2d(x * style[:, :, None, None], self.weight, padding=plan.kernel - 1)
        x = torch.addcmul(self.bias[None, :, None, None] * act.gain, x, scale[:, :, None, None] * act.gain)
        x = act.function(self.up(x))
        x = x if plan.clamp is None else x.clamp(-plan.clamp, plan.clamp)
        output: torch.Tensor = self.down(x)
        return output

    def _scales(self, style: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """By what inputs `(n, inputs)` and outputs `(n or 1, outputs or 1)` of the convolution are multiplied."""
        usual = torch.rsqrt(self.magnitude_ema)
        if self._plan.last:
            return style / math.sqrt(self.weight[0].numel()), usual.expand(1, 1)
        style = style * torch.rsqrt(style.square().mean(1, keepdim=True))
        size = (style.square() @ self.energy.t()) * self.gain.square()
        return style, torch.rsqrt(size + _EPS) * (self.gain * usual)


class SynthesisXL(nn.Module):
    """One w for the input and each layer to images.

    Args:
        first: the input.
        layers: in the order they are run.
        w_width: of w.
        scale: by which the last layer's output is multiplied.
    """

    def __init__(self, first: InputPlan, layers: tuple[LayerPlan, ...], *, w_width: int, scale: float) -> None:
        super().__init__()
        self.input = Input(first, w_width)
        self._names = tuple(plan.name for plan in layers)
        for plan in layers:
            self.add_module(plan.name, Layer(plan, w_width))
        self._scale = scale

    @property
    def count(self) -> int:
        """How many w an image is made of."""
        return len(self._names) + 1

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """`w` `(n, count, w)` to images `(n, colours, size, size)`, nominally in [-1, 1], not clamped."""
        x: torch.Tensor = self.input(w[:, 0])
        for number, name in enumerate(self._names, 1):
            x = self.get_submodule(name)(x, w[:, number])
        return x * self._scale
