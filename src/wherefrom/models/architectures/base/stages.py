"""What the generators of StackGAN-v2, AttnGAN and ControlGAN have in common: stages that double the size of an image.

    sentence ─ Conditioning ─ c;    c, noise ─ First ─ 64 px ─ (stage) ─ 128 px ─ (stage) ─ 256 px;   each ─ Picture

arXiv:1710.10916, section 4 and the supplement's table of layers. Names are those of the published files.
"""

from __future__ import annotations

import re
from typing import Final

import torch
from torch import nn

from wherefrom.core.errors import UsageError
from wherefrom.models.architectures.base import Config, Shapes
from wherefrom.models.architectures.base.options import whole

__all__ = [
    "SIGNS",
    "SMALLEST",
    "Conditioning",
    "FirstStage",
    "ToImage",
    "blocks_in",
    "gated_convolution",
    "residual_blocks",
    "scale_of",
    "stages_in",
    "upsampling",
]

SIGNS: Final = ("h_net1.fc.0.weight", "img_net1.img.0.weight")
"""Tensors by which weights are known."""
SMALLEST: Final = 64
"""Pixels a side of the first stage's image."""
_GRID: Final = 4
_SHRINKING: Final = 16


def stages_in(shapes: Shapes) -> int:
    """How many stages the weights have."""
    return len({match[1] for name in shapes if (match := re.match(r"h_net(\d+)\.", name))})


def blocks_in(shapes: Shapes, stage: int) -> int:
    """How many residual blocks a stage has.

    Args:
        shapes: of the weights by name.
        stage: its number, from 1.
    """
    return len({match[1] for name in shapes if (match := re.match(rf"h_net{stage}\.residual\.(\d+)\.", name))})


def scale_of(config: Config, stages: int) -> int:
    """The stage whose image is wanted, from 1: the option `scale` is its side in pixels, by default the largest.

    Args:
        config: where the option stands.
        stages: how many the weights have.

    Raises:
        UsageError: when no stage makes that size.
    """
    sides = [SMALLEST << stage for stage in range(stages)]
    wanted = whole(config, "scale")
    if wanted is None:
        return stages
    if wanted not in sides:
        raise UsageError(f"scale={wanted}, need one of {', '.join(map(str, sides))}, the sides of its stages' images")
    return sides.index(wanted) + 1


def upsampling(in_channels: int, out_channels: int) -> nn.Sequential:
    """Double the size: repeated pixels, convolution, norm, gate.

    Args:
        in_channels: channels that come in.
        out_channels: channels that go out.
    """
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), *gated_convolution(in_channels, out_channels))


def gated_convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    """Convolution, norm, gate.

    Args:
        in_channels: channels that come in.
        out_channels: channels that go out.
    """
    return nn.Sequential(_convolution(in_channels, 2 * out_channels), nn.BatchNorm2d(2 * out_channels), nn.GLU(dim=1))


def residual_blocks(width: int, count: int) -> nn.Sequential:
    """Residual blocks.

    Args:
        width: channels.
        count: how many blocks.
    """
    return nn.Sequential(*(_Residual(width) for _ in range(count)))


def _convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


class _Residual(nn.Module):
    """Two convolutions beside a skip, nothing after the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(*gated_convolution(width, width), _convolution(width, width), nn.BatchNorm2d(width))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        residual: torch.Tensor = self.block(features)
        return features + residual


class Conditioning(nn.Module):
    """Conditioning augmentation (arXiv:1612.03242, section 3.2): a sentence to the mean and log-variance of c."""

    def __init__(self, sentence: int, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(sentence, 4 * width)
        self.gate = nn.GLU(dim=1)

    def forward(self, sentences: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`(n, sentence)` to mean and log-variance, `(n, width)` each."""
        mean, variance = self.gate(self.fc(sentences)).chunk(2, dim=1)
        return mean, variance


class FirstStage(nn.Module):
    """The first stage: a vector to features at 64 px."""

    def __init__(self, in_width: int, out_channels: int) -> None:
        super().__init__()
        self.width = width = _SHRINKING * out_channels
        features = width * _GRID * _GRID
        self.fc = nn.Sequential(
            nn.Linear(in_width, 2 * features, bias=False), nn.BatchNorm1d(2 * features), nn.GLU(dim=1)
        )
        self.upsample1 = upsampling(width, width // 2)
        self.upsample2 = upsampling(width // 2, width // 4)
        self.upsample3 = upsampling(width // 4, width // 8)
        self.upsample4 = upsampling(width // 8, out_channels)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """`(n, given)` to `(n, made, 64, 64)`."""
        features: torch.Tensor = self.fc(vectors).reshape(-1, self.width, _GRID, _GRID)
        for step in range(1, 5):
            features = self.get_submodule(f"upsample{step}")(features)
        return features


class ToImage(nn.Module):
    """Features to an image in [-1, 1]."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.img = nn.Sequential(_convolution(in_channels, 3), nn.Tanh())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """`(n, given, h, w)` to `(n, 3, h, w)`."""
        image: torch.Tensor = self.img(features)
        return image
