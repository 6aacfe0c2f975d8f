"""Control copies of an image, and what a model is asked about them. With torch."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images
from wherefrom.measures.distances import mse
from wherefrom.methods.arithmetic.columns import LEFT_BLOCK, SHIFT, TURNS, copied, within
from wherefrom.methods.arithmetic.reconstructions import band_columns, first_pass, two_passes_and_first, vector
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
def control_passes(model: Autoencoder, images: Images, copies: Sequence[str], *, second: bool) -> Scores:
    """The reconstruction of each image beside those of its control copies.

    Columns: with `second` those of `two_passes`, else `first`, the mean squared error on [0, 1] of the image's
    reconstruction, and `log1_4_BAND`, the mean over 4 x 4 blocks of its log energy by band. For each copy the same of
    the copy's reconstruction, its error turned back to lie as the image does: `first_COPY` and `log_COPY_4_BAND`. The
    shifted copy shows less than the image, so `first_within` and `log_within_4_BAND` are of the image's own error over
    the part that both show.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        copies: of `COPIES`, each at most once.
        second: whether the second pass is asked too.

    Raises:
        ImageError: when the model takes no image of a copy's size.
        ModelError: when the model has no encoder.
    """
    once, scores = two_passes_and_first(model, images) if second else first_pass(model, images)
    columns = dict(scores.columns)
    for copy in copies:
        columns |= _shifted(model, images, once - images) if copy == SHIFT else _turned(model, images, copy)
    return Scores(columns)


def _turned(model: Autoencoder, images: Images, copy: str) -> dict[str, Vector]:
    """The columns of a turned or mirrored copy."""
    moved = turned(images, copy)
    if model.size is not None and tuple(moved.shape[2:]) != tuple(model.size):
        size = f"{images.shape[3]} x {images.shape[2]}"
        raise ImageError(
            f"copy {copy!r} of an image of {size} pixels does not fit {model.card.name}, which takes one size alone:"
            " leave that copy out"
        )
    return _columns(copied(copy), turned_back(model.decode(model.encode(moved)) - moved, copy))


def _shifted(model: Autoencoder, images: Images, error: Images) -> dict[str, Vector]:
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
    moved = images[place].contiguous()
    both = _columns(copied(SHIFT), model.decode(model.encode(moved)) - moved)
    return both | _columns(within(), error[place].contiguous())


def _columns(names: tuple[str, str], error: Images) -> dict[str, Vector]:
    """The mean squared error under the first name, the log energies by band under the second."""
    loss, which = names
    return {loss: vector(mse(error, torch.zeros_like(error))), **band_columns(which, LEFT_BLOCK, error)}
