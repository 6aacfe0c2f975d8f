"""Control copies of an image, and what a model is asked about them. With torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images, Latents
from wherefrom.images import turning
from wherefrom.measures.bands import block_dct, content_weights
from wherefrom.measures.distances import mse
from wherefrom.methods.arithmetic import columns as named
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

__all__ = ["control_passes", "error_of", "turned", "turned_back"]


def turned(images: Images, copy: str) -> Images:
    """Images turned or mirrored; a quarter turn exchanges height and width.

    Args:
        images: `(n, 3, h, w)`.
        copy: one of `wherefrom.methods.arithmetic.columns.TURNS`.
    """
    return turning.turned(images, TURNS[copy])


def turned_back(images: Images, copy: str) -> Images:
    """What `turned` was given; arguments as there.

    Args:
        images: turned or mirrored, `(n, 3, h, w)`.
        copy: how.
    """
    return turning.turned_back(images, TURNS[copy])


@torch.inference_mode()
def control_passes(
    model: Autoencoder,
    images: Images,
    copies: Sequence[str],
    *,
    second: bool,
    refine: bool = False,
    weighted: bool = False,
) -> Scores:
    """The reconstruction of each image beside those of its control copies.

    Columns: with `second` those of `two_passes`, else `first`, the mean squared error on [0, 1] of the image's
    reconstruction, and `log1_4_BAND`, the mean over 4 x 4 blocks of its log energy by band. For each copy the same of
    the copy's reconstruction, its error turned back to lie as the image does: `first_COPY` and `log_COPY_4_BAND`. The
    shifted copy shows less than the image, so `first_within` and `log_within_4_BAND` are of the image's own error over
    the part that both show. With `refine` each of these errors has two more columns, of what `refined_error` leaves of
    it: `refined_first`, `log_refined_4_BAND`, `refined_first_COPY`, `log_refined_COPY_4_BAND`. With `weighted` the
    bands of each error, the second pass's too, are there once more, as `log_weighted_1_4_BAND` and
    `log_weighted_COPY_4_BAND`, with blocks that count by `content_weights` of the image.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        copies: of `COPIES`, each at most once.
        second: whether the second pass is asked too.
        refine: whether every reconstruction is corrected once.
        weighted: whether bands are asked for too in which blocks count by what the image shows there.

    Raises:
        ImageError: when the model takes no image of a copy's size.
        ModelError: when the model has no encoder.
    """
    check_encoder(model)
    counted = _Counted(images, weighted=weighted)
    of_image = _reconstructed(model, images, refine=refine, again=second)
    twice = model.decode(of_image.again) if second else None
    asked = (
        first_pass_columns(images, of_image.once) if twice is None else two_pass_columns(images, of_image.once, twice)
    )
    columns = {**asked.columns, **counted.bands(FIRST[1], of_image.error)}
    if twice is not None:
        columns |= counted.bands("2", twice - of_image.once)
    if of_image.left is not None:
        columns |= counted.columns(refined(FIRST), of_image.left)
    for copy in copies:
        columns |= (
            _shifted(model, images, of_image, weighted=weighted)
            if copy == SHIFT
            else _turned(model, images, copy, counted, refine=refine)
        )
    return Scores(columns)


def error_of(model: Autoencoder, images: Images, copy: str | None = None) -> Images:
    """The error of one reconstruction of images, or of a turned or mirrored copy of them.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        copy: of `wherefrom.methods.arithmetic.columns.TURNS`; None for the images themselves.

    Returns:
        The shape of the images; the error of a copy is turned back, so that it lies as they do.

    Raises:
        ImageError: when the model takes no image of the copy's size.
        ModelError: when the model has no encoder.
    """
    check_encoder(model)
    if copy is None:
        return _reconstructed(model, images, refine=False).error
    return turned_back(_of_copy(model, images, copy, refine=False).error, copy)


class _Counted:
    """The columns of errors that lie as images do, and with `weighted` their bands by what the images show.

    Args:
        images: `(n, 3, h, w)` in [0, 1].
        weighted: whether the second are asked for.
    """

    def __init__(self, images: Images, *, weighted: bool) -> None:
        self._weights: Final = content_weights(block_dct(images, LEFT_BLOCK)) if weighted else None

    def columns(self, names: tuple[str, str], error: Images) -> dict[str, Vector]:
        """The mean squared error under the first name, the log energies by band under the second, and weighted."""
        loss, which = names
        own = {loss: vector(mse(error, torch.zeros_like(error))), **band_columns(which, LEFT_BLOCK, error)}
        return {**own, **self.bands(which, error)}

    def bands(self, which: str, error: Images) -> dict[str, Vector]:
        """The weighted log energies by band alone, where they are asked for."""
        if self._weights is None:
            return {}
        return band_columns(named.weighted(which), LEFT_BLOCK, error, self._weights)


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


def _turned(model: Autoencoder, images: Images, copy: str, counted: _Counted, *, refine: bool) -> dict[str, Vector]:
    """The columns of a turned or mirrored copy."""
    of_copy = _of_copy(model, images, copy, refine=refine)
    columns = counted.columns(copied(copy), turned_back(of_copy.error, copy))
    if of_copy.left is None:
        return columns
    return columns | counted.columns(refined(copied(copy)), turned_back(of_copy.left, copy))


def _of_copy(model: Autoencoder, images: Images, copy: str, *, refine: bool) -> _Reconstructed:
    """What the model makes of images that were turned or mirrored, as these lie."""
    moved = turned(images, copy)
    if model.size is not None and tuple(moved.shape[2:]) != tuple(model.size):
        size = f"{images.shape[3]} x {images.shape[2]}"
        raise ImageError(
            f"copy {copy!r} of an image of {size} pixels does not fit {model.card.name}, which takes one size alone:"
            " leave that copy out"
        )
    try:
        return _reconstructed(model, moved, refine=refine)
    except ImageError as error:
        if moved.shape == images.shape:
            raise
        raise ImageError(f"copy {copy!r} does not fit: {error}; or leave that copy out") from error


def _shifted(model: Autoencoder, images: Images, of_image: _Reconstructed, *, weighted: bool) -> dict[str, Vector]:
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
    shown = images[place].contiguous()
    counted = _Counted(shown, weighted=weighted)
    of_copy = _reconstructed(model, shown, refine=of_image.left is not None)
    columns = counted.columns(copied(SHIFT), of_copy.error)
    columns |= counted.columns(within(), of_image.error[place].contiguous())
    if of_copy.left is not None and of_image.left is not None:
        columns |= counted.columns(refined(copied(SHIFT)), of_copy.left)
        columns |= counted.columns(refined(within()), of_image.left[place].contiguous())
    return columns
