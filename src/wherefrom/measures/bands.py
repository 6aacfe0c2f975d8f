"""Where an error lives: its energy by frequency and by colour, over small blocks."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import scipy.fft
import torch

from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images, check_images
from wherefrom.core.units import ROUNDING

__all__ = ["band_energies", "band_log_energies", "block_dct", "content_weights", "dct_basis"]

_DETAIL: Final = 0.01
"""Of the range of pixels: coefficients under it count as hardly any detail."""
_LEAST_WEIGHT: Final = 1e-6
_COLOURS: Final = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, 0.0, -(2**-0.5)), (6**-0.5, -2 * 6**-0.5, 6**-0.5))


@functools.cache
def dct_basis(block: int) -> torch.Tensor:
    """The orthonormal DCT-II of that length, one frequency a row, float64."""
    with torch.inference_mode(mode=False):  # it is kept, for gradients too
        return torch.from_numpy(scipy.fft.dct(np.eye(block), norm="ortho", axis=0))


def block_dct(images: Images, block: int = 8) -> torch.Tensor:
    """Orthonormal DCT coefficients of square blocks in opponent colours; incomplete blocks are left out.

    Args:
        images: `(n, 3, h, w)`, both sides at least `block`.
        block: side of the blocks in pixels.

    Returns:
        `(n, 3 * block**2, blocks)`, in the order of `wherefrom.core.units.bands`; squares sum to those of the pixels.

    Raises:
        ImageError: when the shape is another, or a side is under `block`.
    """
    check_images(images)
    n, _, height, width = images.shape
    rows, columns = height // block, width // block
    if rows == 0 or columns == 0:
        raise ImageError(f"{width} x {height} pixels hold no block of {block} x {block}: give a larger image")
    basis = dct_basis(block).float().to(images.device)
    colours = torch.tensor(_COLOURS, device=images.device, dtype=torch.float32)
    whole = images[:, :, : rows * block, : columns * block].float().contiguous()
    mixed = torch.einsum("kc,nchw->nkhw", colours, whole)
    blocks = mixed.reshape(n, 3, rows, block, columns, block)
    coefficients = torch.einsum("uy,vx,nkrysx->nkuvrs", basis, basis, blocks)
    return coefficients.reshape(n, 3 * block**2, rows * columns)


def band_energies(coefficients: torch.Tensor) -> torch.Tensor:
    """Mean squared coefficient by band, `(n, bands)` float64, of `block_dct`."""
    return coefficients.square().mean(dim=2, dtype=torch.float64)


def band_log_energies(
    coefficients: torch.Tensor, floor: float = ROUNDING, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean over blocks of the logarithm of each block's energy by band, `(n, bands)` float64, of `block_dct`.

    The geometric mean: every block counts alike, `band_energies` is ruled by the few blocks with the largest error.

    Args:
        coefficients: `(n, bands, blocks)`.
        floor: added to each energy, so that what is below it carries nothing; the energy of 8-bit rounding by default.
        weights: of the same shape and above 0, where blocks are to count by these; as of `content_weights`.
    """
    logs = coefficients.square().add_(floor).log_()
    if weights is None:
        return logs.mean(dim=2, dtype=torch.float64)
    return logs.mul_(weights).sum(dim=2, dtype=torch.float64) / weights.sum(dim=2, dtype=torch.float64)


def content_weights(coefficients: torch.Tensor) -> torch.Tensor:
    """How much each block of an image counts in each band: log(1 + c^2 / s^2), with c its own coefficient there.

    Where an image shows nothing, an error says nothing of who drew it, least of all after a JPEG or WebP, which stores
    such a block as flat. s is 0.01, a hundredth of the range of pixels. A block's mean, the lowest band of each colour,
    is no detail, so that band counts by all other bands of the block's colour together. A small constant is added, so
    that the blocks of an image without any detail count alike.

    Args:
        coefficients: of `block_dct` of the image, `(n, 3 * block**2, blocks)`.

    Returns:
        The same shape, above 0.
    """
    energies = coefficients.square()
    colours = energies.unflatten(1, (3, -1))
    colours[:, :, 0] = colours[:, :, 1:].sum(dim=2)
    return energies.div_(_DETAIL**2).log1p_().add_(_LEAST_WEIGHT)
