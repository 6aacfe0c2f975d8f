"""How far an image's error is apart from those of its turned copies, in the whole and in its parts. With torch.

The difference is one of log energies in the grey bands above the lowest, where the decoder's trace shows most, and a
block of 4 x 4 pixels counts in each band by how much of the image lies there. One number for a whole image can come
from a single edge that happens to be drawn better upright, and an image of little else then looks like the decoder's
own. The trace of a decoder is everywhere. So the image is divided into square parts, and from how much they differ
among each other follows the standard error of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.tensors import Images
from wherefrom.core.units import ROUNDING
from wherefrom.measures.bands import block_dct, content_weights
from wherefrom.measures.distances import mse
from wherefrom.methods.arithmetic.columns import APART, FIRST, LEFT_BLOCK, copied
from wherefrom.methods.arithmetic.control_copies import error_of
from wherefrom.methods.arithmetic.reconstructions import vector
from wherefrom.models.base import Autoencoder

__all__ = ["apart_by_parts"]

_BANDS: Final = slice(1, LEFT_BLOCK**2)
"""The grey bands of 4 x 4 blocks above the lowest, which is a block's mean."""


@torch.inference_mode()
def apart_by_parts(model: Autoencoder, images: Images, copies: Sequence[str], *, part: int) -> Scores:
    """How far the error of each image is apart from those of its copies, with the standard error over its parts.

    Columns: `first` and `first_COPY`, the mean squared errors on [0, 1] of one reconstruction of the image and of each
    copy; `apart`, the mean over blocks and bands of the image's log energy minus the mean of the copies', by
    `content_weights` of the image; `apart_error`, the standard error of `apart`, from how parts of the image differ;
    `apart_parts`, how many parts of equal weight the image is worth: the square of the sum of the parts' weights over
    the sum of their squares. Where that is one, the standard error is infinite.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        copies: of `wherefrom.methods.arithmetic.columns.TURNS`, each at most once, at least one.
        part: pixels a side of the parts, a multiple of 4; those at the right and lower border can be smaller.

    Raises:
        ImageError: when the model takes no image of a copy's size.
        ModelError: when the model has no encoder.
    """
    own = error_of(model, images)
    columns, apart = {FIRST[0]: _loss(own)}, _logs(own)
    for copy in copies:  # one at a time, for memory
        error = error_of(model, images, copy)
        columns[copied(copy)[0]] = _loss(error)
        apart -= _logs(error) / len(copies)
    weights = content_weights(block_dct(images, LEFT_BLOCK))[:, _BANDS]
    grid, blocks = tuple(side // LEFT_BLOCK for side in images.shape[2:]), part // LEFT_BLOCK
    weight, weighted = (_by_part(each.sum(dim=1), grid, blocks) for each in (weights, apart * weights))
    share = weight / weight.sum(axis=1, keepdims=True)
    mean = weighted.sum(axis=1) / weight.sum(axis=1)
    parts = 1 / np.square(share).sum(axis=1)
    spread = np.square(share * (weighted / np.maximum(weight, np.finfo(np.float64).tiny) - mean[:, None])).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        doubt = np.where(parts > 1, np.sqrt(spread * parts / (parts - 1)), np.inf)
    return Scores({**columns, **dict(zip(APART, (mean, doubt, parts), strict=True))})


def _logs(error: Images) -> torch.Tensor:
    """Log energy by band and block, `(n, bands, blocks)`; what is under the energy of 8-bit rounding is lost in it."""
    return block_dct(error, LEFT_BLOCK)[:, _BANDS].square().add_(ROUNDING).log_()


def _loss(error: Images) -> Vector:
    """The mean squared error of each image."""
    return vector(mse(error, torch.zeros_like(error)))


def _by_part(
    values: torch.Tensor, grid: tuple[int, ...], blocks: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Sums over square parts, `(n, parts)`.

    Args:
        values: by block, `(n, rows * columns)`.
        grid: rows and columns.
        blocks: a side of a part.
    """
    rows, columns = grid
    padded = torch.nn.functional.pad(
        values.double().cpu().reshape(-1, rows, columns), (0, -columns % blocks, 0, -rows % blocks)
    )
    summed = padded.unflatten(1, (-1, blocks)).unflatten(3, (-1, blocks)).sum(dim=(2, 4))
    found: np.ndarray[tuple[int, int], np.dtype[np.float64]] = summed.flatten(1).numpy()
    return found
