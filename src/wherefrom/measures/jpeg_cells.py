"""How far an image is from all those that a JPEG stores as another one: for images that were stored as JPEG."""

from __future__ import annotations

import torch

from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images, check_images
from wherefrom.images.jpeg_tables import tables_of
from wherefrom.measures.bands import dct_basis

__all__ = ["cell_distance", "stored_luma"]

_BLOCK = 8
_LUMA = (0.299, 0.587, 0.114)  # of ITU-R BT.601, as in JFIF


def cell_distance(a: Images, b: Images, quality: int) -> torch.Tensor:
    """The mean squared distance of the first's luma from the nearest luma that a JPEG would store as the second's.

    A JPEG rounds each DCT coefficient c of a block to a multiple k of its step q, so that it stores every image whose
    coefficients lie within q / 2 of k q alike: a cell. The second image, decoded from such a file, is the cell's
    middle. What counts is how far the first one's coefficients lie outside of it, not how far from the middle, so an
    image that was stored as the second is at 0, whatever the JPEG took from it, but for the codec's rounding.

    Luma alone, which is stored alike whatever resolution the chroma has. Blocks that the image's sides cut off are left
    out.

    Args:
        a: `(n, 3, h, w)` in [0, 1].
        b: of the same shape; decoded from JPEG files of that quality whose blocks begin at the first pixel.
        quality: 1 to 100, as libjpeg counts.

    Returns:
        `(n,)` float64 on [0, 1], differentiable in `a`, NaN where an image holds one.

    Raises:
        ImageError: when the shapes are not those of two batches of equal size, or a side is under a block.
    """
    check_images(a)
    check_images(b)
    if a.shape != b.shape or min(a.shape[2:]) < _BLOCK:
        raise ImageError(
            f"cannot compare images of shape {tuple(a.shape)} with {tuple(b.shape)} by blocks of {_BLOCK} x {_BLOCK}"
        )
    table = torch.from_numpy(tables_of(quality)[0]).to(a.device)
    step = table.reshape(_BLOCK, _BLOCK) / 255
    with torch.no_grad():
        middle = stored_luma(b, table) * step
    outside = ((_coefficients(a) - middle).abs() - step / 2).clamp(min=0)
    return outside.square().flatten(1).mean(1)


def stored_luma(images: Images, table: torch.Tensor) -> torch.Tensor:
    """The luma's coefficients that JPEG files hold, from the pixels that were decoded of them.

    They are whole numbers of the table's steps. Where a step is 5 or more and no pixel of the block is 0 or 255, they
    are exactly those of the file: rounding and the conversion of colours move a coefficient by less than half a step.

    Args:
        images: `(n, 3, h, w)` in [0, 1], blocks beginning at the first pixel; incomplete blocks are left out.
        table: the luma's 64 steps on 0 to 255, row by row, as Pillow gives them, on the images' device.

    Returns:
        `(n, rows, columns, 8, 8)` float64, vertical frequency before horizontal.
    """
    return (_coefficients(images) / (table.reshape(_BLOCK, _BLOCK) / 255)).round()


def _coefficients(images: Images) -> torch.Tensor:
    """Orthonormal DCT coefficients of the luma on [0, 1], its zero at half of white, `(n, rows, columns, 8, 8)`."""
    weights = torch.tensor(_LUMA, dtype=torch.float64, device=images.device)
    luma = torch.einsum("c,nchw->nhw", weights, images.double()) - 128 / 255
    rows, columns = (side // _BLOCK for side in luma.shape[1:])
    whole = luma[:, : rows * _BLOCK, : columns * _BLOCK]
    basis = dct_basis(_BLOCK).to(images.device)
    return torch.einsum("uy,vx,nrycx->nrcuv", basis, basis, whole.reshape(-1, rows, _BLOCK, columns, _BLOCK))
