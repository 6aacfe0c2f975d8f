"""What a decoder does within its cells, as it is left in images that were resized since. With torch.

A part of an image that was resized by a factor is brought back to the decoder's own scale first. What resizing took
away stays away, so what is looked for differs by factor: filters and pattern are learned once for each of several
factors, as `wherefrom.methods.arithmetic.lattice` learns them for images that were not resized.

Bringing back leaves traces of its own, which are alike in all images. So the mean pattern of pictures that no decoder
made, resized by the same factor, by others and not at all, is taken off first.

For images that were stored as JPEG after they were resized everything is learned once more, from pictures so stored: a
JPEG leaves less of the pattern and has a grid of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from wherefrom.core.tensors import Images
from wherefrom.images import edits
from wherefrom.images.batches import to_images
from wherefrom.images.convert import Pixels
from wherefrom.methods.arithmetic.lattice import (
    MatchedFilter,
    learned_filters,
    matched_weights,
    pattern_of,
)

__all__ = [
    "Part",
    "Planes",
    "ScaleLattice",
    "brought_back",
    "learned_scale_lattice",
    "nearest_scale",
    "planes_of",
]

_LOSSLESS: Final = (
    *(0.4, 0.42, 0.45, 0.475, 0.5, 0.53, 0.565, 0.6, 0.635, 2 / 3, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95),
    *(1.0, 1.05, 1.1, 1.2, 1.25, 4 / 3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.12, 2.25, 2.4),
)
"""Factors for which something is learned of images stored without loss; others are asked by the nearest of them, within
a few hundredths, since what is left of a weak pattern at one factor is hardly found by what was learned at another that
differs by a tenth. Simple fractions are among them: resizing by those leaves traces of its own that repeat within few
pixels."""
_SIMPLE: Final = (0.5, 0.6, 2 / 3, 0.75, 0.8, 1.0, 1.2, 1.25, 4 / 3, 1.5, 5 / 3, 1.75, 2.0, 2.5)
_STEP: Final = 0.01
"""How far apart, in their logarithms, factors are for which something is learned of images stored as JPEG, beside the
simple fractions. Its grid of 8 x 8 pixels lies over what the decoder left, and what two factors leave is alike only
where they differ by less than that."""
_ALIKE: Final = 0.4 * _STEP
"""How near a factor is to a simple fraction whose traces it has."""
_STORED: Final = ("jpeg:90", "jpeg:75", "jpeg:50")
_OTHERS: Final = (0.55, 0.65, 0.8, 1.15, 1.4, 1.8)
"""Factors by which pictures that no decoder made are resized too."""
Planes = tuple[Image.Image, Image.Image, Image.Image]
_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of an image before it was resized.

    Attributes:
        top: of its rows, in pixels before.
        left: of its columns.
        height: in pixels before.
        width: in pixels before.
    """

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ScaleLattice:
    """What is looked for in images that were resized by a factor.

    Attributes:
        scale: the factor.
        filters: `(k, 3, 8, 8)`, each of length 1.
        matched: how their pattern is compared.
        centre: `(k, f, f)`, the mean pattern of pictures that no decoder made.
        pixels: of each picture that it was learned from.
    """

    scale: float
    filters: torch.Tensor
    matched: MatchedFilter
    centre: _Array
    pixels: int

    def evidence(self, parts: Sequence[Images]) -> _Array:
        """How well the grid fits at each place where it can start, `(f, f)`, in standard deviations.

        Of fewer pixels than it was learned from, patterns vary more, and count for less.

        Args:
            parts: of one image, each `(1, 3, h, w)` on the decoder's own scale, from the first pixel of a cell.
        """
        factor = self.centre.shape[1]
        areas = np.array([part[0, 0].numel() for part in parts], dtype=np.float64)
        patterns = np.stack([pattern_of(part, self.filters, factor) for part in parts])
        pattern = np.average(patterns, axis=0, weights=areas) - self.centre
        found: _Array = self.matched.evidence(pattern) * min(1.0, math.sqrt(areas.sum() / self.pixels))
        return found


def planes_of(pixels: Pixels) -> Planes:
    """Red, green and blue, each as an image of numbers that are not rounded.

    Args:
        pixels: `(h, w, 3)` uint8.
    """
    red, green, blue = (Image.fromarray(plane) for plane in np.moveaxis(pixels, 2, 0).astype(np.float32))
    return red, green, blue


def brought_back(planes: Planes, before: tuple[int, int], part: Part) -> Images:
    """A part of an image as it may have been before it was resized, `(1, 3, h, w)`, nominally in [0, 1].

    By Lanczos' filter, from the very place that the part has now, which need not be whole pixels.

    Args:
        planes: of the whole image as it is now.
        before: `(height, width)` of the whole image then.
        part: of that.
    """
    columns, rows = (now / then for now, then in zip(planes[0].size, reversed(before), strict=True))
    box = (
        part.left * columns,
        part.top * rows,
        (part.left + part.width) * columns,
        (part.top + part.height) * rows,
    )
    size = (part.width, part.height)
    resized = [np.asarray(plane.resize(size, Image.Resampling.LANCZOS, box=box)) for plane in planes]
    return torch.from_numpy(np.stack(resized)[None] / np.float32(255))


def nearest_scale(scale: float, *, stored: bool = False) -> float:
    """The factor for which something is learned, and by which an image is asked that may have been resized by another.

    Args:
        scale: by which an image may have been resized.
        stored: whether it was stored as JPEG since.
    """
    nearest = min(_SIMPLE if stored else _LOSSLESS, key=lambda learned: abs(math.log(learned / scale)))
    if not stored or abs(math.log(nearest / scale)) < _ALIKE:
        return nearest
    return float(f"{math.exp(round(math.log(scale) / _STEP) * _STEP):.4g}")


@torch.inference_mode()
def learned_scale_lattice(
    reconstructed: Sequence[Pixels], drawn: Sequence[Pixels], scale: float, factor: int, *, stored: bool = False
) -> ScaleLattice:
    """What is learned for one factor.

    Args:
        reconstructed: pictures as the decoder makes them, each side whole cells.
        drawn: the pictures.
        scale: the factor.
        factor: pixels a side of a cell.
        stored: for images that were stored as JPEG after they were resized.
    """
    how = _STORED if stored else ("none",)
    own = [
        _seen_and_back(picture, scale, scale, factor, how[row % len(how)]) for row, picture in enumerate(reconstructed)
    ]
    filters = learned_filters(torch.cat(own), factor)
    others = [
        pattern_of(_seen_and_back(picture, once, scale, factor, how[row % len(how)]), filters, factor)
        for row, picture in enumerate(drawn)
        for once in (scale, 1.0, _OTHERS[row % len(_OTHERS)])
    ]
    centre: _Array = np.mean(others, axis=0)
    mean: _Array = np.mean([pattern_of(image, filters, factor) for image in own], axis=0) - centre
    weights = matched_weights(mean, np.fft.fft2(np.stack(others) - centre))
    unit = MatchedFilter(weights=weights, deviation=1.0)
    deviation = float(np.std([unit.evidence(other - centre) for other in others])) or 1.0
    return ScaleLattice(
        scale=scale,
        filters=filters,
        matched=MatchedFilter(weights=weights, deviation=deviation),
        centre=centre,
        pixels=own[0][0, 0].numel(),
    )


def _seen_and_back(picture: Pixels, resized: float, taken: float, factor: int, stored: str) -> Images:
    """A picture that was resized by one factor and stored, brought back as if it had been by another: whole cells."""
    edit = stored if resized == 1 else f"resize:{resized:g}" if stored == "none" else f"resize:{resized:g}+{stored}"
    seen = edits.load(edit).apply(picture)
    if taken == 1:
        height, width = (side // factor * factor for side in seen.shape[:2])
        return to_images([np.ascontiguousarray(seen[:height, :width])])
    before = [max(factor, round(side / taken / factor) * factor) for side in seen.shape[:2]]
    whole = Part(top=0, left=0, height=before[0], width=before[1])
    return brought_back(planes_of(seen), (before[0], before[1]), whole)
