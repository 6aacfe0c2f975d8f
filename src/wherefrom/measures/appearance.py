"""What an image looks like, in a code and three numbers that a small change leaves nearly as they were.

Two images whose codes differ in few bits show the same, perhaps cut by a few pixels, made smaller or saved again. The
code is two perceptual hashes of the package imagehash: signs of the low frequencies (pHash) and of the differences
between neighbours (dHash), since what is alike by one of them by accident is seldom alike by the other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from wherefrom.core.facts import Appearance
from wherefrom.images.convert import Pixels

__all__ = ["appearance"]

_SIDE: Final = 128
"""Pixels of the shorter side from which on an image is first made smaller, by whole numbers of pixels."""
_HASH: Final = 16
"""Bits a side of each hash."""
_FLAT: Final = 2.0
"""Contrast under which an image shows too little to be known again,"""
_FEWEST: Final = _HASH**2 // 8
"""and so does one with fewer rising or falling differences than this: a ramp, or a small thing on a plain ground."""
_MARGIN: Final = 8
"""Levels of 255 by which the content differs from the margin around it."""


def appearance(pixels: Pixels) -> Appearance:
    """What an image looks like.

    Args:
        pixels: `(h, w, 3)` uint8, as stored.
    """
    from imagehash import dhash, phash

    whole = Image.fromarray(pixels)
    factor = min(whole.size) // _SIDE
    luma = (whole.reduce(factor) if factor > 1 else whole).convert("L")
    grid = np.asarray(luma)
    contrast = float(grid.std())
    code = None
    if contrast >= _FLAT:
        rising = dhash(luma, hash_size=_HASH)
        if _FEWEST <= np.count_nonzero(rising.hash) <= _HASH**2 - _FEWEST:
            code = f"{phash(luma, hash_size=_HASH)}{rising}"
    return Appearance(
        code=code, brightness=round(float(grid.mean()), 2), contrast=round(contrast, 2), content=_content(grid)
    )


def _content(luma: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """The share of the area inside of margins of one level, in [0, 1]; 0 where all is of one level."""
    differs = np.abs(luma.astype(np.int16) - int(luma[0, 0])) > _MARGIN
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return 0.0
    inside = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return round(float(inside) / differs.size, 4)
