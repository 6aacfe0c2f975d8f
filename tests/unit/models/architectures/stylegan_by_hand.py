"""StyleGAN2 written out step by step, one image at a time, with weights modulated as the papers say.

Slow and in float64: what the package computes another way is compared with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch.nn import functional

from wherefrom.core.tensors import generator

__all__ = [
    "ACTS",
    "ROOT",
    "RandomWeights",
    "below",
    "filtered",
    "image_2",
    "linear",
    "modulated",
    "state_2",
    "truncated",
    "unit",
    "whole",
]

ROOT: Final = math.sqrt(2)
ACTS: Final[dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], float]]] = {
    "linear": (lambda x: x, 1),
    "relu": (lambda x: x.clamp(min=0), ROOT),
    "lrelu": (lambda x: torch.where(x > 0, x, 0.2 * x), ROOT),
    "tanh": (torch.tanh, 1),
    "sigmoid": (lambda x: 1 / (1 + torch.exp(-x)), 1),
    "elu": (lambda x: torch.where(x > 0, x, torch.exp(x) - 1), 1),
    "selu": (functional.selu, 1),
    "softplus": (lambda x: torch.log(1 + torch.exp(x)), 1),
    "swish": (lambda x: x / (1 + torch.exp(-x)), ROOT),
}


def linear(x: torch.Tensor, layer: Mapping[str, torch.Tensor], rate: float = 1) -> torch.Tensor:
    """One row through a layer with an equalised rate."""
    weight = layer["weight"] * (rate / math.sqrt(layer["weight"].shape[1]))
    return weight @ x + layer["bias"] * rate


def unit(x: torch.Tensor) -> torch.Tensor:
    return x / (x.square().mean() + 1e-8).sqrt()


def below(state: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix + "."): value for key, value in state.items() if key.startswith(prefix + ".")}


def whole(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: value.double() for key, value in state.items()}


def filtered(
    x: torch.Tensor, taps: torch.Tensor, pads: tuple[int, int, int, int], *, up: int = 1, down: int = 1, gain: float = 1
) -> torch.Tensor:
    """Zeros put in, padding or cropping, a true convolution, every `down`-th value; maps `(c, h, w)`."""
    channels, height, width = x.shape
    spread = x.new_zeros((channels, height * up, width * up))
    spread[:, ::up, ::up] = x
    padded = functional.pad(spread[None], pads)
    kernel = torch.outer(taps, taps) if taps.ndim == 1 else taps
    flipped = kernel.flip((0, 1))[None, None].repeat(channels, 1, 1, 1)
    return functional.conv2d(padded, flipped, groups=channels)[0, :, ::down, ::down] * gain


def modulated(weight: torch.Tensor, style: torch.Tensor, *, demodulate: bool = True) -> torch.Tensor:
    weight = weight * style[None, :, None, None]
    return weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt() if demodulate else weight


def truncated(w: torch.Tensor, mean: torch.Tensor, count: int, psi: float, cutoff: int | None) -> torch.Tensor:
    ws = w.repeat(count, 1)
    cut = count if cutoff is None else cutoff
    ws[:cut] = mean + psi * (ws[:cut] - mean)
    return ws


def image_2(
    state: Mapping[str, torch.Tensor],
    config: Mapping[str, Any],
    z: torch.Tensor,
    *,
    label: int | None = None,
    noise: str = "const",
    psi: float = 1,
    cutoff: int | None = None,
) -> torch.Tensor:
    """The image `(colours, R, R)` of one z, nominally in [-1, 1]."""
    state, z = whole(state), z.double()
    sizes = sorted(int(key.split(".")[1][1:]) for key in state if key.endswith("conv1.weight"))
    synthesis = below(state, "synthesis")
    w = _mapped_2(below(state, "mapping"), config, z, label)
    ws = truncated(w, state["mapping.w_avg"], 2 * len(sizes), psi, cutoff)
    x, image, used = synthesis["b4.const"], None, 0
    for size in sizes:
        block = below(synthesis, f"b{size}")
        x, used = _features_2(block, x, ws, used, size, config, noise)
        if image is not None and "torgb.weight" in block and config["architecture"] == "skip":
            image = _doubled(image, block["resample_filter"])
        if "torgb.weight" in block:
            own = _coloured(below(block, "torgb"), x, ws[used], config["conv_clamp"])
            image = own if image is None else image + own
    assert image is not None
    return image


def _mapped_2(
    mapping: Mapping[str, torch.Tensor], config: Mapping[str, Any], z: torch.Tensor, label: int | None
) -> torch.Tensor:
    x = unit(z)
    if "embed.weight" in mapping:
        one_hot = torch.zeros(mapping["embed.weight"].shape[1], dtype=torch.float64)
        if label is not None:
            one_hot[label] = 1
        x = torch.cat([x, unit(linear(one_hot, below(mapping, "embed")))])
    act, gain = ACTS[config["mapping_activation"]]
    number = 0
    while f"fc{number}.weight" in mapping:
        x = act(linear(x, below(mapping, f"fc{number}"), config["lr_multiplier"])) * gain
        number += 1
    return x


def _features_2(
    block: dict[str, torch.Tensor],
    x: torch.Tensor,
    ws: torch.Tensor,
    used: int,
    size: int,
    config: Mapping[str, Any],
    noise: str,
) -> tuple[torch.Tensor, int]:
    if size == 4:
        return _conv_2(below(block, "conv1"), x, ws[0], config, noise), 1
    y = _conv_2(below(block, "conv0"), x, ws[used], config, noise, doubles=True)
    if "skip.weight" not in block:
        return _conv_2(below(block, "conv1"), y, ws[used + 1], config, noise), used + 2
    y = _conv_2(below(block, "conv1"), y, ws[used + 1], config, noise, extra=math.sqrt(0.5))
    around = functional.conv2d(x[None], block["skip.weight"] / math.sqrt(len(x)))[0]
    return _doubled(around, block["skip.resample_filter"]) * math.sqrt(0.5) + y, used + 2


def _conv_2(
    layer: dict[str, torch.Tensor],
    x: torch.Tensor,
    w: torch.Tensor,
    config: Mapping[str, Any],
    noise: str,
    *,
    doubles: bool = False,
    extra: float = 1,
) -> torch.Tensor:
    weight = modulated(layer["weight"], linear(w, below(layer, "affine")))
    if doubles:
        spread = x.new_zeros((len(x), 2 * x.shape[1], 2 * x.shape[2]))
        spread[:, ::2, ::2] = x
        x = functional.conv2d(spread[None], weight.flip((2, 3)), padding=2)[0, :, :-1, :-1]
        n = len(layer["resample_filter"])
        before, after = (n + 1) // 2 - 1, (n - 2) // 2
        x = filtered(x, layer["resample_filter"], (before, after, before, after), gain=4)
    else:
        x = functional.conv2d(x[None], weight, padding=1)[0]
    if noise == "const" and "noise_const" in layer:
        x = x + layer["noise_const"] * layer["noise_strength"]
    act, gain = ACTS[config["activation"]]
    x = act(x + layer["bias"][:, None, None]) * (gain * extra)
    bound = config["conv_clamp"]
    return x if bound is None else x.clamp(-bound * extra, bound * extra)


def _coloured(layer: dict[str, torch.Tensor], x: torch.Tensor, w: torch.Tensor, bound: float | None) -> torch.Tensor:
    style = linear(w, below(layer, "affine")) / math.sqrt(len(x))
    image = functional.conv2d(x[None], modulated(layer["weight"], style, demodulate=False), layer["bias"])[0]
    return image if bound is None else image.clamp(-bound, bound)


def _doubled(image: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    n = len(taps)
    return filtered(image, taps, ((n + 1) // 2, (n - 2) // 2) * 2, up=2, gain=4)


def state_2(
    *,
    channels: tuple[int, ...] = (8, 8, 6),
    classes: int = 0,
    architecture: str = "skip",
    taps: torch.Tensor | None = None,
    widths: tuple[int, ...] = (10, 10),
    embedded: int = 10,
    colours: int = 3,
    noisy: bool = True,
    seed: int = 0,
) -> dict[str, torch.Tensor]:
    """Random weights of a small StyleGAN2 generator.

    As in the published program, `taps` go to what doubles maps; `conv1`, which does not, holds the usual filter unused.
    """
    random, width = RandomWeights(generator(seed), widths[-1]), widths[-1]
    usual = torch.tensor([1.0, 3, 3, 1])
    unused = torch.outer(usual, usual) / 64
    kernel = unused if taps is None else taps
    inputs = (7 + (embedded if classes else 0), *widths[:-1])
    state = {"mapping.w_avg": random.draw(width)}
    if classes:
        state |= {"mapping.embed.weight": random.draw(embedded, classes), "mapping.embed.bias": random.draw(embedded)}
    for number, (before, after) in enumerate(zip(inputs, widths, strict=True)):
        state |= random.mapped(f"mapping.fc{number}", before, after)
    for level, outputs in enumerate(channels):
        block, size, fed = f"synthesis.b{4 << level}", 4 << level, channels[max(level - 1, 0)]
        state[f"{block}.resample_filter"] = kernel.clone()
        if not level:
            state[f"{block}.const"] = random.draw(outputs, 4, 4)
        for conv, held in (("conv0", fed), ("conv1", outputs))[0 if level else 1 :]:
            state |= random.layer(f"{block}.{conv}", outputs, held, 3)
            state[f"{block}.{conv}.resample_filter"] = (kernel if conv == "conv0" else unused).clone()
            state |= random.noise(f"{block}.{conv}", size) if noisy else {}
        if architecture == "skip" or level == len(channels) - 1:
            state |= random.layer(f"{block}.torgb", colours, outputs, 1)
        if architecture == "resnet" and level:
            state[f"{block}.skip.weight"] = random.draw(outputs, fed, 1, 1)
            state[f"{block}.skip.resample_filter"] = kernel.clone()
    return state


@dataclass(frozen=True)
class RandomWeights:
    """Random weights, of layers that are modulated by a w of that width."""

    source: torch.Generator
    width: int

    def draw(self, *shape: int, around: float = 0.0) -> torch.Tensor:
        return torch.randn(shape, generator=self.source) + around

    def mapped(self, name: str, inputs: int, outputs: int) -> dict[str, torch.Tensor]:
        """A layer of a mapping network, whose rate is a hundredth."""
        return {f"{name}.weight": 100 * self.draw(outputs, inputs), f"{name}.bias": 10 * self.draw(outputs)}

    def layer(self, name: str, outputs: int, inputs: int, kernel: int) -> dict[str, torch.Tensor]:
        return {
            f"{name}.weight": self.draw(outputs, inputs, kernel, kernel),
            f"{name}.bias": 0.3 * self.draw(outputs),
            f"{name}.affine.weight": self.draw(inputs, self.width),
            f"{name}.affine.bias": self.draw(inputs, around=1),
        }

    def noise(self, name: str, size: int) -> dict[str, torch.Tensor]:
        return {f"{name}.noise_const": self.draw(size, size), f"{name}.noise_strength": self.draw() * 0.5}
