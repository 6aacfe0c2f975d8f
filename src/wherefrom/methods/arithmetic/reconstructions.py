"""What methods without a search ask of an autoencoder: one to three reconstructions. Their only part with torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import Images
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.measures.bands import band_energies, band_log_energies, block_dct
from wherefrom.measures.distances import lpips, mse
from wherefrom.measures.texture import homogeneities
from wherefrom.methods.arithmetic.columns import BLOCKS, LEFT_BLOCK, STORED, STORED_AGAIN, energy_columns, log_columns
from wherefrom.models.base import Autoencoder

__all__ = [
    "band_columns",
    "check_encoder",
    "first_pass_columns",
    "one_pass",
    "stored_passes",
    "two_pass_columns",
    "two_passes",
    "two_passes_and_first",
    "vector",
]


def vector(values: torch.Tensor) -> Vector:
    """One float64 number an image, on the CPU."""
    return values.double().cpu().numpy()


def _named(names: Sequence[str], values: torch.Tensor) -> dict[str, Vector]:
    """One column a band of `(n, bands)`."""
    return dict(zip(names, vector(values).T, strict=True))


def _textures(images: Images) -> dict[str, Vector]:
    """Both forms of homogeneity of the 8-bit images."""
    both = np.array([homogeneities(image) for image in to_pixels(images)]).reshape(-1, 2)
    return {"homogeneity_squared": both[:, 0], "homogeneity_absolute": both[:, 1]}


def check_encoder(model: Autoencoder) -> None:
    """Refuse a model that cannot reconstruct.

    Raises:
        ModelError: when it has no encoder.
    """
    if getattr(model, "encode", None) is None:
        raise ModelError(
            f"{model.card.name} has no encoder, which a reconstruction needs: use a method that searches from random"
            " starts, such as ronan"
        )


@torch.inference_mode()
def two_passes(model: Autoencoder, images: Images) -> Scores:
    """Both reconstruction losses, in all and by band, without clamp or rounding between the passes.

    Columns: `first` and `second` are L1 and L2 (arXiv:2507.18988, eq. 2 and 3), mean squared errors on [0, 1];
    `homogeneity_*` are the two forms of its eq. 4; `energy1_BAND` and `energy2_BAND` are each error's mean energy by
    band of 8 x 8 blocks; `log1_4_BAND` to `log2_8_BAND` the mean over blocks of its logarithm.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.

    Raises:
        ModelError: when the model has no encoder.
    """
    return two_passes_and_first(model, images)[1]


@torch.inference_mode()
def two_passes_and_first(model: Autoencoder, images: Images) -> tuple[Images, Scores]:
    """The first reconstruction as the model gave it, and the columns of `two_passes`.

    Arguments and errors are as for `two_passes`.
    """
    check_encoder(model)
    here = images.cpu()  # before a GPU is given work, which this copy would wait for
    once = model.decode(model.encode(images))
    return once, two_pass_columns(images, once, model.decode(model.encode(once)), here=here)


def two_pass_columns(images: Images, once: Images, twice: Images, *, here: Images | None = None) -> Scores:
    """The columns of `two_passes`, from the images, their reconstructions and the reconstructions of those.

    Args:
        images: `(n, 3, h, w)` in [0, 1].
        once: as the model gave them.
        twice: likewise.
        here: the images on the CPU, where they are there already.
    """
    textures = _textures(images.cpu() if here is None else here)  # while a GPU still works at what is asked next
    columns = {"first": vector(mse(once, images)), "second": vector(mse(twice, once)), **textures}
    for number, error in ((1, once - images), (2, twice - once)):
        for block in BLOCKS:
            if block == 8:
                columns |= _named(energy_columns(number), band_energies(block_dct(error, block)))
            columns |= band_columns(number, block, error)
    return Scores(columns)


@torch.inference_mode()
def stored_passes(model: Autoencoder, images: Images, quality: int) -> Scores:
    """Two passes, and a third: of the reconstruction after it was stored as JPEG, as the images were.

    Columns: those of `two_passes`; `stored_first`, the mean squared error between the image and its reconstruction
    stored as JPEG; `stored_second`, the same of that stored reconstruction, which is an image that the decoder made and
    that was stored so; `log_stored_first_4_BAND` and `log_stored_second_4_BAND`, of these two errors as `log1_4_BAND`
    is of the first pass.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device, sides at least 8.
        quality: of the JPEG, 1 to 100, by Pillow with chroma 4:2:0.

    Raises:
        ImageError: when a reconstruction is not finite, or too small for a JPEG.
        ModelError: when the model has no encoder.
    """
    once, passes = two_passes_and_first(model, images)
    columns = dict(passes.columns)
    stored = _stored(once, quality)
    again = _stored(model.decode(model.encode(stored)), quality)
    for name, number, reconstruction, original in (
        ("first", STORED, stored, images),
        ("second", STORED_AGAIN, again, stored),
    ):
        columns |= {
            f"stored_{name}": vector(mse(reconstruction, original)),
            **band_columns(number, LEFT_BLOCK, reconstruction - original),
        }
    return Scores(columns)


def _stored(images: Images, quality: int) -> Images:
    """What is read from the JPEG of each image, on the images' device."""
    edit = edits.load(f"jpeg:{quality}")
    return to_images([edit.apply(pixels) for pixels in to_pixels(images)]).to(images.device)


def band_columns(which: int | str, block: int, error: Images, weights: torch.Tensor | None = None) -> dict[str, Vector]:
    """`log<which>_<block>_BAND` of errors `(n, 3, h, w)`: the mean over blocks of the log energy in each band.

    Args:
        which: how `log_columns` names the error.
        block: side of the blocks, 4 or 8.
        error: the difference of two images.
        weights: of `content_weights`, where blocks are to count by these.
    """
    return _named(log_columns(which, block), band_log_energies(block_dct(error, block), weights=weights))


def first_pass_columns(images: Images, once: Images) -> Scores:
    """Of the error of one reconstruction the loss `first` and the bands `log1_4_BAND`.

    Args:
        images: `(n, 3, h, w)` in [0, 1].
        once: their reconstructions, as the model gave them.
    """
    return Scores({"first": vector(mse(once, images)), **band_columns(1, LEFT_BLOCK, once - images)})


@torch.inference_mode()
def one_pass(model: Autoencoder, images: Images, metric: Literal["mse", "lpips"]) -> Scores:
    """The loss of one reconstruction: `first`, its MSE on [0, 1], and for LPIPS `perceptual`, by the VGG backbone.

    Args:
        model: an autoencoder.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        metric: `mse` or `lpips`.

    Raises:
        MissingExtra: when LPIPS is asked for and not installed.
        ModelError: when its backbone's weights are not at hand, or the model has no encoder.
    """
    check_encoder(model)
    once = model.decode(model.encode(images))
    columns = {"first": vector(mse(once, images))}
    if metric == "lpips":
        columns["perceptual"] = vector(lpips(once, images, net="vgg"))
    return Scores(columns)
