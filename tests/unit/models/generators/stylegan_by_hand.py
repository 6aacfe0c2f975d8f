"""StyleGAN2 and StyleGAN-XL written out step by step, one image at a time, with weights modulated as the papers say.

Slow and in float64: what the package computes another way is compared with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch.nn import functional

from wherefrom.core.tensors import generator

__all__ = ["GEOMETRIES", "Stem", "image_2", "image_xl", "state_2", "state_xl"]

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


# ---- StyleGAN2


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
    """Random weights of a small StyleGAN2 generator."""
    random, width = _Random(generator(seed), widths[-1]), widths[-1]
    usual = torch.tensor([1.0, 3, 3, 1])
    kernel = torch.outer(usual, usual) / 64 if taps is None else taps
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
            state[f"{block}.{conv}.resample_filter"] = kernel.clone()
            state |= random.noise(f"{block}.{conv}", size) if noisy else {}
        if architecture == "skip" or level == len(channels) - 1:
            state |= random.layer(f"{block}.torgb", colours, outputs, 1)
        if architecture == "resnet" and level:
            state[f"{block}.skip.weight"] = random.draw(outputs, fed, 1, 1)
            state[f"{block}.skip.resample_filter"] = kernel.clone()
    return state


@dataclass(frozen=True)
class _Random:
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


# ---- StyleGAN-XL


@dataclass(frozen=True, kw_only=True)
class Stem:
    """The keywords of a stem, small."""

    resolution: int = 16
    layers: int = 5
    critical: int = 2
    channel_base: int = 64
    channel_max: int = 8
    kernel: int = 3
    radial: bool = False
    margin: int = 10
    first_cutoff: float = 2.0
    first_stopband: float = 2**2.1
    last_stopband: float = 2**0.3
    classes: int = 4
    colours: int = 3
    clamp: float = 256.0
    w_width: int = 9
    extra: Mapping[str, Any] = field(default_factory=dict)


GEOMETRIES: Final = {
    "conditional": Stem(),
    "unconditional 1 x 1 radial": Stem(classes=0, kernel=1, radial=True),
    "larger, clamped": Stem(resolution=32, layers=7, clamp=0.7),
    "grey": Stem(colours=1),
}


@dataclass(frozen=True, kw_only=True)
class Level:
    """One layer by the formulas of the geometry."""

    name: str
    outputs: int
    size: int
    kernel: int
    up: int
    down: int
    padding: tuple[int, int, int, int]
    up_taps: int
    down_taps: int
    last: bool
    critical: bool


def levels(stem: Stem) -> list[Level]:
    """The layers of a stem out of its keywords."""
    half, count = stem.resolution / 2, stem.layers
    shares = [min(i / (count - stem.critical), 1) for i in range(count + 1)]
    cutoffs = [stem.first_cutoff * (half / stem.first_cutoff) ** share for share in shares]
    stops = [stem.first_stopband * (half * stem.last_stopband / stem.first_stopband) ** share for share in shares]
    rates = [2 ** math.ceil(math.log2(min(2 * stop, stem.resolution))) for stop in stops]
    sizes = [rate + 2 * stem.margin for rate in rates[:-2]] + [stem.resolution] * 2
    channels = [round(min(stem.channel_base / 2 / cutoff, stem.channel_max)) for cutoff in cutoffs]
    channels[-1] = stem.colours
    found = []
    for i in range(count + 1):
        prev, last = max(i - 1, 0), i == count
        middle = max(rates[prev], rates[i]) * (1 if last else 2)
        up, down, kernel = middle // rates[prev], middle // rates[i], 1 if last else stem.kernel
        up_taps = 6 * up if up > 1 and not last else 1
        down_taps = 6 * down if down > 1 and not last else 1
        total = (sizes[i] - 1) * down + 1 - (sizes[prev] + kernel - 1) * up + up_taps + down_taps - 2
        left = (total + up) // 2
        padding = (left, total - left, left, total - left)
        found.append(
            Level(
                name=f"L{i}_{sizes[i]}_{channels[i]}",
                outputs=channels[i],
                size=sizes[i],
                kernel=kernel,
                up=up,
                down=down,
                padding=padding,
                up_taps=up_taps,
                down_taps=down_taps,
                last=last,
                critical=i >= count - stem.critical,
            )
        )
    return found


def state_xl(stem: Stem, *, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights of a stem; filters are random too, so that one that is turned round shows."""
    w, source = stem.w_width, generator(seed)
    random = _Random(source, w)

    def taps(count: int, *, radial: bool = False) -> torch.Tensor:
        found = torch.rand((count, count) if radial else (count,), generator=source)
        return found / found.sum()

    state = {"mapping.embed.weight": random.draw(12, 6)}
    if stem.classes:
        state |= {"mapping.embed_proj.weight": random.draw(5, 6), "mapping.embed_proj.bias": random.draw(5)}
    state |= random.mapped("mapping.fc0", 10 if stem.classes else 5, w) | random.mapped("mapping.fc1", w, w)
    state["mapping.w_avg"] = random.draw(stem.classes, w) if stem.classes else random.draw(w)
    inputs = round(min(stem.channel_base / 2 / stem.first_cutoff, stem.channel_max))
    turn = [[math.cos(0.3), -math.sin(0.3), 0.1], [math.sin(0.3), math.cos(0.3), 0.2], [0, 0, 1]]
    state |= {
        "synthesis.input.weight": random.draw(inputs, inputs),
        "synthesis.input.affine.weight": 0.3 * random.draw(4, w),
        "synthesis.input.affine.bias": torch.tensor([1.0, 0, 0, 0]),
        "synthesis.input.transform": torch.tensor(turn),
        "synthesis.input.freqs": 2 * random.draw(inputs, 2),
        "synthesis.input.phases": random.draw(inputs),
    }
    for level in levels(stem):
        key = f"synthesis.{level.name}"
        state |= random.layer(key, level.outputs, inputs, level.kernel)
        state[f"{key}.magnitude_ema"] = torch.rand((), generator=source) + 0.5
        if level.up_taps > 1:
            state[f"{key}.up_filter"] = taps(level.up_taps)
        if level.down_taps > 1:
            state[f"{key}.down_filter"] = taps(level.down_taps, radial=stem.radial and not level.critical)
        inputs = level.outputs
    return state


def image_xl(
    state: Mapping[str, torch.Tensor],
    stem: Stem,
    z: torch.Tensor,
    *,
    label: int = 0,
    psi: float = 1,
    cutoff: int | None = None,
) -> torch.Tensor:
    """The image `(colours, R, R)` of one z, nominally in [-1, 1]."""
    state, geometry = whole(state), levels(stem)
    x = unit(z.double())
    act, gain = ACTS["lrelu"]
    if stem.classes:
        row = state["mapping.embed.weight"][label]
        x = torch.cat([x, unit(act(linear(row, below(state, "mapping.embed_proj"))) * gain)])
    for layer in ("fc0", "fc1"):
        x = act(linear(x, below(state, f"mapping.{layer}"), 0.01)) * gain
    mean = state["mapping.w_avg"]
    ws = truncated(x, mean[label] if mean.ndim == 2 else mean, len(geometry) + 1, psi, cutoff)
    rate = 2 ** math.ceil(math.log2(min(2 * stem.first_stopband, stem.resolution)))
    maps = _waves(below(state, "synthesis.input"), ws[0], rate + 2 * stem.margin, rate, stem.first_cutoff)
    for level, w in zip(geometry, ws[1:], strict=True):
        maps = _layer_xl(below(state, f"synthesis.{level.name}"), level, maps, w, stem.clamp)
    return maps * 0.25


def _waves(layer: dict[str, torch.Tensor], w: torch.Tensor, size: int, rate: float, band: float) -> torch.Tensor:
    t = linear(w, below(layer, "affine"))
    t = t / t[:2].norm()
    turn = torch.tensor([[t[0], -t[1], 0], [t[1], t[0], 0], [0, 0, 1]]).double()
    shift = torch.tensor([[1, 0, -t[2]], [0, 1, -t[3]], [0, 0, 1]]).double()
    moved = turn @ shift @ layer["transform"]
    phases = layer["phases"] + layer["freqs"] @ moved[:2, 2]
    freqs = layer["freqs"] @ moved[:2, :2]
    height = (1 - (freqs.norm(dim=1) - band) / (rate / 2 - band)).clamp(0, 1)
    steps = ((torch.arange(size).double() + 0.5) / size - 0.5) * size / rate
    across, down = torch.meshgrid(steps, steps, indexing="xy")
    angle = freqs[:, 0, None, None] * across + freqs[:, 1, None, None] * down + phases[:, None, None]
    maps = torch.sin(2 * math.pi * angle) * height[:, None, None]
    return torch.einsum("oc,chw->ohw", layer["weight"] / math.sqrt(len(freqs)), maps)


def _layer_xl(
    layer: dict[str, torch.Tensor], level: Level, x: torch.Tensor, w: torch.Tensor, bound: float
) -> torch.Tensor:
    style, weight = linear(w, below(layer, "affine")), layer["weight"]
    if level.last:
        weight = modulated(weight, style / math.sqrt(weight[0].numel()), demodulate=False)
    else:
        weight = weight / weight.square().mean((1, 2, 3), keepdim=True).sqrt()
        weight = modulated(weight, style / style.square().mean().sqrt())
    weight = weight / layer["magnitude_ema"].sqrt()
    x = functional.conv2d(x[None], weight, layer["bias"], padding=level.kernel - 1)[0]
    one = torch.ones(1, dtype=torch.float64)
    x = filtered(x, layer.get("up_filter", one), level.padding, up=level.up, gain=level.up**2)
    x = x if level.last else ACTS["lrelu"][0](x) * ROOT
    return filtered(x.clamp(-bound, bound), layer.get("down_filter", one), (0, 0, 0, 0), down=level.down)
