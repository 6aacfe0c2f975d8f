"""What edits of rows and columns are: one matrix an axis, taken from the program that makes them. No torch."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from wherefrom.images.edits.sides import after, dropped

if TYPE_CHECKING:
    from wherefrom.images.edits.steps import Step

__all__ = ["DAMPING", "SEPARABLE", "Pass", "passes", "resampled", "undoing"]

SEPARABLE: Final = ("back", "blur", "crop", "resize", "screenshot")
"""Edits that are a matrix over columns, then one over rows."""
DAMPING: Final = (0.15, 0.3)
"""What an edit leaves less of than this share is hardly amplified when it is undone; the second number where a JPEG, a
WebP or noise came after, which would be amplified too. Of those tried, the nearest to photos that were blurred."""
_BLOCK: Final = 8  # half the side of a block, in pixels
_KEPT: Final = 32  # pairs of axis and size

_Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pass:
    """One matrix over rows and one over columns.

    Attributes:
        rows: `(height after, height before)`.
        columns: `(width after, width before)`.
        rows_first: whether rows come before columns.
        clipped: whether values outside of the range are cut off after each of the two.
    """

    rows: _Matrix
    columns: _Matrix
    rows_first: bool = False
    clipped: bool = False


def passes(step: Step, size: tuple[int, int]) -> tuple[Pass, ...]:
    """What a step does; `back` has two passes, the others one.

    Args:
        step: one of `SEPARABLE`, a screenshot with what it cuts off.
        size: `(height, width)` before the step.
    """
    rows, columns = (_along(step, side, axis) for axis, side in enumerate(size))
    if step.kind in ("blur", "crop"):
        return (Pass(rows=rows[0], columns=columns[0]),)
    if step.kind == "screenshot":  # its filter leaves no range, so that the order is no matter
        return (Pass(rows=rows[0], columns=columns[0], clipped=True),)
    return tuple(
        Pass(rows=r, columns=c, rows_first=_rows_first((r.shape[1], c.shape[1]), (len(r), len(c))), clipped=True)
        for r, c in zip(rows, columns, strict=True)
    )


def _along(step: Step, side: int, axis: int) -> tuple[_Matrix, ...]:
    """What a step does along an axis, one matrix `(side after, side before)` a pass."""
    if step.kind == "blur":
        return (_blurred(side, float(step.values[0])),)
    if step.kind == "back":
        small = round(side * float(step.values[0]))
        return resampled(side, small, Image.Resampling.LANCZOS), resampled(small, side, Image.Resampling.LANCZOS)
    start, end = dropped(step, axis)
    how = Image.Resampling.BILINEAR if step.kind == "screenshot" else Image.Resampling.LANCZOS
    shown = np.eye(side) if step.kind == "crop" else resampled(side, round(side * float(step.values[0])), how)
    return (shown[start : len(shown) - end],)


@functools.lru_cache(maxsize=_KEPT)
def undoing(steps: tuple[Step, ...], side: int, axis: int, damping: float) -> _Matrix:
    """What undoes steps along an axis, `(side before, side after)`: a first guess, corrected by a damped inverse.

    With M the product of the steps' matrices and G the guess (resized back by Lanczos' filter, what was cut off filled
    with the row next to it, a blur left as it is) this is `G + P (1 - M G)`, where P is M's Tikhonov inverse
    `M^T (M M^T + damping^2)^-1`. What M lets through is restored, and what it does not is the guess's.

    Args:
        steps: of `SEPARABLE`, one after another.
        side: before the steps.
        axis: 0 for rows, 1 for columns.
        damping: positive; what M leaves less of than this share is hardly amplified.
    """
    forward, guess = np.eye(side), np.eye(side)
    for step in steps:
        guess = guess @ _guess(step, len(forward), axis)
        for matrix in _along(step, len(forward), axis):
            forward = matrix @ forward
    from scipy.linalg import solve

    unit = np.eye(len(forward))
    inverse = solve(forward @ forward.T + damping**2 * unit, forward, assume_a="pos").T
    undone: _Matrix = guess + inverse @ (unit - forward @ guess)
    return undone


def _guess(step: Step, side: int, axis: int) -> _Matrix:
    """What roughly undoes one step along an axis, `(side before, side after)`."""
    if step.kind in ("back", "blur"):
        return np.eye(side)
    start, end = dropped(step, axis)
    remaining = after([step], side, axis)
    places = np.clip(np.arange(-start, remaining + end), 0, remaining - 1)
    filled = np.eye(remaining)[places]
    return filled if step.kind == "crop" else resampled(len(filled), side, Image.Resampling.LANCZOS) @ filled


@functools.lru_cache(maxsize=_KEPT)
def resampled(side: int, new: int, how: Image.Resampling) -> _Matrix:
    """Pillow's own weights, `(new, side)` float64: what its resampling makes of each column of the identity.

    Args:
        side: before.
        new: after.
        how: Pillow's filter.
    """
    unit = Image.fromarray(np.eye(side, dtype=np.float32))
    return np.asarray(unit.resize((new, side), how), dtype=np.float64).T


@functools.lru_cache(maxsize=8 * _KEPT)
def _rows_first(size: tuple[int, int], new: tuple[int, int]) -> bool:
    """Whether Pillow's Lanczos filter takes rows before columns, which shows where values are cut off between them.

    That depends on its version and on the sizes, so it is asked: a block of noise is compared with both.
    """
    noise = 255 * np.random.default_rng(0).integers(0, 2, size, dtype=np.uint8)
    resized = np.asarray(Image.fromarray(noise).resize((new[1], new[0]), Image.Resampling.LANCZOS), dtype=np.float64)
    rows, columns = (resampled(a, b, Image.Resampling.LANCZOS) for a, b in zip(size, new, strict=True))
    block = tuple(slice(max(0, side // 2 - _BLOCK), side // 2 + _BLOCK) for side in new)
    rows, columns, resized = rows[block[0]], columns[block[1]], resized[block]
    by_rows = np.clip(np.clip(rows @ noise, 0, 255) @ columns.T, 0, 255)
    by_columns = np.clip(rows @ np.clip(noise @ columns.T, 0, 255), 0, 255)
    return bool(np.abs(by_rows - resized).max() < np.abs(by_columns - resized).max())


@functools.lru_cache(maxsize=_KEPT)
def _blurred(side: int, deviation: float) -> _Matrix:
    """SciPy's own weights, as the edit asks for them."""
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(np.eye(side), deviation, axis=0, mode="reflect", truncate=4.0))
