"""Where a decoder's grid starts in an image, told from its pixels by what the decoder does within its cells.

A decoder makes each cell of its grid, as 8 x 8 pixels, from the same few latent numbers, so that its images are
smoother in some directions within a cell than across two cells. Two things are learned once for a decoder, from
pieces of photos passed through it:

- Filters of 8 x 8 pixels that find the least energy where they lie on the grid, compared with where they do not: the
  generalised eigenvectors of the patches' covariance on the grid and off it.
- The mean pattern of their log energies over the places of a cell, and how pictures vary that no decoder made. From
  both follows the matched filter, worked out in the frequencies of the cell, as the noise is alike in every place.
  There are two, one for images stored without loss and one for those that a JPEG has gone over, which leaves less of
  the pattern and has a grid of its own.

An image is asked by its own log energies, matched with the pattern at every place: no network takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.linalg
import torch

from wherefrom.core.tensors import Images
from wherefrom.core.units import ROUNDING
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.convert import Pixels
from wherefrom.methods.arithmetic.photo_pieces import photo_pieces
from wherefrom.models.base import Autoencoder

__all__ = ["PATCH", "Lattice", "MatchedFilter", "learned_lattice"]

PATCH: Final = 8
"""Pixels a side of the filters."""
_FILTERS: Final = 24
_PICTURES: Final = 36
_CELLS: Final = 18  # of a picture's side
_SMALLEST, _LARGEST = 144, 288  # pixels of a picture's side; the photos are not much larger than that
_OFF: Final = 8  # places off the grid that are compared with those on it
_LOSSLESS: Final = ("none", "jpeg:90")  # a JPEG of high quality may pass unseen
_STORED: Final = ("jpeg:90", "jpeg:75", "jpeg:50")
_RIDGE: Final = 1e-4
_DAMPING: Final = 0.03
_CHANNELS: Final = 3
_Array = npt.NDArray[np.float64]
_Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MatchedFilter:
    """How patterns of one kind of image are compared with the decoder's.

    Attributes:
        weights: `(f, f, k)` by frequency within a cell of `f` pixels, for `k` filters.
        deviation: how much the match varies over the places of pictures that no decoder made.
    """

    weights: _Complex
    deviation: float

    def evidence(self, pattern: _Array) -> _Array:
        """The match of a pattern `(k, f, f)` at each place, `(f, f)`, in standard deviations."""
        return _correlated(self.weights, pattern) / self.deviation


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lattice:
    """What one decoder does within its cells.

    Attributes:
        filters: `(k, 3, 8, 8)`, each of length 1.
        lossless: for images that were never stored as JPEG.
        stored: for those that were.
    """

    filters: torch.Tensor
    lossless: MatchedFilter
    stored: MatchedFilter

    def evidence(self, image: Images, *, stored: bool) -> _Array:
        """How well the grid fits at each place where it can start, `(f, f)` by row and column, in standard deviations.

        Args:
            image: `(1, 3, h, w)` in [0, 1], both sides at least a cell and a patch.
            stored: whether it was stored as JPEG.
        """
        matched = self.stored if stored else self.lossless
        return matched.evidence(_pattern_of(image, self.filters, len(matched.weights)))


@torch.inference_mode()
def learned_lattice(model: Autoencoder) -> Lattice:
    """What is learned of a decoder. It takes seconds; `wherefrom.methods.arithmetic.kept_lattice` keeps it.

    Args:
        model: one that takes images of any size, with a factor of at least 2.
    """
    reconstructed, drawn = _training_pictures(model)
    filters = _filters_of(to_images(reconstructed), model.factor)
    lossless, stored = (_learned_filter(reconstructed, drawn, filters, model.factor, of) for of in (_LOSSLESS, _STORED))
    return Lattice(filters=filters, lossless=lossless, stored=stored)


def _training_pictures(model: Autoencoder) -> tuple[list[Pixels], list[Pixels]]:
    """Pieces of photos as the model makes them, and as they were.

    Args:
        model: see `learned_lattice`.
    """
    side = min(max(_CELLS * model.factor, _SMALLEST), _LARGEST)
    drawn = photo_pieces(_PICTURES, side // model.factor * model.factor)
    return [_passed(model, picture) for picture in drawn], drawn


def _learned_filter(
    reconstructed: Sequence[Pixels], drawn: Sequence[Pixels], filters: torch.Tensor, factor: int, stored: Sequence[str]
) -> MatchedFilter:
    """The matched filter for images that were edited so: what the decoder made and the pictures, cut at drawn places.

    Args:
        reconstructed: the pictures as the decoder makes them.
        drawn: the pictures.
        filters: see `Lattice`.
        factor: pixels a side of a cell.
        stored: names of edits.
    """
    means: list[_Array] = []
    noise: list[_Complex] = []
    rng = np.random.default_rng(0)
    for edit in map(edits.load, stored):
        starts = rng.integers(0, factor, (len(drawn), 2))
        patterns = [
            _of_pixels(edit.apply(_from(x, *at)), filters, factor) for x, at in zip(reconstructed, starts, strict=True)
        ]
        means.append(np.mean([np.roll(x, at, (1, 2)) for x, at in zip(patterns, starts, strict=True)], axis=0))
        others = [_of_pixels(edit.apply(_from(x, *at)), filters, factor) for x, at in zip(drawn, starts, strict=True)]
        noise += [np.fft.fft2(other) for other in others]
    weights = _matched_weights(np.mean(means, axis=0), np.stack(noise))
    spread = np.std([_correlated(weights, np.fft.ifft2(one).real) for one in noise])
    return MatchedFilter(weights=weights, deviation=float(spread) or 1.0)


def _matched_weights(mean: _Array, noise: _Complex) -> _Complex:
    """The mean pattern over the noise's covariance of filters, at each frequency of a cell, `(f, f, k)`.

    Args:
        mean: `(k, f, f)`, of what the decoder made.
        noise: `(n, k, f, f)`, the Fourier transforms of patterns that no decoder made.
    """
    covariance = np.einsum("nkuv,nluv->uvkl", noise, noise.conj()) / len(noise)
    count = covariance.shape[-1]
    level = float(np.trace(covariance, axis1=2, axis2=3).real.mean()) / count
    damped = covariance + (_DAMPING * level + ROUNDING) * np.eye(count)
    wanted = np.fft.fft2(mean).transpose(1, 2, 0)[..., None]
    return np.asarray(np.linalg.solve(damped, wanted)[..., 0], dtype=np.complex128)


def _correlated(matched: _Complex, pattern: _Array) -> _Array:
    """The match of a pattern `(k, f, f)` at each place, `(f, f)`."""
    correlation: _Array = np.fft.ifft2(np.einsum("uvk,kuv->uv", matched.conj(), np.fft.fft2(pattern))).real
    return correlation


def _filters_of(images: Images, factor: int) -> torch.Tensor:
    """The filters with the least energy on the grid over that off it, `(k, 3, 8, 8)`.

    Args:
        images: `(n, 3, h, w)`, that the decoder made; the grid starts at the first pixel.
        factor: pixels a side of a cell.
    """
    places = np.random.default_rng(1).permutation(np.arange(1, factor**2))[:_OFF]
    on = _covariance(images, 0, 0, factor)
    off = np.mean([_covariance(images, place // factor, place % factor, factor) for place in places], axis=0)
    flat = scipy.linalg.null_space(np.ones((1, PATCH**2)))
    basis = scipy.linalg.block_diag(*[flat] * _CHANNELS)
    ridge = _RIDGE * np.eye(basis.shape[1])
    _, vectors = scipy.linalg.eigh(basis.T @ on @ basis + ridge, basis.T @ off @ basis + ridge)
    filters = (basis @ vectors[:, :_FILTERS]).T
    filters /= np.linalg.norm(filters, axis=1, keepdims=True)
    return torch.from_numpy(filters.reshape(-1, _CHANNELS, PATCH, PATCH)).float()


def _covariance(images: Images, top: int, left: int, factor: int) -> _Array:
    """Of patches that start there in each cell: without their mean colour, and each of length 1 but for rounding."""
    patches = torch.nn.functional.unfold(images[:, :, top:, left:], PATCH, stride=factor)
    rows = patches.transpose(1, 2).reshape(-1, _CHANNELS, PATCH**2)
    rows = (rows - rows.mean(2, keepdim=True)).flatten(1).double()
    rows = rows / (rows.square().mean(1, keepdim=True) + 4 * ROUNDING).sqrt()
    covariance: _Array = (rows.T @ rows / len(rows)).numpy()
    return covariance


def _passed(model: Autoencoder, picture: Pixels) -> Pixels:
    """What the model makes of a picture, in 8 bits."""
    images = to_images([picture]).to(model.device)
    reconstructed: Pixels = to_pixels(model.decode(model.encode(images)))[0]
    return reconstructed


def _from(picture: Pixels, top: int, left: int) -> Pixels:
    """The picture without its first rows and columns."""
    return np.ascontiguousarray(picture[top:, left:])


def _of_pixels(pixels: Pixels, filters: torch.Tensor, factor: int) -> _Array:
    return _pattern_of(to_images([pixels]), filters, factor)


def _pattern_of(image: Images, filters: torch.Tensor, factor: int) -> _Array:
    """Log energies of the filters by place within a cell, less their mean over the places, `(k, f, f)`.

    Args:
        image: `(1, 3, h, w)`.
        filters: see `Lattice`.
        factor: pixels a side of a cell.
    """
    energy = (torch.nn.functional.conv2d(image, filters.to(image)).square() + ROUNDING).log()[0]
    rows, columns = (side // factor for side in energy.shape[1:])
    whole = energy[:, : rows * factor, : columns * factor].reshape(-1, rows, factor, columns, factor)
    places = whole.mean((1, 3)).double().cpu().numpy()
    centred: _Array = places - places.mean((1, 2), keepdims=True)
    return centred
