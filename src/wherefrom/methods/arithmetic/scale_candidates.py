"""The factors by which an image may have been resized since a decoder made it.

Of an image that was resized as a whole, each side before was a whole number of the decoder's cells. So only some
factors can have been, a few dozen for an image of 192 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wherefrom.core.errors import ImageError
from wherefrom.images import edits
from wherefrom.images.edits.sides import original
from wherefrom.methods.arithmetic.lattice import PATCH
from wherefrom.methods.arithmetic.scale_parts import Planes

__all__ = ["Candidate", "named_candidates", "possible_candidates", "seen_planes"]

_SMALLEST, _LARGEST = 0.4, 2.5
"""The factors between which an image of unknown size before is searched."""
_LEAST_CELLS: Final = 3


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


def seen_planes(planes: Planes, one: Candidate) -> Planes:
    """The part of an image that a factor accounts for.

    Args:
        planes: of the whole image.
        one: the factor.
    """
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
