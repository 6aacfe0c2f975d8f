"""What a rule must offer: where to cut, given what reference images score."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card

__all__ = ["Rule"]


@runtime_checkable
class Rule(Protocol):
    """Where to cut, given the statistics of known belongings. A high statistic is foreign.

    An image ranks as a belonging when its p-value is above alpha, which for every rule with p-values is the same as its
    statistic being below `threshold` (below or at it, for `conformal`). For a rule without, the threshold decides.
    """

    @property
    def card(self) -> Card:
        """Name and options."""
        ...

    def needs(self, alpha: float) -> int:
        """The fewest belongings with which the rule can decide at this alpha."""
        ...

    def threshold(self, belonging: Vector, alpha: float) -> float:
        """The cut between belongings (below) and the rest.

        Args:
            belonging: statistics of known belongings, finite, shape `(n,)`.
            alpha: the share of belongings that may be missed, in (0, 1).

        Raises:
            ProfileError: when there are too few belongings, or they do not vary; the message names what is needed.
            UsageError: when alpha is not in (0, 1).
        """
        ...

    def p_value(self, statistic: Vector, belonging: Vector) -> Vector:
        """How often a belonging scores at least as high, in [0, 1].

        NaN where the statistic is not finite, and everywhere for a rule that has no p-values.

        Args:
            statistic: of the images in question, `(m,)`; NaN where undefined.
            belonging: statistics of known belongings, finite, `(n,)`.
        """
        ...
