"""The two halves of Open-MAGVIT2 (arXiv:2409.04410), under the names of its published weights; sizes are theirs.

    image ── conv ── levels of (blocks ── halve) ── blocks ── norm ── swish ── conv ── features
    codes ── conv ── blocks ── levels of (norm told by the codes ── blocks ── double) ── norm ── swish ── conv ── image

Widths and numbers of levels and blocks are read from the weights. The norm at the start of each of the decoder's levels
takes its scale and shift from the spread and the mean of each feature over the whole image's codes.
"""

from __future__ import annotations

import re
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from wherefrom.models.checkpoints.base import Shapes
from wherefrom.models.checkpoints.build import side

__all__ = ["Decoder", "Encoder"]

_GROUPS: Final = 32
_EPSILON: Final = 1e-6


class _Layers:
    """Layers made to the sizes of the weights below one name."""

    def __init__(self, shapes: Shapes, half: str) -> None:
        self._shapes, self._half = shapes, half

    def count(self, pattern: str) -> int:
        """How many different numbers stand at a pattern's group."""
        full = re.compile(rf"{self._half}\.{pattern}")
        return len({match[1] for name in self._shapes if (match := full.match(name))})

    def convolution(self, name: str, *, stride: int = 1) -> nn.Conv2d:
        """A convolution that keeps the size, or halves it."""
        into, out, kernel = (side(self._shapes, f"{self._half}.{name}.weight", axis) for axis in (1, 0, -1))
        biased = f"{self._half}.{name}.bias" in self._shapes
        return nn.Conv2d(into, out, kernel, stride=stride, padding=kernel // 2, bias=biased)

    def norm(self, name: str) -> nn.GroupNorm:
        """A norm of groups with weights."""
        return nn.GroupNorm(_GROUPS, side(self._shapes, f"{self._half}.{name}.weight", 0), eps=_EPSILON)

    def blocks(self, name: str) -> nn.ModuleList:
        """The residual blocks that stand under a name, by number."""
        pattern = rf"{re.escape(name)}\.(\d+)\."
        return nn.ModuleList(_Block(self, f"{name}.{number}") for number in range(self.count(pattern)))

    def told_norm(self, name: str) -> _ToldNorm:
        """A norm that codes tell."""
        width, codes = (side(self._shapes, f"{self._half}.{name}.gamma.weight", axis) for axis in (0, 1))
        return _ToldNorm(codes, width)

    def widens(self, name: str) -> bool:
        """Whether a block's shortcut has weights."""
        return f"{self._half}.{name}.nin_shortcut.weight" in self._shapes


class _Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, layers: _Layers, name: str) -> None:
        super().__init__()
        self.norm1, self.conv1 = layers.norm(f"{name}.norm1"), layers.convolution(f"{name}.conv1")
        self.norm2, self.conv2 = layers.norm(f"{name}.norm2"), layers.convolution(f"{name}.conv2")
        self.nin_shortcut = layers.convolution(f"{name}.nin_shortcut") if layers.widens(name) else nn.Identity()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        inner = self.conv1(functional.silu(self.norm1(features)))
        inner = self.conv2(functional.silu(self.norm2(inner)))
        summed: torch.Tensor = inner + self.nin_shortcut(features)
        return summed


class _ToldNorm(nn.Module):
    """A norm whose scale and shift are linear in the standard deviation and the mean of each feature of the codes."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.gn = nn.GroupNorm(_GROUPS, width, eps=_EPSILON, affine=False)
        self.gamma, self.beta = nn.Linear(codes, width), nn.Linear(codes, width)

    def forward(self, features: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        cells = codes.flatten(2)
        scale = self.gamma((cells.var(2) + _EPSILON).sqrt())
        shifted: torch.Tensor = scale[..., None, None] * self.gn(features) + self.beta(cells.mean(2))[..., None, None]
        return shifted


class _Level(nn.Module):
    """The blocks of one resolution, and the step to the next where there is one."""

    def __init__(self, layers: _Layers, name: str, *, step: nn.Module | None) -> None:
        super().__init__()
        self.block = layers.blocks(f"{name}.block")
        if step is not None:
            self.add_module("downsample" if name.startswith("down.") else "upsample", step)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        for part in (*self.block, *(module for name, module in self.named_children() if name != "block")):
            features = part(features)
        return features


class _Double(nn.Module):
    """Twice the size: each pixel's features become the four pixels of a square, the square's place slowest."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.conv1 = convolution

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        wide: torch.Tensor = self.conv1(features)
        doubled: torch.Tensor = functional.pixel_shuffle(wide.unflatten(1, (4, -1)).transpose(1, 2).flatten(1, 2), 2)
        return doubled


class Encoder(nn.Module):
    """Images `(n, 3, h, w)` in [-1, 1] to features `(n, d, h / f, w / f)`."""

    def __init__(self, shapes: Shapes) -> None:
        """Lay out the half, without values.

        Args:
            shapes: of the weights, named `encoder....`.

        Raises:
            ModelError: when one is missing that the layout needs.
        """
        super().__init__()
        layers = _Layers(shapes, "encoder")
        last = layers.count(r"down\.(\d+)\.") - 1
        self.conv_in = layers.convolution("conv_in")
        steps = [layers.convolution(f"down.{level}.downsample", stride=2) for level in range(last)]
        self.down = nn.ModuleList(
            _Level(layers, f"down.{level}", step=step) for level, step in enumerate([*steps, None])
        )
        self.mid_block = layers.blocks("mid_block")
        self.norm_out, self.conv_out = layers.norm("norm_out"), layers.convolution("conv_out")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images to features."""
        features = self.conv_in(images)
        for part in (*self.down, *self.mid_block):
            features = part(features)
        out: torch.Tensor = self.conv_out(functional.silu(self.norm_out(features)))
        return out


class Decoder(nn.Module):
    """Codes `(n, d, h, w)`, each feature 1 or -1, to images `(n, 3, f h, f w)`, nominally in [-1, 1], not clamped."""

    def __init__(self, shapes: Shapes) -> None:
        """Lay out the half, without values.

        Args:
            shapes: of the weights, named `decoder....`.

        Raises:
            ModelError: when one is missing that the layout needs.
        """
        super().__init__()
        layers = _Layers(shapes, "decoder")
        levels = layers.count(r"up\.(\d+)\.")
        self.conv_in = layers.convolution("conv_in")
        self.mid_block = layers.blocks("mid_block")
        steps = [_Double(layers.convolution(f"up.{level}.upsample.conv1")) for level in range(1, levels)]
        self.up = nn.ModuleList(_Level(layers, f"up.{level}", step=step) for level, step in enumerate([None, *steps]))
        self.adaptive = nn.ModuleList(layers.told_norm(f"adaptive.{level}") for level in range(levels))
        self.norm_out, self.conv_out = layers.norm("norm_out"), layers.convolution("conv_out")

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes to images."""
        features = self.conv_in(codes)
        for block in self.mid_block:
            features = block(features)
        for norm, level in zip(reversed(self.adaptive), reversed(self.up), strict=True):
            features = level(norm(features, codes))
        out: torch.Tensor = self.conv_out(functional.silu(self.norm_out(features)))
        return out
