"""StyleGAN2's synthesis network: a constant, and blocks of modulated convolutions that each double the size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from wherefrom.core.tensors import generator
from wherefrom.models.architectures.base.stylegan.layers import Linear, activation, energy, measured_on_load
from wherefrom.models.architectures.base.stylegan.resample import Resampler, Resampling

__all__ = ["Plan", "Synthesis"]

_EPS: Final = 1e-8
_HALF: Final = math.sqrt(0.5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The sizes and options of a synthesis network.

    Attributes:
        w_width: of w.
        channels: at each size, from 4 px on, each twice the one before.
        colours: 3, or 1 for grey.
        structure: `skip` adds up an image from every block, `resnet` adds up features, `orig` neither.
        taps: shape of the filter by which maps and images are doubled.
        unused_taps: shape of the filter in layers that double nothing: the program's own, whatever the other one is.
        noisy: whether the layers have noise.
        clamp: what values are held within; None does not hold them.
        act: after each convolution.
    """

    w_width: int
    channels: tuple[int, ...]
    colours: int
    structure: str
    taps: tuple[int, ...]
    unused_taps: tuple[int, ...]
    noisy: bool
    clamp: float | None
    act: str


def _doubling(size: int, taps: int) -> Resampling:
    """An axis of an image to twice its size."""
    return Resampling(size=size, up=2, before=(taps + 1) // 2, after=(taps - 2) // 2, gain=2)


class Conv(nn.Module):
    """A 3 x 3 convolution modulated by w, noise, bias, activation (arXiv:1912.04958, section 2.2).

    Args:
        plan: of the network.
        inputs: channels.
        outputs: channels.
        size: of its maps, after doubling.
        doubles: whether it doubles the size first.
        gain: of its output, beside the activation's own.
    """

    energy: torch.Tensor

    def __init__(
        self, plan: Plan, inputs: int, outputs: int, *, size: int, doubles: bool = False, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.affine = Linear(plan.w_width, inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.empty(outputs))
        if plan.noisy:
            self.register_buffer("noise_const", torch.empty(size, size))
            self.noise_strength = nn.Parameter(torch.empty(()))
        self.register_buffer("resample_filter", torch.empty(plan.taps if doubles else plan.unused_taps))
        self.register_buffer("energy", torch.empty(outputs, inputs), persistent=False)
        self.register_buffer("noise", None, persistent=False)
        taps = plan.taps[0]
        axis = Resampling(size=size + 1, before=(taps + 1) // 2 - 1, after=(taps - 2) // 2, gain=2)
        self.blur = Resampler(axis, axis) if doubles else None
        self._act = activation(plan.act)
        self._gain = self._act.gain * gain
        self._bound = None if plan.clamp is None else plan.clamp * gain
        measured_on_load(self, self._measure)

    def _measure(self) -> None:
        self.energy = energy(self.weight)
        if self.blur is not None:
            self.blur.fit(self.get_buffer("resample_filter"))

    def add_noise(self, mode: str, source: torch.Generator) -> None:
        """Settle the noise, one map for all images: `none`, `const` (the file's own) or `seeded`, from `source`."""
        if mode == "none":
            return
        shape = self.get_buffer("noise_const").shape
        drawn = (
            self.get_buffer("noise_const")
            if mode == "const"
            else torch.randn(shape, generator=source, dtype=torch.float32, device="cpu")
        )
        self.register_buffer("noise", drawn * self.noise_strength.detach(), persistent=False)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Maps `(n, inputs, h, h)` and `w` `(n, w)` to maps `(n, outputs, size, size)`."""
        style = self.affine(w)
        x = x * style[:, :, None, None]
        if self.blur is None:
            x = functional.conv2d(x, self.weight, padding=1)
        else:
            x = self.blur(functional.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2))
        first = self._gain if self._act.scales else 1.0  # f(c x) = c f(x): multiply what is small
        scale = torch.rsqrt(style.square() @ self.energy.t() + _EPS) * first
        x = torch.addcmul(self._shift(first), x, scale[:, :, None, None])
        x = self._act.function(x)
        if first != self._gain:
            x = x * self._gain
        return x if self._bound is None else x.clamp(-self._bound, self._bound)

    def _shift(self, gain: float) -> torch.Tensor:
        """Bias and noise, `(1, outputs, size or 1, size or 1)`."""
        bias, noise = self.bias[None, :, None, None] * gain, self._buffers["noise"]
        return bias if noise is None else bias + noise * gain


class ToRGB(nn.Module):
    """Maps to colours: a modulated 1 x 1 convolution that is not demodulated."""

    def __init__(self, plan: Plan, inputs: int) -> None:
        super().__init__()
        self.affine = Linear(plan.w_width, inputs)
        self.weight = nn.Parameter(torch.empty(plan.colours, inputs, 1, 1))
        self.bias = nn.Parameter(torch.empty(plan.colours))
        self._bound = plan.clamp

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Maps `(n, inputs, h, h)` and `w` `(n, w)` to `(n, colours, h, h)`."""
        colours, inputs = self.weight.shape[:2]
        mixed = self.weight.view(1, colours, inputs) * (self.affine(w) / math.sqrt(inputs))[:, None]
        image: torch.Tensor = (mixed @ x.flatten(2) + self.bias[:, None]).view(len(x), colours, *x.shape[2:])
        return image if self._bound is None else image.clamp(-self._bound, self._bound)


class Skip(nn.Module):
    """The way around a block's convolutions in a residual network: a 1 x 1 convolution, doubled in size."""

    def __init__(self, plan: Plan, inputs: int, outputs: int, *, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 1, 1))
        self.register_buffer("resample_filter", torch.empty(plan.taps))
        axis = _doubling(size // 2, plan.taps[0])
        self.doubled = Resampler(axis, axis)
        measured_on_load(self, lambda: self.doubled.fit(self.get_buffer("resample_filter")))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps `(n, inputs, size / 2, size / 2)` to `(n, outputs, size, size)`."""
        doubled: torch.Tensor = self.doubled(functional.conv2d(x, self.weight))
        return doubled * (_HALF / math.sqrt(self.weight.shape[1]))


class Block(nn.Module):
    """All at one size: convolutions, and the image so far."""

    def __init__(self, plan: Plan, level: int) -> None:
        super().__init__()
        size, last = 4 << level, level == len(plan.channels) - 1
        outputs = plan.channels[level]
        residual = plan.structure == "resnet" and level > 0
        if not level:
            self.const = nn.Parameter(torch.empty(outputs, 4, 4))
        inputs = plan.channels[max(level - 1, 0)]
        self.conv0 = Conv(plan, inputs, outputs, size=size, doubles=True) if level else None
        self.conv1 = Conv(plan, outputs, outputs, size=size, gain=_HALF if residual else 1.0)
        self.torgb = ToRGB(plan, outputs) if last or plan.structure == "skip" else None
        self.skip = Skip(plan, inputs, outputs, size=size) if residual else None
        self.register_buffer("resample_filter", torch.empty(plan.taps))
        axis = _doubling(size // 2, plan.taps[0])
        self.doubled = Resampler(axis, axis) if level and plan.structure == "skip" else None
        measured_on_load(self, self._measure)

    def _measure(self) -> None:
        if self.doubled is not None:
            self.doubled.fit(self.get_buffer("resample_filter"))

    def features(self, x: torch.Tensor | None, w: torch.Tensor) -> torch.Tensor:
        """Maps of half the size, or None at 4 px, and w `(n, 2 or more, w)` of its layers, to maps of its own."""
        if x is None or self.conv0 is None:
            first: torch.Tensor = self.conv1(self.const.expand(len(w), -1, -1, -1), w[:, 0])
            return first
        features: torch.Tensor = self.conv1(self.conv0(x, w[:, 0]), w[:, 1])
        return features if self.skip is None else features + self.skip(x)

    def picture(self, image: torch.Tensor | None, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor | None:
        """The image so far, of half the size, and the block's maps to the image of its size; `w` is `(n, w)`."""
        if image is not None and self.doubled is not None:
            image = self.doubled(image)
        if self.torgb is None:
            return image
        own_image: torch.Tensor = self.torgb(x, w)
        return own_image if image is None else image + own_image


class Synthesis(nn.Module):
    """One w for each layer to images.

    Args:
        plan: its sizes and options.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._levels = len(plan.channels)
        self.count = 2 * self._levels
        for level in range(self._levels):
            self.add_module(f"b{4 << level}", Block(plan, level))

    def add_noise(self, mode: str, seed: int) -> None:
        """Settle the noise of every layer: `none`, `const` or `seeded`, then drawn in the order of the layers.

        Args:
            mode: `none`, `const` or `seeded`.
            seed: what seeded noise is drawn from.
        """
        source = generator(seed)
        for module in self.modules():
            if isinstance(module, Conv):
                module.add_noise(mode, source)

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """`w` `(n, count, w)` to images `(n, colours, size, size)`, nominally in [-1, 1], not clamped."""
        x: torch.Tensor | None = None
        image: torch.Tensor | None = None
        for level in range(self._levels):
            block = self.get_submodule(f"b{4 << level}")
            assert isinstance(block, Block)
            first = max(2 * level - 1, 0)
            x = block.features(x, w[:, first:])
            image = block.picture(image, x, w[:, first + 2 if level else 1])
        assert image is not None
        return image
