"""A reconstruction that is corrected once by the encoder, without a gradient. With torch."""

from __future__ import annotations

from typing import Final

import torch
from torch.nn import functional

from wherefrom.core.tensors import Images, Latents
from wherefrom.models.base import Autoencoder

__all__ = ["refined_error"]

_CELLS: Final = 2
"""Sides of the blocks that have a step length each, in cells of the decoder's grid."""
_LEAST_BLOCK: Final = 16
_LONGEST: Final = 1.5


def refined_error(model: Autoencoder, images: Images, once: Images, latents: Latents, again: Latents) -> Images:
    """What is left of a reconstruction's error after one forward step of decoder inversion, with the best step length.

    The forward step is z1 = z0 - (E(D(z0)) - E(x)) with z0 = E(x) (Hong et al., NeurIPS 2024, arXiv:2409.18442). The
    encoder is no exact inverse, so the whole step can lead too far. In place of a fixed shorter one, the change
    v = D(z1) - D(z0) is multiplied in each block by the a that fits the error r = D(z0) - x best, as if the decoder
    were linear along the step: a = -<r, v> / <v, v>, from 0 to 1.5, and r + a v is left. Of an image that the decoder
    made, the step removes most of the error; of any other it removes little, for what the decoder cannot draw stays.

    Args:
        model: an autoencoder.
        images: x, `(n, 3, h, w)` in [0, 1].
        once: D(E(x)).
        latents: E(x).
        again: E(D(E(x))).

    Returns:
        `(n, 3, h, w)`.
    """
    error = once - images
    change = model.decode(2 * latents - again) - once
    block = max(_LEAST_BLOCK, _CELLS * model.factor)
    step = -_by_block(error * change, block) / (_by_block(change * change, block) + torch.finfo(torch.float32).tiny)
    lengths = step.clamp(0, _LONGEST).repeat_interleave(block, 2).repeat_interleave(block, 3)
    return error + lengths[:, :, : images.shape[2], : images.shape[3]] * change


def _by_block(values: Images, block: int) -> torch.Tensor:
    """The mean over each block and all colours, `(n, 1, rows, columns)`; blocks at the far edges may be incomplete."""
    grey = values.mean(1, keepdim=True)
    return functional.avg_pool2d(grey, block, ceil_mode=True, count_include_pad=False)
