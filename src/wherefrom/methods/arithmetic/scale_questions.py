"""What a decoder says of the factor by which an image was resized. With torch.

It is asked about one factor after the other, the likeliest first: how much better it reconstructs the image, brought
back by that factor, than a copy of that turned upside down. It is asked about all of a small image: in the middle, the
grids of factors that differ by two cells fall together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

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

__all__ = ["asked_in_turn"]

_COUNTED: Final = 0.25
"""What one standard deviation of the pixels' evidence counts beside the decoder's: some pictures have far more than
others, by patterns of their own."""
_EVIDENT: Final = 6.0
"""Standard deviations of the decoder's evidence for one factor with which no other is asked about."""
_LARGEST_PART: Final = 256
"""Pixels a side up to which the decoder is asked about a whole image; of larger ones about a part of that size."""
_PLACE: Final = 0.38
"""Of the middle of such a part, as a share of a side; no simple fraction: at those, grids of factors fall together."""
_BLOCK: Final = 4
_DEVIATION: Final = 6.0
"""How much the log energy of the error, against that of the copy, varies over wrong factors, times the side of the part
in pixels; chosen on images of `taesd`."""
_COPY: Final = "turn180"


def asked_in_turn(
    model: Autoencoder, planes: Planes, near: Sequence[Tried], reconstructions: float, *, stored: bool
) -> list[Tried]:
    """Some factors as the decoder ranks them, then those that it was not asked about.

    Args:
        model: one that takes images of any size.
        planes: of the whole image.
        near: the factors, the most evident first.
        reconstructions: of the whole image, that all questions may cost together; one is always asked.
        stored: whether the image was stored as JPEG after it was resized, so that few bands count.
    """
    asked: list[Tried] = []
    for one in near:
        part = _asked_part(one, model.factor)
        reconstructions -= 2 * part.height * part.width / math.prod(one.candidate.before)  # of it and of its copy
        if asked and reconstructions < 0:
            break
        counted = _COUNTED * one.evidence
        asked.append(replace(one, evidence=counted + _of_decoder(model, planes, one.candidate, part, stored=stored)))
        if asked[-1].evidence - counted >= _EVIDENT:
            break
    rest = [replace(one, evidence=_COUNTED * one.evidence) for one in near[len(asked) :]]
    return [*ranked(asked), *rest]


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


def _asked_part(tried: Tried, factor: int) -> Part:
    """The part of the image before that the decoder is asked about, on the grid of the factor."""
    sides = zip(tried.candidate.before, tried.start, strict=True)
    (top, height), (left, width) = (_cells_along(side, start, factor) for side, start in sides)
    return Part(top=top, left=left, height=height, width=width)


def _cells_along(side: int, start: int, factor: int) -> tuple[int, int]:
    """Start and length of whole cells along one side, on the grid that starts there."""
    length = max(1, min(_LARGEST_PART, side - start) // factor) * factor
    most = (side - start - length) // factor
    first = min(most, max(0, round((_PLACE * side - length / 2 - start) / factor)))
    return start + first * factor, length
