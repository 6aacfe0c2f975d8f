"""Edits as operators on tensors: applied, with a gradient where there is one, and undone as far as they can be.

Which edit is what:

- `crop`, `resize`, `back`, `blur`, `screenshot`: a matrix over columns, then one over rows, Pillow's and SciPy's own
  weights in the images' arithmetic, cut off at black and white where Pillow cuts off. Undone by damped inverses.
- `brightness`, `contrast`: arithmetic on every value. Undone by the arithmetic that undoes it.
- `jpeg`, `webp`, `filter`: the pixels of `Edit.apply`. Their gradient is that of an image left as it was
  ("straight-through"), which points the right way and is no derivative. A JPEG or WebP is undone by leaving it, a
  filter by a few steps of x + (y - filter(x)).
- `turn90`, `turn180`, `turn270`, `mirror`, `flip`: the same pixels elsewhere. Undone exactly.
- `noise`: left out, as its mean is: which noise it was cannot be known.
- `none`: nothing.

Only `jpeg`, `webp` and `filter` round to 8 bits; `Edit.apply` does after every step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Protocol

import numpy as np
import torch
from PIL import Image

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.tensors import Images, check_images
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.edits import Edit, Step
from wherefrom.images.edits.matrices import DAMPING, SEPARABLE, Pass, passes, undoing
from wherefrom.images.edits.pixels import check_size
from wherefrom.images.edits.sides import after, dropped
from wherefrom.images.edits.steps import TURNED
from wherefrom.images.turning import Turn, turned, turned_back

__all__ = ["Operator", "check_known", "operator"]

_LEVELS: Final = 255
_GREY: Final = (19595, 38470, 7471)  # of 65536: Pillow's luma of BT.601
_ROUNDS: Final = 12  # of undoing a filter
_TONES: Final = ("brightness", "contrast")
_LOSSY: Final = ("jpeg", "noise", "webp")
_PIXELS: Final = ("filter", "jpeg", "webp")


class _Stage(Protocol):
    """A part of an edit, on images of one size."""

    def apply(self, images: Images) -> Images: ...

    def undo(self, images: Images) -> Images: ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Operator:
    """An edit of images of one size. `operator` makes them.

    Attributes:
        edit: what it does.
        size: `(height, width)` of the images that it is applied to.
        seen: `(height, width)` of the images that it leaves.
    """

    edit: Edit
    size: tuple[int, int]
    seen: tuple[int, int]
    _stages: tuple[_Stage, ...] = field(repr=False)

    def apply(self, images: Images) -> Images:
        """The edited images, of the dtype that they have.

        Of 8-bit images these are the pixels of `Edit.apply` to one level, a step, but for `noise`.

        Args:
            images: `(n, 3, h, w)` of `size`, nominally in [0, 1].

        Returns:
            `(n, 3, h, w)` of `seen`, differentiable; row i depends on image i alone.

        Raises:
            ImageError: when the images have another shape, or cannot be stored as the edit stores them.
        """
        return _each(images, self.size, self.seen, [stage.apply for stage in self._stages])

    def undo(self, images: Images) -> Images:
        """Images that the edit turns into these, as near as that can be had: what it took away stays away.

        Args:
            images: `(n, 3, h, w)` of `seen`, nominally in [0, 1].

        Returns:
            `(n, 3, h, w)` of `size`; row i depends on image i alone.

        Raises:
            ImageError: when the images have another shape.
        """
        return _each(images, self.seen, self.size, [stage.undo for stage in reversed(self._stages)])


@functools.lru_cache(maxsize=32)
def operator(edit: Edit, size: tuple[int, int]) -> Operator:
    """An edit of images of that size.

    Args:
        edit: by `wherefrom.images.edits.load`.
        size: `(height, width)` before the edit.

    Raises:
        ImageError: when the edit leaves too few pixels, or too many.
        UsageError: when the edit cuts off what nobody can know.
    """
    check_known(edit)
    stages: list[_Stage] = []
    now, done = size, 0
    for kind, group in groupby(edit.steps, key=lambda step: step.kind if step.kind not in SEPARABLE else ""):
        steps = tuple(group)
        done += len(steps)
        damping = DAMPING[any(step.kind in _LOSSY for step in edit.steps[done:])]
        if kind:
            stages += [_stage(step) for step in steps]
        elif all(step.kind == "crop" for step in steps):
            stages.append(_Cropped(*(sum(dropped(step, axis)[0] for step in steps) for axis in (0, 1))))
        else:
            stages.append(_Separable(steps, now, damping))
        for step in steps:
            now = _checked(step, now)
    return Operator(edit=edit, size=size, seen=now, _stages=tuple(stages))


def check_known(edit: Edit) -> None:
    """Refuse an edit that cuts off what a seed says, which nobody knows who has the edited image alone.

    Raises:
        UsageError: when a screenshot does not say what it cut off.
    """
    for step in edit.steps:
        if step.kind == "screenshot" and step.seeded:
            raise UsageError(
                f"{step.name} does not say how many screen pixels were cut off the screenshot, which moves the model's"
                f" grid: write {step.name},LEFT,TOP,RIGHT,BOTTOM, as {step.name},3,5,2,7"
            )


def _checked(step: Step, size: tuple[int, int]) -> tuple[int, int]:
    """The size after a step."""
    if step.kind in TURNED:
        return size if TURNED[step.kind][0] % 2 == 0 else (size[1], size[0])
    height, width = (after([step], side, axis) for axis, side in enumerate(size))
    check_size(step.name, width, height)
    if step.kind == "back":
        check_size(step.name, *(round(side * float(step.values[0])) for side in reversed(size)))
    return height, width


def _stage(step: Step) -> _Stage:
    if step.kind in _TONES:
        return _Levels(float(step.values[0]), contrast=step.kind == "contrast")
    return _Redrawn(Edit((step,))) if step.kind in _PIXELS else _Turned(TURNED.get(step.kind, (0, False)))


def _each(
    images: Images, size: tuple[int, int], new: tuple[int, int], parts: list[Callable[[Images], Images]]
) -> Images:
    """Images one by one through some parts, so that a neighbour cannot move the last bit."""
    check_images(images)
    if tuple(images.shape[2:]) != size:
        raise ImageError(f"images are {images.shape[3]} x {images.shape[2]} pixels, need {size[1]} x {size[0]}")
    if not len(images):
        return images.new_empty((0, 3, *new))
    return torch.cat([functools.reduce(lambda done, part: part(done), parts, image) for image in images.split(1)])


@dataclass(frozen=True, slots=True)
class _Separable:
    """Steps that work on columns and on rows, of an image of `size`."""

    steps: tuple[Step, ...]
    size: tuple[int, int]
    damping: float

    def apply(self, images: Images) -> Images:
        for step in self.steps:
            for one in passes(step, (images.shape[2], images.shape[3])):
                images = _passed(one, images)
        return images

    def undo(self, images: Images) -> Images:
        rows, columns = (
            torch.from_numpy(undoing(self.steps, self.size[axis], axis, self.damping)).to(images) for axis in (0, 1)
        )
        return (rows @ images @ columns.mT).clamp(0, 1)


@dataclass(frozen=True, slots=True)
class _Cropped:
    """Rows dropped from the top and columns from the left; undone by repeating the first that are left."""

    top: int
    left: int

    def apply(self, images: Images) -> Images:
        return images[:, :, self.top :, self.left :]

    def undo(self, images: Images) -> Images:
        return torch.nn.functional.pad(images, (self.left, 0, self.top, 0), mode="replicate")


@dataclass(frozen=True, slots=True)
class _Turned:
    """Turned or mirrored; perhaps neither."""

    how: Turn

    def apply(self, images: Images) -> Images:
        return turned(images, self.how)

    def undo(self, images: Images) -> Images:
        return turned_back(images, self.how)


def _passed(one: Pass, images: Images) -> Images:
    """Rows and columns of images times their matrices, in the order that the pass has."""
    for by_rows in (one.rows_first, not one.rows_first):
        weights = torch.from_numpy(one.rows if by_rows else one.columns).to(images)
        images = weights @ images if by_rows else images @ weights.mT
        images = images.clamp(0, 1) if one.clipped else images
    return images


@dataclass(frozen=True, slots=True)
class _Levels:
    """Every value's distance from black, or from the image's mean grey, times a factor."""

    factor: float
    contrast: bool

    def apply(self, images: Images) -> Images:
        if self.factor == 1:
            return images
        level = self._middle(images)
        middle, lost = level / _LEVELS, _lost(self.factor, level)
        return (middle + self.factor * (images - middle) - lost).clamp(0, 1)

    def undo(self, images: Images) -> Images:
        if self.factor == 1:
            return images
        level = self._middle(images)
        middle, lost = level / _LEVELS, _lost(self.factor, level)
        return (middle + (images + lost - middle) / self.factor).clamp(0, 1)

    def _middle(self, images: Images) -> int:
        """Black, or the mean grey of the image in whole levels, as Pillow counts it; without a gradient."""
        if not self.contrast:
            return 0
        weights = torch.tensor(_GREY, dtype=torch.float64, device=images.device)
        levels = images.detach().double().clamp(0, 1).mul(_LEVELS).round()
        grey = ((levels * weights[:, None, None]).sum(1) + 2**15).div(2**16).floor()
        return int(grey.mean() + 0.5)


@functools.lru_cache(maxsize=256)
def _lost(factor: float, middle: int) -> float:
    """What Pillow drops by cutting off fractions of a level, on average over all levels that stay within the range."""
    levels = np.arange(_LEVELS + 1, dtype=np.uint8)[None]
    blended = np.asarray(Image.blend(Image.new("L", levels.shape[::-1], middle), Image.fromarray(levels), factor))
    exact = middle + factor * (levels.astype(np.float64) - middle)
    return float((exact - blended)[(exact >= 0) & (exact <= _LEVELS)].mean()) / _LEVELS


@dataclass(frozen=True, slots=True)
class _Redrawn:
    """What `Edit.apply` makes of the pixels."""

    edit: Edit

    def apply(self, images: Images) -> Images:
        return self._pixels(images) + (images - images.detach())  # the second part is 0, and has the gradient

    def undo(self, images: Images) -> Images:
        if self.edit.steps[0].kind != "filter":
            return images
        estimate = images
        for _ in range(_ROUNDS):
            estimate = (estimate + images - self._pixels(estimate)).clamp(0, 1)
        return estimate

    def _pixels(self, images: Images) -> Images:
        return to_images([self.edit.apply(pixels) for pixels in to_pixels(images)]).to(images)
