"""By how much an image was resized since the decoder made it. With torch.

Of an image that was resized as a whole, each side before was a whole number of the decoder's cells. So only some
factors can have been, a few dozen for an image of 192 pixels. Each is asked on small parts of the image by what the
decoder leaves within its cells, the likeliest again on larger ones. Where that does not settle it, the decoder is asked
about one factor after the other, the likeliest first: how much better it reconstructs the image, brought back by that
factor, than a copy of that turned upside down. It is asked about all of a small image: in the middle, the grids of
factors that differ by two cells fall together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch

from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images
from wherefrom.images import edits
from wherefrom.images.convert import Pixels
from wherefrom.images.edits.sides import original
from wherefrom.images.operators import operator
from wherefrom.measures.bands import band_log_energies, block_dct
from wherefrom.methods.arithmetic.control_copies import turned
from wherefrom.methods.arithmetic.kept_lattice import scale_lattice_of
from wherefrom.methods.arithmetic.lattice import PATCH
from wherefrom.methods.arithmetic.scale_lattice import Part, Planes, brought_back, planes_of
from wherefrom.models.base import Autoencoder

__all__ = ["Candidate", "ScaledImage", "find_scale", "named_candidates", "possible_candidates"]

_SMALLEST, _LARGEST = 0.4, 2.5
"""The factors between which an image of unknown size before is searched."""
_LEAST_CELLS: Final = 3
_LIKELY: Final = 16
"""Factors that are looked at again, on larger parts; as many as the decoder can be asked about where that is more."""
_CLEAR: Final = 12.0
"""Standard deviations by which the most evident factor has to be ahead, or the decoder is asked."""
_COUNTED: Final = 0.25
"""What one standard deviation of the pixels' evidence counts beside the decoder's: some pictures have far more than
others, by patterns of their own."""
_EVIDENT: Final = 6.0
"""Standard deviations of the decoder's evidence for one factor with which no other is asked about."""
_PRICE: Final = 8.0
"""How many times as much as asking about places, asking about factors may cost."""
_LARGEST_PART: Final = 256
"""Pixels a side up to which the decoder is asked about a whole image; of larger ones about a part of that size."""
_PLACE: Final = 0.38
"""Of the middle of such a part, as a share of a side; no simple fraction, see `_Look`."""
_BLOCK: Final = 4
_DEVIATION: Final = 6.0
"""How much the log energy of the error, against that of the copy, varies over wrong factors, times the side of the part
in pixels; chosen on images of `taesd`."""
_COPY: Final = "turn180"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """How much of an image is looked at: all of a small one, else square parts at some places of each side."""

    whole: int  # pixels a side up to which an image is looked at whole
    side: int  # of a part
    places: tuple[float, ...]  # of the parts' middles, as shares of a side


_COARSE: Final = _Look(whole=136, side=64, places=(0.28, 0.62))
_FINE: Final = _Look(whole=288, side=96, places=(0.17, 0.43, 0.72))
"""Places are no simple fractions of a side: at those, the grids of different factors fall together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A factor by which an image may have been resized.

    Attributes:
        scale: the factor.
        before: `(height, width)` of the image before.
        seen: `(height, width)` of the part of the image that this accounts for, from the first pixel.
    """

    scale: float
    before: tuple[int, int]
    seen: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaledImage:
    """What was found.

    Attributes:
        scale: the likeliest factor; 1 for none.
        evidence: of the pixels for it, in standard deviations.
        lead: by how much it is ahead of any other factor; 0 where the decoder was not asked about a likelier one.
    """

    scale: float
    evidence: float
    lead: float


def named_candidates(scales: Sequence[float], size: tuple[int, int], factor: int) -> list[Candidate]:
    """Factors that somebody names, as far as an image of that size can have been resized by them.

    Args:
        scales: the factors.
        size: `(height, width)` of the image.
        factor: pixels a side of a cell.
    """
    return [one for one in (_candidate(scale, size, factor) for scale in scales) if one is not None]


def possible_candidates(size: tuple[int, int], factor: int) -> list[Candidate]:
    """All factors by which a whole image of the decoder may have been resized to that size.

    Sides are rounded to whole pixels, so that each number of cells leaves room for a factor; both sides must agree.

    Args:
        size: `(height, width)` of the image.
        factor: pixels a side of a cell.
    """
    longer, shorter = max(size), min(size)
    found: dict[tuple[int, int], Candidate] = {}
    for cells in range(math.ceil(longer / (_LARGEST * factor)), int(longer / (_SMALLEST * factor)) + 1):
        before = (cells * factor, max(1, round(cells * shorter / longer)) * factor)
        least, most = (
            pick((now + way / 2) / then for now, then in zip((longer, shorter), before, strict=True))
            for pick, way in ((max, -1), (min, 1))
        )
        one = _candidate(float(f"{(least + most) / 2:g}"), size, factor) if least < most else None
        if one is not None and one.scale != 1 and one.seen == size:
            found.setdefault(one.before, one)
    return list(found.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tried:
    """A factor, how evident it is, and where the grid starts if it is right."""

    candidate: Candidate
    evidence: float
    start: tuple[int, int] = (0, 0)


@torch.inference_mode()
def find_scale(
    model: Autoencoder, pixels: Pixels, candidates: Sequence[Candidate], *, crop: bool, reconstructions: float = 2.0
) -> ScaledImage:
    """The likeliest factor among the candidates and 1.

    Args:
        model: one that takes images of any size, with a factor of at least 2.
        pixels: `(h, w, 3)` uint8, at least three cells a side.
        candidates: factors other than 1.
        crop: whether the grid of an image that was not resized may start anywhere.
        reconstructions: of the whole image; questions to the decoder may cost eight times as many together; at least 1.
    """
    planes, factor = planes_of(pixels), model.factor
    height, width = (side // factor * factor for side in pixels.shape[:2])
    own = Candidate(scale=1.0, before=(height, width), seen=(height, width))

    def tried(one: Candidate, look: _Look) -> _Tried:
        return _tried(model, planes, one, look, anywhere=crop and one is own)

    likely = list(candidates)
    most = max(_LIKELY, int(_PRICE * reconstructions))
    if len(likely) > most:
        likely = [one.candidate for one in _sorted(tried(one, _COARSE) for one in likely)[:most]]
    fine = _sorted(tried(one, _FINE) for one in (own, *likely))
    if len(fine) > 1 and fine[0].evidence - fine[1].evidence < _CLEAR:
        fine = _asked_in_turn(model, planes, fine, _PRICE * reconstructions)
    lead = max(0.0, fine[0].evidence - max(one.evidence for one in fine[1:])) if len(fine) > 1 else 0.0
    return ScaledImage(scale=fine[0].candidate.scale, evidence=fine[0].evidence, lead=lead)


def _asked_in_turn(model: Autoencoder, planes: Planes, near: Sequence[_Tried], reconstructions: float) -> list[_Tried]:
    """Some factors as the decoder ranks them, then those that it was not asked about.

    Args:
        model: see `find_scale`.
        planes: of the whole image.
        near: the factors, the most evident first.
        reconstructions: of the whole image, that all questions may cost together; one is always asked.
    """
    asked: list[_Tried] = []
    for one in near:
        part = _asked_part(one, model.factor)
        reconstructions -= 2 * part.height * part.width / math.prod(one.candidate.before)  # of it and of its copy
        if asked and reconstructions < 0:
            break
        counted = _COUNTED * one.evidence
        asked.append(replace(one, evidence=counted + _of_decoder(model, planes, one.candidate, part)))
        if asked[-1].evidence - counted >= _EVIDENT:
            break
    rest = [replace(one, evidence=_COUNTED * one.evidence) for one in near[len(asked) :]]
    return [*_sorted(asked), *rest]


def _sorted(tried: Iterable[_Tried]) -> list[_Tried]:
    """The most evident first."""
    return sorted(tried, key=lambda one: -one.evidence)


def _tried(model: Autoencoder, planes: Planes, one: Candidate, look: _Look, *, anywhere: bool) -> _Tried:
    """What the pixels say of one factor; the grid of an image that was not resized may start anywhere."""
    parts = [brought_back(_seen(planes, one), one.before, part) for part in _parts(one.before, look, model.factor)]
    found = scale_lattice_of(model, one.scale).evidence(parts)
    top, left = (int(place) for place in np.unravel_index(found.argmax(), found.shape)) if anywhere else (0, 0)
    return _Tried(candidate=one, evidence=float(found[top, left]), start=(top, left))


def _of_decoder(model: Autoencoder, planes: Planes, one: Candidate, part: Part) -> float:
    """What the decoder says of one factor, in standard deviations of wrong factors.

    Args:
        model: see `find_scale`.
        planes: of the whole image.
        one: the factor.
        part: of the image before, from the first pixel of a cell.
    """
    image = brought_back(_seen(planes, one), one.before, part).clamp(0, 1).to(model.device)
    return -_against_copy(model, image, one.scale) * math.sqrt(part.height * part.width) / _DEVIATION


def _against_copy(model: Autoencoder, image: Images, scale: float) -> float:
    """The mean log energy of an image's error minus that of its copy's: near 0 unless the decoder made it so.

    Of an image that was made smaller, the errors are compared as they are left by that.

    Args:
        model: see `find_scale`.
        image: `(1, 3, h, w)`, brought back.
        scale: the factor by which it is taken to have been resized.
    """
    both = torch.cat([image, turned(image, _COPY)])
    made = model.decode(model.encode(both))
    if scale < 1:
        seen = operator(edits.load(f"resize:{scale:g}"), (both.shape[2], both.shape[3]))
        both, made = seen.apply(both), seen.apply(made)
    height, width = (side // _BLOCK * _BLOCK for side in both.shape[2:])
    energies = band_log_energies(block_dct((made - both)[:, :, :height, :width].contiguous(), _BLOCK)).mean(1)
    return float(energies[0] - energies[1])


def _asked_part(tried: _Tried, factor: int) -> Part:
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


def _seen(planes: Planes, one: Candidate) -> Planes:
    """The part of an image that a factor accounts for."""
    red, green, blue = (plane.crop((0, 0, one.seen[1], one.seen[0])) for plane in planes)
    return red, green, blue


def _candidate(scale: float, size: tuple[int, int], factor: int) -> Candidate | None:
    """One factor; None where no image of the decoder, or too small a one, can have become this by it."""
    steps = edits.load(f"resize:{scale:g}").steps
    try:
        rows, columns = (original(steps, side, factor, axis) for axis, side in enumerate(size))
    except ImageError:
        return None
    if min(rows[0], columns[0]) < max(_LEAST_CELLS * factor, factor + PATCH):
        return None
    return Candidate(scale=scale, before=(rows[0], columns[0]), seen=(rows[1], columns[1]))


def _parts(before: tuple[int, int], look: _Look, factor: int) -> list[Part]:
    """The parts of an image that are looked at, each from the first pixel of a cell."""
    rows, columns = (_along(side, look, factor) for side in before)
    return [Part(top=top, left=left, height=height, width=width) for top, height in rows for left, width in columns]


def _along(side: int, look: _Look, factor: int) -> list[tuple[int, int]]:
    """Start and length of the parts along one side."""
    length = look.side // factor * factor
    if side <= look.whole or length < factor + PATCH:
        return [(0, side)]
    return [(int(place * side - length / 2) // factor * factor, length) for place in look.places]
