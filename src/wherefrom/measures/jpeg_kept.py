"""How many coefficients a JPEG stores of an image as other than zero. No torch."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.fft import dctn

from wherefrom.core.arrays import Matrix, Vector
from wherefrom.images.jpeg_tables import tables_of

__all__ = ["coefficients_kept"]

_BLOCK: Final = 8


def coefficients_kept(pixels: npt.NDArray[np.uint8], quality: int) -> float:
    """Coefficients that are not zero, of luma and of chroma at half the resolution (4:2:0), for 8 x 8 pixels.

    Of 96: a block's luma has 64 coefficients, the chroma of the same pixels 32. Blocks that the image does not fill are
    left out.

    Args:
        pixels: `(h, w, 3)`, sides even.
        quality: as libjpeg counts, 1 to 100.
    """
    tables = tables_of(quality)
    planes = Image.fromarray(pixels).convert("YCbCr").split()
    luma, *chroma = (np.asarray(plane, dtype=np.float64) - 128 for plane in planes)
    halved = [plane.reshape(len(plane) // 2, 2, -1, 2).mean((1, 3)) for plane in chroma]
    count = _stored(luma, tables[0]) + sum(_stored(plane, tables[1]) for plane in halved)
    return count / (luma.size / _BLOCK**2)


def _stored(plane: Matrix, steps: Vector) -> int:
    """Coefficients of a plane's whole blocks that are not rounded to zero."""
    rows, columns = (side // _BLOCK for side in plane.shape)
    blocks = plane[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    coefficients = dctn(blocks, axes=(2, 3), norm="ortho") / np.reshape(steps, (_BLOCK, _BLOCK))
    return int(np.count_nonzero(np.rint(coefficients)))
