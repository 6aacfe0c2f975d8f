"""What a decoder says of the factor by which an image was resized. With torch.

It is asked about one factor after the other, the likeliest first: how much better it reconstructs the image, brought
back by that factor, than a copy of that turned upside down. It is asked about all of a small image: in the middle, the
grids of factors that differ by two cells fall together. Of a large image there is enough for a first question about
each factor, on a small part; those say in which order it is asked about larger parts.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch

from wherefrom.core.tensors import Images
from wherefrom.images import edits
from wherefrom.images.operators import operator
from wherefrom.measures.bands import band_log_energies, block_dct
from wherefrom.methods.arithmetic.control_copies import turned
from wherefrom.methods.arithmetic.poses import KEPT_BY_JPEG
from wherefrom.methods.arithmetic.scale_candidates import Candidate, Tried, ranked, seen_planes
from wherefrom.methods.arithmetic.scale_lattice import Part, Planes, brought_back
from wherefrom.models.base import Autoencoder

__all__ = ["affordable", "asked_in_turn"]

_COUNTED: Final = 0.25
"""What one standard deviation of the pixels' evidence counts beside the decoder's: some pictures have far more than
others, by patterns of their own."""
_EVIDENT: Final = 6.0
"""Standard deviations of the decoder's evidence for one factor with which no other is asked about."""
_LARGEST_PART: Final = 256
"""Pixels a side up to which the decoder is asked about a whole image; of larger ones about a part of that size."""
_SMALL_PARTS: Final = (128, 96)
"""Pixels a side of the part of a large image about which the decoder is asked first: the larger where the price allows
it for all factors."""
_FIRST: Final = 0.5
"""The share of the price that first questions may have."""
_PLACES: Final = (0.23, 0.38, 0.62, 0.77)
"""Where along a side the middle of such a part may be, as shares of it; no simple fractions: at those, grids of factors
fall together."""
_REACH: Final = 1 / 6
"""How far around a place, as a share of a side, texture is looked at."""
_TEXTURE: Final = 8
"""Pixels a side of the blocks whose texture is looked at."""
_BLOCK: Final = 4
_DEVIATION: Final = 6.0
"""How much the log energy of the error, against that of the copy, varies over wrong factors, times the side of the part
in pixels; chosen on images of `taesd`."""
_COPY: Final = "turn180"


def affordable(candidates: Sequence[Candidate], factor: int, reconstructions: float) -> int:
    """How many factors of a large image the decoder can be asked about for a part of that; none of a small one.

    Args:
        candidates: the factors.
        factor: pixels a side of a cell.
        reconstructions: of the whole image, that all questions may cost together.
    """
    anywhere = (_PLACES[0], _PLACES[0])
    tried = [Tried(candidate=one, evidence=0.0) for one in candidates]
    parts = _small_parts(tried, factor, _SMALL_PARTS[-1], anywhere)
    large = bool(tried) and _is_large(candidates[0])
    return int(_FIRST * reconstructions * len(tried) / _together(tried, parts)) if large else 0


def asked_in_turn(
    model: Autoencoder, planes: Planes, near: Sequence[Tried], reconstructions: float, *, stored: bool
) -> list[Tried]:
    """Some factors as the decoder ranks them, then those that it was not asked about.

    Of a large image it is asked about small parts first, about all factors, which sets the order.

    Args:
        model: one that takes images of any size.
        planes: of the whole image.
        near: the factors, the most evident first.
        reconstructions: of the whole image, that all questions may cost together; one is always asked.
        stored: whether the image was stored as JPEG after it was resized, so that few bands count.
    """

    def said(one: Tried, part: Part) -> float:
        return _of_decoder(model, planes, one.candidate, part, stored=stored)

    counted, order = [_COUNTED * one.evidence for one in near], list(range(len(near)))
    place_of_parts = _textured_place(planes)
    for side in _SMALL_PARTS if _is_large(near[0].candidate) else ():
        small = _small_parts(near, model.factor, side, place_of_parts)
        if (first := _together(near, small)) <= _FIRST * reconstructions:
            reconstructions -= first
            looks = [said(one, part) + own for one, part, own in zip(near, small, counted, strict=True)]
            order = sorted(order, key=lambda place: -looks[place])
            break
    asked: list[Tried] = []
    for place in order:
        part = _asked_part(near[place], model.factor, _LARGEST_PART, place_of_parts)
        reconstructions -= _price(near[place].candidate, part)
        if asked and reconstructions < 0:
            break
        found = said(near[place], part)
        asked.append(replace(near[place], evidence=counted[place] + found))
        if found >= _EVIDENT:
            break
    rest = [replace(near[place], evidence=counted[place]) for place in order[len(asked) :]]
    return [*ranked(asked), *rest]


def _is_large(one: Candidate) -> bool:
    """Whether the image as it is now has more pixels than the decoder is asked about at once."""
    return math.prod(one.seen) > _LARGEST_PART**2


def _small_parts(near: Sequence[Tried], factor: int, side: int, place: tuple[float, float]) -> list[Part]:
    """For each factor the part that the decoder is asked about first."""
    return [_asked_part(one, factor, side, place) for one in near]


def _together(near: Sequence[Tried], parts: Sequence[Part]) -> float:
    """What questions about a part for each factor cost together."""
    return sum(_price(one.candidate, part) for one, part in zip(near, parts, strict=True))


def _price(one: Candidate, part: Part) -> float:
    """What a question about a part costs, in reconstructions of the whole image: it and its copy are reconstructed.

    The whole image as it is now, or as it was before where that was larger.
    """
    return 2 * part.height * part.width / max(math.prod(one.before), math.prod(one.seen))


def _of_decoder(model: Autoencoder, planes: Planes, one: Candidate, part: Part, *, stored: bool) -> float:
    """What the decoder says of one factor, in standard deviations of wrong factors.

    Args:
        model: see `find_scale`.
        planes: of the whole image.
        one: the factor.
        part: of the image before, from the first pixel of a cell.
        stored: see `asked_in_turn`.
    """
    image = brought_back(seen_planes(planes, one), one.before, part).clamp(0, 1).to(model.device)
    return -_against_copy(model, image, one.scale, stored=stored) * math.sqrt(part.height * part.width) / _DEVIATION


def _against_copy(model: Autoencoder, image: Images, scale: float, *, stored: bool) -> float:
    """The mean log energy of an image's error minus that of its copy's: near 0 unless the decoder made it so.

    Of an image that was made smaller, the errors are compared as they are left by that.

    Args:
        model: see `find_scale`.
        image: `(1, 3, h, w)`, brought back.
        scale: the factor by which it is taken to have been resized.
        stored: see `asked_in_turn`.
    """
    both = torch.cat([image, turned(image, _COPY)])
    made = model.decode(model.encode(both))
    if scale < 1:
        seen = operator(edits.load(f"resize:{scale:g}"), (both.shape[2], both.shape[3]))
        both, made = seen.apply(both), seen.apply(made)
    height, width = (side // _BLOCK * _BLOCK for side in both.shape[2:])
    energies = band_log_energies(block_dct((made - both)[:, :, :height, :width].contiguous(), _BLOCK))
    counted = (energies[:, list(KEPT_BY_JPEG)] if stored else energies).mean(1)
    return float(counted[0] - counted[1])


def _textured_place(planes: Planes) -> tuple[float, float]:
    """Where an image has most texture, as shares of its height and width: what is smooth shows no decoder."""
    green = np.asarray(planes[1])
    rows, columns = (side // _TEXTURE for side in green.shape)
    if not rows or not columns:
        return _PLACES[0], _PLACES[0]
    blocks = green[: rows * _TEXTURE, : columns * _TEXTURE].reshape(rows, _TEXTURE, columns, _TEXTURE)
    texture = np.log1p(blocks.std(axis=(1, 3)))

    def around(place: tuple[float, float]) -> float:
        lines = (
            slice(int((middle - _REACH) * side), max(1, math.ceil((middle + _REACH) * side)))
            for middle, side in zip(place, texture.shape, strict=True)
        )
        return float(texture[tuple(lines)].mean())

    return max(itertools.product(_PLACES, _PLACES), key=around)


def _asked_part(tried: Tried, factor: int, largest: int, place: tuple[float, float]) -> Part:
    """The part of the image before that the decoder is asked about, on the grid of the factor."""
    sides = zip(tried.candidate.before, tried.start, place, strict=True)
    (top, height), (left, width) = (_cells_along(side, start, factor, largest, at) for side, start, at in sides)
    return Part(top=top, left=left, height=height, width=width)


def _cells_along(side: int, start: int, factor: int, largest: int, place: float) -> tuple[int, int]:
    """Start and length of whole cells along one side, on the grid that starts there."""
    length = max(1, min(largest, side - start) // factor) * factor
    most = (side - start - length) // factor
    first = min(most, max(0, round((place * side - length / 2 - start) / factor)))
    return start + first * factor, length
