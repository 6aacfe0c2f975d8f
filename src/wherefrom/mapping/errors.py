"""How large the errors of an image and of its control copies are, block by block. With torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images
from wherefrom.core.units import ROUNDING
from wherefrom.measures.bands import block_dct
from wherefrom.methods.arithmetic.columns import LEFT_BLOCK
from wherefrom.methods.arithmetic.control_copies import turned, turned_back
from wherefrom.methods.arithmetic.reconstructions import check_encoder
from wherefrom.methods.arithmetic.refining import refined_error
from wherefrom.models.base import Autoencoder
from wherefrom.records.maps import Grid

__all__ = ["BLOCK", "OWN", "log_energies"]

BLOCK: Final = LEFT_BLOCK
"""Pixels a side of the blocks over which errors are taken apart."""
OWN: Final = "own"
"""The name of the image itself among its copies."""


@torch.inference_mode()
def log_energies(model: Autoencoder, image: Images, copies: Sequence[str], *, refine: bool) -> dict[str, Grid]:
    """The log energy of each error in blocks of 4 x 4 pixels, the mean over 48 bands, for the image and each copy.

    Each copy's error is turned back, so that all arrays lie alike: a block of one shows the same pixels in all.

    Args:
        model: an autoencoder.
        image: `(1, 3, h, w)` in [0, 1], on the model's device.
        copies: how the image is turned or mirrored, of `wherefrom.methods.arithmetic.columns.TURNS`.
        refine: whether every reconstruction is corrected once.

    Returns:
        `(h // 4, w // 4)` by name; the image itself is `own`.

    Raises:
        ImageError: when the model takes no image of a copy's size, or its output is not finite.
        ModelError: when the model has no encoder.
    """
    check_encoder(model)
    found = {OWN: _by_block(_error(model, image, refine=refine))}
    for copy in copies:
        moved = turned(image, copy)
        if model.size is not None and tuple(moved.shape[2:]) != tuple(model.size):
            raise ImageError(
                f"copy {copy!r} of an image of {image.shape[3]} x {image.shape[2]} pixels does not fit"
                f" {model.card.name}, which takes one size alone: leave that copy out"
            )
        found[copy] = _by_block(turned_back(_error(model, moved, refine=refine), copy))
    if not all(np.isfinite(grid).all() for grid in found.values()):
        raise ImageError(f"what {model.card.name} made of the image is not finite: ask in float32")
    return found


def _error(model: Autoencoder, images: Images, *, refine: bool) -> Images:
    """What a reconstruction, corrected or not, is wrong by."""
    latents = model.encode(images)
    once = model.decode(latents)
    if not refine:
        return once - images
    return refined_error(model, images, once, latents, model.encode(once))


def _by_block(error: Images) -> Grid:
    """The mean over bands of the log energy of each block; energies under that of 8-bit rounding count for nothing."""
    height, width = (side // BLOCK for side in error.shape[2:])
    logs = block_dct(error, BLOCK).square().add_(ROUNDING).log_().mean(dim=1, dtype=torch.float64)
    grid: Grid = logs.reshape(height, width).cpu().numpy()
    return grid
