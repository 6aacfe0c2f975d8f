"""Texture: how alike neighbouring grey levels are, the weight in AEDR's statistic."""

from __future__ import annotations

import itertools
import math
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.convert import Pixels

__all__ = ["PLACES", "homogeneities", "homogeneity", "textured_place"]

_LEVELS = 32
PLACES: Final = (0.23, 0.38, 0.62, 0.77)
"""Where along a side the middle of a part may be, as shares of it; no simple fractions: at those, grids that an image
may have had before it was resized fall together."""
_REACH: Final = 1 / 6
"""How far around a place, as a share of a side, texture is looked at."""
_BLOCK: Final = 8
"""Pixels a side of the blocks whose texture is looked at."""


def homogeneity(pixels: Pixels, form: Literal["squared", "absolute"] = "squared") -> float:
    """Homogeneity of the grey-level co-occurrence matrix (arXiv:2507.18988, eq. 4): 1 if flat, near 0 for noise.

    `squared` is `sum P(i, j) / (1 + (i - j)^2)`, what scikit-image calls homogeneity and the paper's program computes;
    `absolute` is `sum P(i, j) / (1 + |i - j|)`, what the paper prints. P counts each pixel with its right neighbour,
    both ways, over 32 levels `floor(grey / 8)`. Grey is BT.601 luma in Pillow's fixed point, rounded to 8 bits:
    `(19595 R + 38470 G + 7471 B + 32768) >> 16`; grey pixels keep their value.

    Args:
        pixels: `(h, w, 3)` uint8 RGB.
        form: `squared` or `absolute`.

    Returns:
        A number in (0, 1]; NaN for an image one pixel wide, which has no neighbours.

    Raises:
        ImageError: when the array is no 8-bit RGB image.
        UsageError: when the form is another.
    """
    if form not in ("squared", "absolute"):
        raise UsageError(f"form={form!r} is neither 'squared' nor 'absolute'")
    squared, absolute = homogeneities(pixels)
    return squared if form == "squared" else absolute


def homogeneities(pixels: Pixels) -> tuple[float, float]:
    """Both forms of `homogeneity`, `squared` and `absolute`, from one co-occurrence matrix.

    Args:
        pixels: `(h, w, 3)` uint8 RGB.

    Raises:
        ImageError: when the array is no 8-bit RGB image.
    """
    from skimage.feature import graycomatrix, graycoprops

    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ImageError(f"homogeneity needs a uint8 array (h, w, 3) with pixels, got {pixels.dtype} {pixels.shape}")
    if pixels.shape[1] < 2:
        return float("nan"), float("nan")
    grey = np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))
    matrix = graycomatrix(grey // 8, distances=[1], angles=[0], levels=_LEVELS, symmetric=True, normed=True)
    level = np.arange(_LEVELS)
    absolute = (matrix[:, :, 0, 0] / (1 + np.abs(level[:, None] - level))).sum()
    return float(graycoprops(matrix, "homogeneity")[0, 0]), float(absolute)


def textured_place(grey: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Where an image has most texture, of sixteen places: what is smooth shows no decoder.

    By the mean over blocks of 8 x 8 pixels around a place of log(1 + s), with s their standard deviation.

    Args:
        grey: `(h, w)`, in units of 0 to 255, of any size.

    Returns:
        The place's middle, as shares of the height and the width.
    """
    rows, columns = (side // _BLOCK for side in grey.shape)
    if not rows or not columns:
        return PLACES[0], PLACES[0]
    blocks = grey[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    texture = np.log1p(blocks.std(axis=(1, 3)))

    def around(place: tuple[float, float]) -> float:
        lines = (
            slice(int((middle - _REACH) * side), max(1, math.ceil((middle + _REACH) * side)))
            for middle, side in zip(place, texture.shape, strict=True)
        )
        return float(texture[tuple(lines)].mean())

    return max(itertools.product(PLACES, PLACES), key=around)
