"""Control copies of an image, and what a model is asked about them. With torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images, Latents
from wherefrom.measures.distances import mse
from wherefrom.methods.arithmetic.columns import FIRST, LEFT_BLOCK, SHIFT, TURNS, copied, refined, within
from wherefrom.methods.arithmetic.reconstructions import (
    band_columns,
    check_encoder,
    first_pass_columns,
    two_pass_columns,
    vector,
)
from wherefrom.methods.arithmetic.refining import refined_error
from wherefrom.models.base import Autoencoder

__all__ = ["control_passes", "turned", "turned_back"]


def turned(images: Images, copy: str) -> Images:
    """Images turned or mirrored; a quarter turn exchanges height and width.

    Args:
        images: `(n, 3, h, w)`.
        copy: one of `wherefrom.methods.arithmetic.columns.TURNS`.
    """
    quarters, mirrored = TURNS[copy]
    return torch.rot90(images.flip(3) if mirrored else images, quarters, (2, 3)).contiguous()


def turned_back(images: Images, copy: str) -> Images:
    """What `turned` was given; arguments as there.

    Args:
        images: turned or mirrored, `(n, 3, h, w)`.
        copy: how.
    """
    quarters, mirrored = TURNS[copy]
    upright = torch.rot90(images, -quarters, (2, 3))
    return (upright.flip(3) if mirrored else upright).contiguous()


@torch.inference_mode()
def control_passes(
    model: Autoencoder, images: Images, copies: Sequence[str], *, second: bool, refine: bool = False
) -> Scores:
    """The reconstruction of each image beside those of its control copies.

    Columns: with `second` those of `two_passes`, else `first`, the mean squared error on [0, 1] of the image's
    reconstruction, and `log1_4_BAND`, the mean over 4 x 4 blocks of its log energy by band. For each copy the same of
    the copy's reconstruction, its error turned back to lie as the image does: `first_COPY` and `log_COPY_4_BAND`. The
    shifted copy shows less than the image, so `first_within` and `log_within_4_BAND` are of the image's own error over
    the part that both show. With `refine` each of these errors has two more columns, of what `refined_error` leaves of
    it: `refined_first`, `log_refined_4_BAND`, `refined_first_COPY`, `log_refined_COPY_4_BAND`.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        copies: of `COPIES`, each at most once.
        second: whether the second pass is asked too.
        refine: whether every reconstruction is corrected once.

    Raises:
        ImageError: when the model takes no image of a copy's size.
        ModelError: when the model has no encoder.
    """
    check_encoder(model)
    of_image = _reconstructed(model, images, refine=refine, again=second)
    asked = two_pass_columns(images, of_image.once, model.decode(of_image.again)) if second else None
    columns = dict((asked or first_pass_columns(images, of_image.once)).columns)
    if of_image.left is not None:
        columns |= _columns(refined(FIRST), of_image.left)
    for copy in copies:
        columns |= _shifted(model, images, of_image) if copy == SHIFT else _turned(model, images, copy, refine=refine)
    return Scores(columns)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reconstructed:
    """Images, what the model made of them, and what a correction leaves of the error, where it was asked for.

    `again` are the latents of the reconstruction, empty where nothing needs them.
    """

    error: Images
    once: Images
    again: Latents
    left: Images | None


def _reconstructed(model: Autoencoder, images: Images, *, refine: bool, again: bool = False) -> _Reconstructed:
    latents = model.encode(images)
    once = model.decode(latents)
    encoded = model.encode(once) if refine or again else latents[:0]
    left = refined_error(model, images, once, latents, encoded) if refine else None
    return _Reconstructed(error=once - images, once=once, again=encoded, left=left)


def _turned(model: Autoencoder, images: Images, copy: str, *, refine: bool) -> dict[str, Vector]:
    """The columns of a turned or mirrored copy."""
    moved = turned(images, copy)
    if model.size is not None and tuple(moved.shape[2:]) != tuple(model.size):
        size = f"{images.shape[3]} x {images.shape[2]}"
        raise ImageError(
            f"copy {copy!r} of an image of {size} pixels does not fit {model.card.name}, which takes one size alone:"
            " leave that copy out"
        )
    try:
        of_copy = _reconstructed(model, moved, refine=refine)
    except ImageError as error:
        if moved.shape == images.shape:
            raise
        raise ImageError(f"copy {copy!r} does not fit: {error}; or leave that copy out") from error
    columns = _columns(copied(copy), turned_back(of_copy.error, copy))
    return (
        columns if of_copy.left is None else columns | _columns(refined(copied(copy)), turned_back(of_copy.left, copy))
    )


def _shifted(model: Autoencoder, images: Images, of_image: _Reconstructed) -> dict[str, Vector]:
    """The columns of the copy that starts half a cell of the decoder's grid further down and to the right."""
    step = model.factor
    half = step // 2
    height, width = (side - step for side in images.shape[2:])
    if model.size is not None or min(height, width) < step or step < 2:
        raise ImageError(
            f"copy {SHIFT!r} needs a model that takes images of any size and a side of at least {2 * max(step, 2)}"
            f" pixels, got {images.shape[3]} x {images.shape[2]}: leave that copy out"
        )
    place = (slice(None), slice(None), slice(half, half + height), slice(half, half + width))
    of_copy = _reconstructed(model, images[place].contiguous(), refine=of_image.left is not None)
    columns = _columns(copied(SHIFT), of_copy.error) | _columns(within(), of_image.error[place].contiguous())
    if of_copy.left is not None and of_image.left is not None:
        columns |= _columns(refined(copied(SHIFT)), of_copy.left)
        columns |= _columns(refined(within()), of_image.left[place].contiguous())
    return columns


def _columns(names: tuple[str, str], error: Images) -> dict[str, Vector]:
    """The mean squared error under the first name, the log energies by band under the second."""
    loss, which = names
    return {loss: vector(mse(error, torch.zeros_like(error))), **band_columns(which, LEFT_BLOCK, error)}
