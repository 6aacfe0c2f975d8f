"""What a method must offer: ask the model (with torch), then arithmetic on the answers (without torch)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.results import Report

__all__ = ["ByStorage", "Fit", "Gradual", "Method", "Selective", "Settled"]

ModelT_contra = TypeVar("ModelT_contra", contravariant=True)
Fit: TypeAlias = Mapping[str, Vector]
"""What a method learned from belongings alone, as named vectors; empty for a method that learns nothing."""


@runtime_checkable
class Method(Protocol[ModelT_contra]):
    """A way to ask a model whether it made an image. A high statistic means "not from this model".

    A method is its options, a frozen dataclass. What it needs of a model is the annotation of `scores`.
    """

    @property
    def card(self) -> Card:
        """Name and options: all that changes the statistic."""
        ...

    @property
    def measure(self) -> Card:
        """All that changes the columns of `scores`, the key under which they are kept.

        Methods that ask the model the same share it, so that the second one asks nothing.
        """
        ...

    @property
    def learns(self) -> bool:
        """Whether `fit` learns something, so that a profile must keep one half of its belongings for it."""
        ...

    def scores(self, model: ModelT_contra, images: Images, seeds: Seeds) -> Scores:
        """Raw columns; row i depends on image i and seed i alone, on a GPU but for the order of sums.

        Args:
            model: on its device.
            images: `(n, 3, h, w)` in [0, 1], on the model's device, sides multiples of its factor.
            seeds: one an image.
        """
        ...

    def fit(self, belonging: Scores) -> Fit:
        """What the statistic needs to know of belongings, from rows that are never ranked afterwards.

        Raises:
            ProfileError: when there are too few rows; the message names how many are needed.
        """
        ...

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """One number an image, high for images of other origin; NaN where undefined. Arithmetic only.

        Args:
            scores: columns of `scores`, of any images.
            fit: what `fit` learned.
        """
        ...


@runtime_checkable
class Selective(Protocol):
    """A method that reads only some of the columns that the model is asked for, and says which."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `fit` and `statistic` read; a profile keeps these."""
        ...


@runtime_checkable
class ByStorage(Protocol):
    """A method with an option that depends on how the belongings were stored, unless it is said."""

    def for_storage(self, *, lossless: bool) -> Method[Any]:
        """The method that learns from belongings stored in this way.

        Its `fit` is read by the `statistic` of the method as it was given, whose card stays.

        Args:
            lossless: whether all were stored without loss and never edited.
        """
        ...


@runtime_checkable
class FindsParts(Protocol):
    """A method that finds by itself which part of an image the model is asked about."""

    @property
    def takes_whole_images(self) -> bool:
        """Whether it is given images of any size, not cropped to whole cells of the model's grid."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """One image of a batch whose numbers are known, or will never be.

    Attributes:
        row: its place in the batch.
        scores: one row of columns; None with an error.
        error: why the image has no numbers.
    """

    row: int
    scores: Scores | None = None
    error: str | None = None


@runtime_checkable
class Gradual(Method[ModelT_contra], Protocol[ModelT_contra]):
    """A method that takes long an image: it says how far it is, and hands each image in as soon as it has settled."""

    def settle(
        self, model: ModelT_contra, images: Images, seeds: Seeds, *, report: Report | None = None
    ) -> Iterator[Settled]:
        """What `scores` gives, an image at a time, in whatever order they settle.

        Args:
            model: on its device.
            images: as for `scores`.
            seeds: one an image.
            report: told after each step of the batch.
        """
        ...
