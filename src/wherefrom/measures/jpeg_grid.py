"""Whether pixels show the 8 x 8 grid of a JPEG that they once went through, wherever the grid starts.

A JPEG rounds most DCT coefficients of its own blocks to zero, and there they stay but for the rounding of colours, in
whatever format the pixels are saved later. In blocks half a block off, the edges between its blocks add to them. In an
image that was never stored as JPEG neither kind has more of them, but for chance.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import numpy.typing as npt

from wherefrom.core.units import GRID_ALARMS
from wherefrom.images.convert import Pixels

__all__ = ["shows_grid"]

_CHANCE: Final = 0.6
"""How often a block may win without a JPEG: 0.5, and more for neighbours that are alike and decoders of 8 x 8 cells."""
_BLOCK: Final = 8
_PLACES: Final = tuple((top, left) for top in range(_BLOCK) for left in range(_BLOCK))
_SMALL: Final = 0.6  # of a coefficient on 0 to 255: three standard deviations of what rounding three colours adds
_LEAST: Final = 4 * _BLOCK  # pixels a side under which there are too few blocks to say
_PLACED: Final = 12 * _BLOCK  # pixels a side, from the middle, by which the grid's place is chosen
_TRIED: Final = 24 * _BLOCK  # ... and by which it is tried: hundreds of blocks
_LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_Luma = npt.NDArray[np.float32]


def shows_grid(pixels: Pixels) -> bool | None:
    """Whether the pixels show the grid of a JPEG; None where they are too few to say.

    A sign test: of the blocks at the likeliest of the 64 places where a grid can start, in how many are more of the
    luma's coefficients near zero than in the block 4 pixels further down and right? Ties say nothing, nor do blocks of
    one colour. The chance of so many, where each has a chance of 0.6, is multiplied by the 64 places and compared with
    `GRID_ALARMS`. A JPEG of quality 98 and above, whose steps are as fine as the rounding of colours, often passes
    unseen. A decoder that puts images together from few frequencies of 8 x 8 blocks leaves what a JPEG does.

    Args:
        pixels: `(h, w, 3)` uint8, as scored.
    """
    from scipy import stats

    if min(pixels.shape[:2]) < _LEAST:
        return None
    near = _middle(pixels, _PLACED) @ _LUMA
    top, left = _likeliest(near)
    luma, skipped = _middle(pixels, _TRIED) @ _LUMA, _offset(pixels)
    top, left = (top + skipped[0]) % _BLOCK, (left + skipped[1]) % _BLOCK
    on_grid, off_grid = _zeros(luma, top, left), _zeros(luma, top + _BLOCK // 2, left + _BLOCK // 2)
    on_grid = on_grid[: off_grid.shape[0], : off_grid.shape[1]]
    told = on_grid < _BLOCK**2 - 1  # a block of one colour is no trace: enlarged pixels have such
    wins, losses = (
        int(np.count_nonzero(told & (on_grid > off_grid))),
        int(np.count_nonzero(told & (on_grid < off_grid))),
    )
    return bool(len(_PLACES) * stats.binom.sf(wins - 1, wins + losses, _CHANCE) <= GRID_ALARMS)


def _starts(pixels: Pixels, side: int) -> tuple[int, int]:
    """Where the middle of an image begins, down and right."""
    height, width = pixels.shape[:2]
    return max(0, (height - side) // 2), max(0, (width - side) // 2)


def _middle(pixels: Pixels, side: int) -> _Luma:
    """The pixels in the middle, at most `side` a side, `(h, w, 3)`."""
    top, left = _starts(pixels, side)
    return pixels[top : top + side, left : left + side].astype(np.float32)


def _offset(pixels: Pixels) -> tuple[int, int]:
    """How far the smaller middle begins inside of the larger one."""
    (top, left), (above, before) = _starts(pixels, _PLACED), _starts(pixels, _TRIED)
    return top - above, left - before


def _likeliest(luma: _Luma) -> tuple[int, int]:
    """The place whose whole blocks have most coefficients near zero, on average; all places are tried at once."""
    across = _down(luma.T).reshape(-1, luma.shape[0])
    small = np.abs(_down(np.ascontiguousarray(across.T))) < _SMALL
    small[:, 0, ::_BLOCK] = False  # the mean of a block
    counts = small.sum(axis=1, dtype=np.uint8).reshape(len(small), -1, _BLOCK).sum(axis=2, dtype=np.uint8)
    return max(_PLACES, key=lambda place: float(counts[place[0] :: _BLOCK, place[1] :: _BLOCK].mean()))


def _down(values: _Luma) -> _Luma:
    """The DCT of every 8 values that follow each other in a column: `(n, m)` to `(n - 7, 8, m)`."""
    windows = np.lib.stride_tricks.sliding_window_view(values, _BLOCK, axis=0)
    transformed: _Luma = _dct() @ windows.swapaxes(1, 2)
    return transformed


def _zeros(luma: _Luma, top: int, left: int) -> npt.NDArray[np.intp]:
    """How many of the 63 coefficients of each whole block are near zero, for a grid that starts there."""
    rows, columns = (luma.shape[0] - top) // _BLOCK, (luma.shape[1] - left) // _BLOCK
    whole = luma[top : top + rows * _BLOCK, left : left + columns * _BLOCK]
    blocks = whole.reshape(rows, _BLOCK, columns, _BLOCK).transpose(0, 2, 1, 3)
    small = np.abs(_dct() @ blocks @ _dct().T) < _SMALL
    small[..., 0, 0] = False
    counts: npt.NDArray[np.intp] = np.count_nonzero(small, axis=(2, 3))
    return counts


@functools.cache
def _dct() -> _Luma:
    """The orthonormal DCT-II of 8 values as a matrix."""
    from scipy import fft

    basis: _Luma = fft.dct(np.eye(_BLOCK), norm="ortho", axis=0).astype(np.float32)
    return basis
