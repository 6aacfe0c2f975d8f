"""The two networks of Real-ESRGAN, under the names that their authors give the weights.

RRDBNet is the generator of ESRGAN (arXiv:1809.00219, section 3.1): residual blocks in residual blocks, of densely
connected convolutions. Real-ESRGAN (arXiv:2107.10833, section 3.3) folds pixels into channels before it where it
enlarges by less than four. SRVGGNetCompact is the plain stack of convolutions of Real-ESRGAN's later, small models.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn
from torch.nn import functional

__all__ = ["RRDBNet", "SRVGGNetCompact"]

_SLOPE: Final = 0.2  # of every leaky ReLU, by ESRGAN's program
_RESIDUAL: Final = 0.2  # how much of a block's output is added to its input (arXiv:1809.00219, figure 4)
_DENSE: Final = 5


def _convolution(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)


def _leaky(tensor: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(tensor, _SLOPE)


class _DenseBlock(nn.Module):
    """Five convolutions, each of which sees the block's input and the outputs of all before it."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        for number in range(_DENSE):
            after = growth if number < _DENSE - 1 else width
            setattr(self, f"conv{number + 1}", _convolution(width + number * growth, after))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        seen = [features]
        for number in range(1, _DENSE):
            seen.append(_leaky(getattr(self, f"conv{number}")(torch.cat(seen, 1))))
        last: torch.Tensor = getattr(self, f"conv{_DENSE}")(torch.cat(seen, 1))
        return last * _RESIDUAL + features


class _ResidualBlock(nn.Module):
    """Three dense blocks in a row, inside one more residual."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = _DenseBlock(width, growth)
        self.rdb2 = _DenseBlock(width, growth)
        self.rdb3 = _DenseBlock(width, growth)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        dense: torch.Tensor = self.rdb3(self.rdb2(self.rdb1(features)))
        return dense * _RESIDUAL + features


class RRDBNet(nn.Module):
    """ESRGAN's generator: small images `(n, 3, h, w)` in [0, 1] to images `(n, 3, s h, s w)`, not clamped."""

    def __init__(self, *, width: int, growth: int, blocks: int, doublings: int, folded: int) -> None:
        """Lay out the network.

        Args:
            width: channels between blocks.
            growth: channels that each convolution of a dense block adds.
            blocks: how many.
            doublings: how often the sides are doubled after the blocks.
            folded: side of the squares of pixels that are folded into channels first; the sides of a small image are
                multiples of it. It enlarges by `2 ** doublings / folded`.
        """
        super().__init__()
        self.folded, self.doublings = folded, doublings
        self.conv_first = _convolution(3 * folded**2, width)
        self.body = nn.Sequential(*(_ResidualBlock(width, growth) for _ in range(blocks)))
        self.conv_body = _convolution(width, width)
        for number in range(doublings):
            setattr(self, f"conv_up{number + 1}", _convolution(width, width))
        self.conv_hr = _convolution(width, width)
        self.conv_last = _convolution(width, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Enlarge."""
        first = self.conv_first(functional.pixel_unshuffle(images, self.folded) if self.folded > 1 else images)
        features = first + self.conv_body(self.body(first))
        for number in range(self.doublings):
            larger = functional.interpolate(features, scale_factor=2, mode="nearest")
            features = _leaky(getattr(self, f"conv_up{number + 1}")(larger))
        enlarged: torch.Tensor = self.conv_last(_leaky(self.conv_hr(features)))
        return enlarged


class SRVGGNetCompact(nn.Module):
    """A stack of convolutions on the small image, whose last channels are unfolded into pixels.

    What it makes is added to the small image with every pixel repeated. Images `(n, 3, h, w)` in [0, 1] to
    `(n, 3, s h, s w)`, not clamped.
    """

    def __init__(self, *, width: int, layers: int, scale: int, prelu: bool) -> None:
        """Lay out the network.

        Args:
            width: channels between convolutions.
            layers: convolutions between the first and the last.
            scale: how many times larger the sides become.
            prelu: whether the slope below zero is learned, one a channel; otherwise it is that of a ReLU, which has no
                weights.
        """
        super().__init__()
        self.scale = scale
        parts: list[nn.Module] = []
        for number in range(layers + 1):
            parts += [_convolution(3 if number == 0 else width, width), nn.PReLU(width) if prelu else nn.ReLU()]
        self.body = nn.Sequential(*parts, _convolution(width, 3 * scale**2))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Enlarge."""
        enlarged = functional.pixel_shuffle(self.body(images), self.scale)
        return enlarged + functional.interpolate(images, scale_factor=self.scale, mode="nearest")
