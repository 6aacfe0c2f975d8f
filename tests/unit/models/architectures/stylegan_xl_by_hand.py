"""StyleGAN-XL written out step by step, one image at a time, its geometry by the formulas of its keywords."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional

from tests.unit.models.architectures.stylegan_by_hand import (
    ACTS,
    ROOT,
    RandomWeights,
    below,
    filtered,
    linear,
    modulated,
    truncated,
    unit,
    whole,
)
from wherefrom.core.tensors import generator

__all__ = ["GEOMETRIES", "Stem", "image_xl", "levels", "state_xl"]


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
    random = RandomWeights(source, w)

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
