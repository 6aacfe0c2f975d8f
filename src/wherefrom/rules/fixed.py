"""A cut given by the user, from a paper or another set of images. It bounds nothing by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.shares import check_share

__all__ = ["RULE", "Fixed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """A cut given by the user: belonging is strictly below, whatever alpha is.

    Promise: none, so it has no p-value. Assumption: the cut was chosen on images like these.

    Attributes:
        cut: in the unit of the statistic; None until it is given.

    Raises:
        UsageError: when the cut is not finite.
    """

    cut: float | None = None

    def __post_init__(self) -> None:
        """Refuse a cut with which nothing compares."""
        check_types(self)
        if self.cut is not None and not math.isfinite(self.cut):
            raise UsageError(f"cut={self.cut} is not a finite number: give the statistic below which images belong")

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="rule", name="fixed", facts=options_of(self))

    def needs(self, alpha: float) -> int:
        """No belongings at all."""
        check_share("alpha", alpha)
        return 0

    def threshold(self, belonging: Vector, alpha: float) -> float:
        """The cut; neither the belongings nor alpha move it.

        Args:
            belonging: not looked at.
            alpha: not looked at.

        Raises:
            UsageError: when no cut was given, or alpha is not in (0, 1).
        """
        check_share("alpha", alpha)
        if self.cut is None:
            raise UsageError(
                "rule 'fixed' has no cut: give one, on the command line as --rule-option cut=1.2, in Python as"
                " rules.load('fixed', cut=1.2)"
            )
        return float(self.cut)

    def p_value(self, statistic: Vector, belonging: Vector) -> Vector:
        """NaN for every image: a cut without reference images has no p-value.

        Args:
            statistic: of the images in question, `(m,)`; NaN where undefined.
            belonging: statistics of known belongings, finite, `(n,)`.
        """
        return np.full(np.shape(statistic), np.nan)


RULE: Final = Fixed
