"""How edits change the sides of an image, and how large the image was whose edited side is known. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import ImageError

if TYPE_CHECKING:
    from wherefrom.images.edits.steps import Step

__all__ = ["SCALING", "after", "dropped", "original", "reduced"]

SCALING: Final = ("resize", "screenshot")
"""Edits that leave an image of another scale."""


def dropped(step: Step, axis: int) -> tuple[int, int]:
    """Rows (axis 0) or columns (axis 1) that a step cuts off at the start and at the end.

    Args:
        step: a step with what it cuts off, where a seed would say.
        axis: 0 for rows, 1 for columns.
    """
    if step.kind == "crop":
        return int(step.values[1 - axis]), 0
    if step.kind == "screenshot":
        return int(step.values[2 - axis]), int(step.values[4 - axis])
    return 0, 0


def after(steps: Sequence[Step], side: int, axis: int) -> int:
    """How long a side is after some steps; not positive where nothing is left.

    Args:
        steps: from left to right.
        side: before them, in pixels.
        axis: 0 for rows, 1 for columns.
    """
    for step in steps:
        scaled = round(side * float(step.values[0])) if step.kind in SCALING else side
        side = scaled - sum(dropped(step, axis))
    return side


def original(steps: Sequence[Step], seen: int, factor: int, axis: int) -> tuple[int, int]:
    """The side of the image before some steps, and how much of the seen side such an image accounts for.

    The side before is a multiple of `factor`: of those that the steps bring to `seen`, the nearest to what it would be
    without any rounding. Where there is none, the longest that stays under `seen`.

    Args:
        steps: screenshots among them with what they cut off.
        seen: the side after the steps.
        factor: of the model that made the image before, in pixels.
        axis: 0 for rows, 1 for columns.

    Raises:
        ImageError: when even the smallest image would be longer than `seen`.
    """
    exact = float(seen)
    for step in reversed(steps):
        exact += sum(dropped(step, axis))
        exact /= float(step.values[0]) if step.kind in SCALING else 1
    fitting = []
    for count in range(math.ceil(exact / factor) + 2, 0, -1):
        reached = after(steps, count * factor, axis)
        if reached == seen:
            fitting.append(count * factor)
        elif reached < seen and not fitting and reached > 0:
            return count * factor, reached
        elif reached < seen:
            break
    if not fitting:
        least = max(after(steps, factor, axis), 1)
        raise ImageError(
            f"a side of {seen} pixels is too short: the model's smallest image leaves {least} after the edit"
        )
    return min(fitting, key=lambda side: (abs(side - exact), side)), seen


def reduced(steps: Sequence[Step], factor: int) -> tuple[Step, ...]:
    """The same steps, but that crops before any other drop less than a factor.

    Whole cells of a decoder's grid that were cut off leave the rest of the grid where it is. After a change of scale
    they are not spared: how far it went is told by the whole side, which is rounded to whole pixels.

    Args:
        steps: from left to right.
        factor: of the decoder: pixels a cell of its grid.
    """
    shortened, leading = [], True
    for step in steps:
        leading = leading and step.kind == "crop"
        values = tuple(int(value) % factor for value in step.values) if leading else step.values
        shortened.append(replace(step, values=values))
    return tuple(shortened)
