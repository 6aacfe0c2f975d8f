"""The quality that a JPEG's quantisation tables speak of."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["estimate_quality", "tables_of"]


def estimate_quality(tables: Sequence[Sequence[int]]) -> float | None:
    """The libjpeg quality, 1 to 100, whose tables are nearest to these; exact for files written by libjpeg.

    libjpeg scales the tables of ITU-T T.81, Annex K, by the quality. Nearest is least squares in the logarithm of the
    table entries, luminance and chrominance together, so that a factor counts the same for fine and coarse steps. For
    tables of another make (cameras, Photoshop) it is the quality of about the same coarseness, not the maker's number.

    Args:
        tables: luminance first, then chrominance where there is one; 64 numbers each, in the order that Pillow gives.

    Returns:
        None when there is no table of 64 numbers.
    """
    usable = [table for table in tables[:2] if len(table) == 64]
    if not usable:
        return None
    stored = np.log(np.maximum(np.array(usable, dtype=np.float64), 1))
    distances = np.square(_standard()[:, : len(usable)] - stored).sum(axis=(1, 2))
    return float(np.argmin(distances) + 1)


@functools.cache
def _standard() -> npt.NDArray[np.float64]:
    """Logarithms of libjpeg's tables as it writes them, shape `(100, 2, 64)`."""
    return np.log(np.array([tables_of(quality) for quality in range(1, 101)], dtype=np.float64))


@functools.cache
def tables_of(quality: int) -> npt.NDArray[np.float64]:
    """The steps of luma and chroma as the installed codec writes them, `(2, 64)`, in the order that Pillow gives."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
    with Image.open(file, formats=["JPEG"]) as image:
        tables: dict[int, list[int]] = image.quantization  # type: ignore[attr-defined]
    return np.array([tables[0], tables[1]], dtype=np.float64)
