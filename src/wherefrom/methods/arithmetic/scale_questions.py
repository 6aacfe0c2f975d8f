"""What a decoder says of the factor by which an image was resized. With torch.

First it is asked about every factor on one small part of the image, brought back by that factor: how well it
reconstructs the part, against what the factors next to it lead one to expect. That sets the order in which it is asked
about all of the image, or a large part: how much better it reconstructs that than a copy of it turned upside down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from wherefrom.core.arrays import Vector
from wherefrom.core.tensors import Images
from wherefrom.core.units import bands
from wherefrom.images import edits
from wherefrom.images.operators import operator
from wherefrom.measures.bands import band_log_energies, block_dct, content_weights
from wherefrom.measures.texture import textured_place
from wherefrom.methods.arithmetic.control_copies import turned
from wherefrom.methods.arithmetic.scale_candidates import Candidate
from wherefrom.methods.arithmetic.scale_parts import Part, Planes, brought_back
from wherefrom.models.base import Autoencoder

__all__ = ["Question", "asked_in_turn"]

_AHEAD: Final = 6.0
"""Standard deviations by which one factor has to be ahead of all others that the decoder was asked about, for no other
to be asked about."""
_LEAST: Final = 3
"""Factors that are asked about before that ends the questions."""
_LARGEST_PART: Final = 256
"""Pixels a side up to which the decoder is asked about a whole image; of larger ones about a part of that size."""
_SMALL_PARTS: Final = (128, 96, 80, 64)
"""Pixels a side of the part about which the decoder is asked first: the largest that the price allows for all factors,
or the smallest."""
_FIRST: Final = 0.3
"""The share of the price that first questions may have."""
_MOST: Final = 16
"""Factors that the decoder is asked about again, at most."""
_FEW: Final = 12
"""Factors up to which first questions are not needed."""
_NEXT: Final = 3
"""Factors on each side that say what is to be expected of one."""
_BLOCK: Final = 4
_KEPT_BY_JPEG: Final = tuple(bands(_BLOCK).index(f"grey_{place}") for place in ("01", "02", "10", "11", "20"))
"""Bands of low frequency in grey, of blocks of 4 pixels: what a JPEG keeps of an error. The others only add noise."""
_DEVIATION: Final = 6.0
"""How much the log energy of the error, against that of the copy, varies over wrong factors, times the side of the part
in pixels; chosen on images of `taesd`."""
_COPY: Final = "turn180"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A factor that a decoder can be asked about.

    Attributes:
        candidate: the factor.
        planes: of the part of the image that it accounts for.
    """

    candidate: Candidate
    planes: Planes


def asked_in_turn(
    model: Autoencoder, questions: Sequence[Question], reconstructions: float, *, stored: bool
) -> list[tuple[float, Candidate]]:
    """Some factors with the decoder's evidence for them, the most evident first.

    Evidence is in standard deviations of wrong factors.

    Args:
        model: one that takes images of any size.
        questions: about each factor; the first is about 1, which accounts for most of the image.
        reconstructions: of the whole image, that all questions may cost together; one is always asked.
        stored: whether the image was stored as JPEG after it was resized.
    """
    place = textured_place(np.asarray(questions[0].planes[1]))
    order: Sequence[int] = range(len(questions))
    if len(questions) > _FEW:
        parts = _first_parts(questions, model.factor, place, _FIRST * reconstructions)
        reconstructions -= _together(questions, parts)
        order = np.argsort(-_first_evidence(model, questions, parts, stored=stored), kind="stable").tolist()
    asked: list[tuple[float, Candidate]] = []
    for one in (questions[row] for row in order[:_MOST]):
        part = _part(one.candidate, model.factor, _LARGEST_PART, place)
        reconstructions -= 2 * _price(one.candidate, part)
        if asked and reconstructions < 0:
            break
        asked.append((_against_copy(model, one, part, stored=stored), one.candidate))
        asked.sort(key=lambda one: -one[0])
        if len(asked) >= _LEAST and asked[0][0] - asked[1][0] >= _AHEAD:
            break
    return asked


def _first_parts(questions: Sequence[Question], factor: int, place: tuple[float, float], most: float) -> list[Part]:
    """For each factor the part that the decoder is asked about first: the largest whose price is not above the most."""
    sizes = [[_part(one.candidate, factor, side, place) for one in questions] for side in _SMALL_PARTS]
    return next((parts for parts in sizes if _together(questions, parts) <= most), sizes[-1])


def _together(questions: Sequence[Question], parts: Sequence[Part]) -> float:
    """What one reconstruction of a part for each factor costs."""
    return sum(_price(one.candidate, part) for one, part in zip(questions, parts, strict=True))


def _price(one: Candidate, part: Part) -> float:
    """What one reconstruction of a part costs, in reconstructions of the whole image.

    The whole image as it is now, or as it was before where that was larger.
    """
    return part.height * part.width / max(math.prod(one.before), math.prod(one.seen))


def _first_evidence(
    model: Autoencoder, questions: Sequence[Question], parts: Sequence[Part], *, stored: bool
) -> Vector:
    """How much better a part is reconstructed than the factors next to it lead one to expect, for each factor.

    The error changes slowly from factor to factor, as the content does that they bring back, but for the right one. So
    it is compared with a line through those of the next factors on both sides, where all are of one part.
    """
    errors = np.array(
        [
            _log_energy(model, _image(model, one, part), one.candidate.scale, stored=stored)[0]
            for one, part in zip(questions, parts, strict=True)
        ]
    )
    logs = np.log([one.candidate.scale for one in questions])
    order = np.argsort(logs, kind="stable")
    expected = np.empty(len(errors))
    for at, row in enumerate(order):
        near = np.delete(order[max(0, at - _NEXT) : at + _NEXT + 1], min(at, _NEXT))
        expected[row] = np.polynomial.Polynomial.fit(logs[near], errors[near], 1)(logs[row])
    return np.asarray(expected - errors)


def _against_copy(model: Autoencoder, one: Question, part: Part, *, stored: bool) -> float:
    """How much better a part is reconstructed than a turned copy of it, in standard deviations of wrong factors.

    Args:
        model: see `asked_in_turn`.
        one: the factor.
        part: of the image before, from the first pixel of a cell.
        stored: see `asked_in_turn`.
    """
    image = _image(model, one, part)
    own, copy = _log_energy(model, torch.cat([image, turned(image, _COPY)]), one.candidate.scale, stored=stored)
    return (copy - own) * math.sqrt(part.height * part.width) / _DEVIATION


def _image(model: Autoencoder, one: Question, part: Part) -> Images:
    """A part of the image, brought back by a factor."""
    return brought_back(one.planes, one.candidate.before, part).clamp(0, 1).to(model.device)


def _log_energy(model: Autoencoder, images: Images, scale: float, *, stored: bool) -> list[float]:
    """The mean log energy of each image's error over bands and blocks.

    Of an image that was made smaller, the error is looked at as it is left by that. After a JPEG few bands count, and
    blocks by what the image shows there: of smooth blocks a JPEG keeps nothing.

    Args:
        model: see `asked_in_turn`.
        images: `(n, 3, h, w)`, brought back.
        scale: the factor by which they are taken to have been resized.
        stored: see `asked_in_turn`.
    """
    made = model.decode(model.encode(images))
    if scale < 1:
        seen = operator(edits.load(f"resize:{scale:g}"), (images.shape[2], images.shape[3]))
        images, made = seen.apply(images), seen.apply(made)
    height, width = (side // _BLOCK * _BLOCK for side in images.shape[2:])
    error, shown = (block_dct(each[:, :, :height, :width].contiguous(), _BLOCK) for each in (made - images, images))
    if not stored:
        return [float(mean) for mean in band_log_energies(error).mean(1)]
    energies = band_log_energies(error, weights=content_weights(shown))
    return [float(mean) for mean in energies[:, list(_KEPT_BY_JPEG)].mean(1)]


def _part(one: Candidate, factor: int, largest: int, place: tuple[float, float]) -> Part:
    """The part of the image before that the decoder is asked about, of whole cells."""
    (top, height), (left, width) = (
        _along(side, factor, largest, at) for side, at in zip(one.before, place, strict=True)
    )
    return Part(top=top, left=left, height=height, width=width)


def _along(side: int, factor: int, largest: int, place: float) -> tuple[int, int]:
    """Start and length of whole cells along one side."""
    length = max(1, min(largest, side) // factor) * factor
    most = (side - length) // factor
    return min(most, max(0, round((place * side - length / 2) / factor))) * factor, length
