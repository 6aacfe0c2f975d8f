"""Symmetry: whether an image is reconstructed better than its turned copies, and everywhere in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, Fact, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.arithmetic.columns import APART, FIRST, LEFT_BLOCK, TURNS, copied
from wherefrom.methods.arithmetic.options_of_copies import SAME, check_copies, check_floor, copies_of
from wherefrom.methods.base import Fit
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["METHOD", "Symmetry"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Symmetry:
    """An image's reconstruction against those of its turned copies, part by part; learns nothing, not in the papers.

    As `control`, with another statistic. With e the error of a reconstruction, turned back where the image was turned,
    s is the weighted mean of log e(x)^2 - mean over copies g of log e(g x)^2, over blocks of 4 x 4 pixels and the grey
    bands of their cosine transform above the lowest. A block counts by log(1 + c^2 / 0.01^2), with c the image's own
    coefficient in that band. By symmetry s is near 0 for an image of other origin, whatever the decoder, and below 0
    for one that the decoder drew. The statistic is

        s + doubt * (standard error of s),

    the upper end of what s may be. The standard error comes from how the image's parts differ: what a decoder drew is
    reconstructed better everywhere, while an image of other origin can be better at one edge by accident.

    Attributes:
        copies: names joined by `+`, of turn90, turn180, turn270, mirror, flip, transpose and antitranspose.
        doubt: how many standard errors are added, at least 0.
        part: pixels a side of the parts, a multiple of 4.
        fewest: how many parts of equal weight an image has to be worth; with fewer, as a small thing on a plain ground,
            it is undefined (NaN), for then the standard error is unknown.
        floor: an image whose copies lose no more than this, by their geometric mean, is undefined: it is flat. A mean
            squared error on [0, 1]; default 8-bit rounding. An image that is the same as its copies is undefined too.

    Raises:
        UsageError: when an option is none of these.
    """

    copies: str = "turn90+turn180+mirror"
    doubt: float = 3.0
    part: int = 16
    fewest: float = 8.0
    floor: float = ROUNDING

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        check_types(self)
        check_copies(self.copies, TURNS)
        if not 0 <= self.doubt < np.inf:
            raise UsageError(f"doubt={self.doubt} is negative or infinite: give a number of standard errors, as 3")
        if self.part < LEFT_BLOCK or self.part % LEFT_BLOCK:
            raise UsageError(f"part={self.part} is no multiple of {LEFT_BLOCK} pixels: give one, as 16")
        if not 1 < self.fewest < np.inf:
            raise UsageError(f"fewest={self.fewest} is not above 1 or infinite: give a number of parts, as 8")
        check_floor(self.floor)

    @property
    def names(self) -> tuple[str, ...]:
        """The copies, one by one."""
        return copies_of(self.copies)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="symmetry", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """One reconstruction of the image and one of each copy."""
        asked: dict[str, Fact] = {"version": 1, "copies": tuple(sorted(self.names)), "part": self.part}
        return Card(kind="measure", name="apart-by-parts", facts={**asked, "log_floor": ROUNDING})

    @property
    def columns(self) -> tuple[str, ...]:
        """Losses of the image and its copies, and how far they are apart."""
        return (FIRST[0], *(copied(name)[0] for name in self.names), *APART)

    @property
    def learns(self) -> bool:
        """Nothing: the null is known by symmetry."""
        return False

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """How far images are apart from their copies: see `wherefrom.methods.arithmetic.parts`.

        Args:
            model: an autoencoder.
            images: `(n, 3, h, w)` in [0, 1].
            seeds: one an image.

        Raises:
            ImageError: when the model takes no image of a copy's size.
            ModelError: when the model has no encoder.
        """
        from wherefrom.methods.arithmetic.parts import apart_by_parts

        return apart_by_parts(model, images, sorted(self.names), part=self.part)

    def fit(self, belonging: Scores) -> Fit:
        """Empty."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The upper end of s; NaN for images that are flat, the same as their copies, or worth too few parts.

        Args:
            scores: of `scores`.
            fit: is not read.
        """
        mean, error, parts = (scores[name] for name in APART)
        own = np.log(scores[FIRST[0]] + ROUNDING)
        copies = np.stack([np.log(scores[copied(name)[0]] + ROUNDING) for name in self.names])
        lossy = copies.mean(axis=0) > np.log(self.floor + ROUNDING)
        differing = np.abs(copies - own).max(axis=0) > SAME
        found: Vector = np.where(lossy & differing & (parts >= self.fewest), mean + self.doubt * error, np.nan)
        return found


METHOD: Final = Symmetry
