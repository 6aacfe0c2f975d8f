"""Up- and downsampling with a filter, as products with one small matrix for each axis.

Inserting zeros, padding or cropping, filtering and keeping every n-th value is a linear map of a row of the image; its
matrix has a narrow band, so that on CPU a dense product, cut into blocks along the band where it is long, is two to six
times faster than filtering channel by channel, and so is its gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from wherefrom.core.errors import ModelError

__all__ = ["Resampler", "Resampling"]

_BLOCK: Final = 96
_SEPARABLE: Final = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Resampling:
    """How an axis of `size` values becomes another.

    Attributes:
        size: values of the axis.
        up: each value is followed by `up - 1` zeros.
        down: every `down`-th filtered value is kept.
        before: zeros put in front, or, negative, values cut off.
        after: the same behind.
        gain: by which the result is multiplied, on each axis.
    """

    size: int
    up: int = 1
    down: int = 1
    before: int = 0
    after: int = 0
    gain: float = 1.0

    def length(self, taps: int) -> int:
        """How many values there are after a filter of so many taps.

        Raises:
            ModelError: when none would be left.
        """
        left = self.size * self.up + self.before + self.after - taps
        if left < 0:
            raise ModelError(f"a row of {self.size} values is too short for a filter of {taps} taps: {self}")
        return left // self.down + 1

    def matrix(self, taps: torch.Tensor) -> torch.Tensor:
        """The map as a matrix `(length, size)`, for a filter `(taps,)` that is convolved, that is flipped."""
        count = len(taps)
        rows = torch.arange(self.length(count), dtype=torch.int64, device=taps.device)[:, None] * self.down
        columns = torch.arange(self.size, dtype=torch.int64, device=taps.device)[None, :] * self.up
        tap = rows + (count - 1 - self.before) - columns
        inside = (tap >= 0) & (tap < count)
        return torch.where(inside, taps[tap.clamp(0, count - 1)] * self.gain, taps.new_zeros(()))

    def blocks(self, taps: int) -> tuple[tuple[int, int, int, int], ...]:
        """The matrix's band in blocks: first and end row, first and end column."""
        length = self.length(taps)
        blocks = []
        for start in range(0, length, _BLOCK):
            end = min(start + _BLOCK, length)
            first = max(0, math.ceil((start * self.down - self.before) / self.up))
            last = min(self.size, ((end - 1) * self.down + taps - 1 - self.before) // self.up + 1)
            blocks.append((start, end, min(first, last), max(last, 0)))
        return tuple(blocks)


class Resampler(nn.Module):
    """A resampling of both axes of maps `(n, c, h, w)`, by one filter that is given when the weights are loaded.

    Args:
        across: how a row changes, from left to right.
        along: how a column changes, from top to bottom.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    kernel: torch.Tensor

    def __init__(self, across: Resampling, along: Resampling) -> None:
        super().__init__()
        self._across, self._along = across, along
        self._separate = True
        self._taps = 1
        for name in ("rows", "columns", "kernel"):
            self.register_buffer(name, None, persistent=False)

    def fit(self, taps: torch.Tensor) -> None:
        """Take the filter: `(taps,)` for both axes, or `(taps, taps)`, which is split where it is a product of two.

        Raises:
            ModelError: when it is neither.
        """
        if taps.ndim not in (1, 2) or not taps.numel() or len(set(taps.shape)) != 1:
            raise ModelError(f"a filter has shape {tuple(taps.shape)}, need (n,) or (n, n)")
        self._taps = len(taps)
        pair = (taps, taps) if taps.ndim == 1 else _split(taps)
        self._separate = pair is not None
        if pair is not None:
            self.columns, self.rows = self._along.matrix(pair[0]), self._across.matrix(pair[1])
        else:
            self.kernel = taps.flip((0, 1)) * (self._across.gain * self._along.gain)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps `(n, c, h, w)` of the sizes of `along` and `across`, resampled."""
        if not self._separate:
            return self._at_once(x)
        across, along = self._across.blocks(self._taps), self._along.blocks(self._taps)
        parts = [x[..., low:high] @ self.rows[start:end, low:high].t() for start, end, low, high in across]
        x = torch.cat(parts, -1) if len(parts) > 1 else parts[0]
        parts = [self.columns[start:end, low:high] @ x[..., low:high, :] for start, end, low, high in along]
        return torch.cat(parts, -2) if len(parts) > 1 else parts[0]

    def _at_once(self, x: torch.Tensor) -> torch.Tensor:
        """By one convolution of each channel with the whole filter."""
        across, along = self._across, self._along
        n, channels, height, width = x.shape
        if across.up > 1 or along.up > 1:
            spread = x.new_zeros((n, channels, height, along.up, width, across.up))
            spread[:, :, :, 0, :, 0] = x
            x = spread.reshape(n, channels, height * along.up, width * across.up)
        x = functional.pad(x, (across.before, across.after, along.before, along.after))
        kernel = self.kernel.expand(channels, 1, *self.kernel.shape)
        return functional.conv2d(x, kernel, stride=(along.down, across.down), groups=channels)


def _split(taps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
    """A filter for columns and one for rows whose product a square one is; None where there is none."""
    whole = taps.double()
    if not whole.sum():
        return None
    down, across = whole.sum(1), whole.sum(0) / whole.sum()
    if (torch.outer(down, across) - whole).abs().max() > _SEPARABLE * whole.abs().max():
        return None
    return down.to(taps.dtype), across.to(taps.dtype)
