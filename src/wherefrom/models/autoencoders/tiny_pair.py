"""Autoencoders for previews that come as two files, `NAME_encoder` and `NAME_decoder`, of numbered layers.

Three plans are known, by the layers that hold weights: of factor 8 (TAESD, TAESD3, TAEF1; TAEF2 with a pool before the
blocks of its lowest resolution), 32 (TAESANA) and 16 (TAEQI2_1, with a plane of opacity). Widths are read from the
weights. The plans are facts of https://github.com/madebyollin/taesd (MIT).

                 conv ── block ── 3 x (halve ── 3 blocks) ── conv                      encoder of factor 8
    clamp ── conv ── relu ── 3 x (3 blocks ── double) ── block ── conv                 decoder of factor 8
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import nn

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.base import Shapes
from wherefrom.models.checkpoints.build import side

__all__ = ["TinyPair", "kind_of_pair"]

_BLOCKS: Final = ("block",) * 3
_HALVE: Final = ("halve", *_BLOCKS)
_DOUBLE: Final = (*_BLOCKS, "double", "conv")
_START: Final = ("clamp", "conv", "relu")
_ENCODERS: Final[Mapping[int, tuple[str, ...]]] = {
    8: ("conv", "block", *_HALVE * 3, "conv"),
    16: ("unshuffle", "conv", "relu", "block", *_HALVE * 3, "conv"),
    32: ("halve", "relu", "halve", "relu", "block", *_HALVE * 3, "conv"),
}
_DECODERS: Final[Mapping[int, tuple[str, ...]]] = {
    8: (*_START, *_DOUBLE * 3, "block", "conv"),
    16: (*_START, *_DOUBLE * 3, "block", "conv", "shuffle"),
    32: (*_START, *_DOUBLE * 5, "block", "conv"),
}
_HALVES: Final = {"encoder": _ENCODERS, "decoder": _DECODERS}
_WEIGHED: Final = ("conv", "halve", "block")
_GROUPS: Final = 4
_PLANES: Final = 4


def kind_of_pair(shapes: Shapes) -> str:
    """The kind of a pair, by the numbers of the layers that hold weights: `AutoencoderTiny` or one of our own.

    Args:
        shapes: of the tensors, named `encoder.NUMBER...` and `decoder.NUMBER...`; one half may be absent.

    Raises:
        ModelError: when the layers are those of no plan that is known, or the halves are of two.
    """
    factors = {_factor(shapes, half) for half in _HALVES if _numbers(shapes, half)}
    if len(factors) != 1:
        raise ModelError(f"these are halves of two kinds of tiny autoencoder, of factors {sorted(factors)}")
    factor = factors.pop()
    if factor == 8:
        return "TAEF2" if any(".pool." in name for name in shapes) else "AutoencoderTiny"
    return {16: "TAEQI2_1", 32: "TAESANA"}[factor]


def _numbers(shapes: Shapes, half: str) -> set[int]:
    """Numbers of a half's layers that hold weights."""
    heads = {name.split(".")[1] for name in shapes if name.startswith(f"{half}.")}
    return {int(head) for head in heads if head.isdecimal()}


def _factor(shapes: Shapes, half: str) -> int:
    """The factor of a half."""
    numbers = _numbers(shapes, half)
    layers = {factor: _weighed(plan) for factor, plan in _HALVES[half].items()}
    fitting = [factor for factor, expected in layers.items() if expected == numbers]
    if not fitting:
        raise ModelError(
            f"the numbers of its layers, {', '.join(map(str, sorted(numbers)[:8]))} ..., are those of no tiny {half}"
            f" that is known: need TAESD, TAESD3, TAEF1, TAEF2, TAESANA or TAEQI2_1"
        )
    if len(fitting) == 1:
        return fitting[0]
    squares = side(shapes, f"{half}.{max(numbers)}.weight", 0) > _PLANES  # the four pixels of a square as planes
    return 16 if squares else 8


def _weighed(plan: tuple[str, ...]) -> set[int]:
    """Numbers of the layers of a plan that hold weights."""
    return {number for number, layer in enumerate(plan) if layer in _WEIGHED}


class _Block(nn.Module):
    """Three convolutions beside a shortcut; at the lowest resolution of TAEF2 a pool over the image is added before."""

    def __init__(self, shapes: Shapes, name: str) -> None:
        super().__init__()
        out, into = side(shapes, f"{name}.conv.0.weight", 0), side(shapes, f"{name}.conv.0.weight", 1)
        self.conv = nn.Sequential(
            nn.Conv2d(into, out, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(out, out, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(out, out, 3, padding=1),
        )
        self.skip = nn.Conv2d(into, out, 1, bias=False) if f"{name}.skip.weight" in shapes else nn.Identity()
        self.pool = None
        if f"{name}.pool.0.weight" in shapes:
            wide = side(shapes, f"{name}.pool.0.weight", 0)
            inward, outward = nn.Conv2d(into, wide, 1, bias=False), nn.Conv2d(wide, into, 1, bias=False)
            self.pool = nn.Sequential(inward, nn.GroupNorm(_GROUPS, wide), nn.ReLU(), outward)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        if self.pool is not None:
            features = features + self.pool(features)
        return torch.relu(self.conv(features) + self.skip(features))


class _Clamp(nn.Module):
    """A soft limit of latents at 3."""

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.tanh(latents / 3) * 3


def _layer(layer: str, shapes: Shapes, name: str) -> nn.Module:
    """A layer of a plan, its widths those of the weights of that name."""
    if layer == "block":
        return _Block(shapes, name)
    if layer in ("conv", "halve"):
        out, into = side(shapes, f"{name}.weight", 0), side(shapes, f"{name}.weight", 1)
        stride = 2 if layer == "halve" else 1
        return nn.Conv2d(into, out, 3, padding=1, stride=stride, bias=f"{name}.bias" in shapes)
    plain: dict[str, nn.Module] = {
        "clamp": _Clamp(),
        "relu": nn.ReLU(),
        "double": nn.Upsample(scale_factor=2),
        "shuffle": nn.PixelShuffle(2),
        "unshuffle": nn.PixelUnshuffle(2),
    }
    return plain[layer]


class TinyPair(nn.Module):
    """A pair for previews: images in [0, 1] to latents and back; `encoder` is None where its file is absent."""

    def __init__(self, shapes: Shapes) -> None:
        """Build both halves without values.

        Args:
            shapes: of the weights, named `encoder.NUMBER...` and `decoder.NUMBER...`.

        Raises:
            ModelError: when they are those of no plan that is known.
        """
        super().__init__()
        for half in _HALVES:
            self.register_module(half, self._half(half, shapes))
        self.spatial_compression_ratio = _factor(shapes, "decoder")

    def _half(self, half: str, shapes: Shapes) -> nn.Sequential | None:
        """One half, or None where there is nothing of it."""
        if not _numbers(shapes, half):
            return None
        plan = _HALVES[half][_factor(shapes, half)]
        return nn.Sequential(*(_layer(layer, shapes, f"{half}.{number}") for number, layer in enumerate(plan)))

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Images to latents."""
        latents: torch.Tensor = self.get_submodule("encoder")(images)
        return latents

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents to images."""
        images: torch.Tensor = self.get_submodule("decoder")(latents)
        return images
