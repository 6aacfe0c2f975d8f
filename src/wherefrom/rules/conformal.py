"""Rank among belongings: the miss rate is at most alpha at every n and for every distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import ProfileError
from wherefrom.core.shares import check_share, checked, count_within, fewest, rounded_up

__all__ = ["RULE", "Conformal"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conformal:
    """Where an image ranks among belongings: `p = (1 + #{belonging >= statistic}) / (n + 1)`.

    Promise: of images that are exchangeable with the n belongings, at most a share alpha has `p <= alpha`, for every n,
    every distribution and with ties. Assumption: exchangeable, that is made, stored and scored in the same way. The
    share is an average over profiles: one profile of n belongings may miss more, see `docs/explanation/how-sure.md`.
    """

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="rule", name="conformal", facts=options_of(self))

    def needs(self, alpha: float) -> int:
        """The fewest belongings with which it can decide: `1 / alpha - 1`, rounded up."""
        return fewest(check_share("alpha", alpha))

    def threshold(self, belonging: Vector, alpha: float) -> float:
        """The k-th smallest belonging, `k = ceil((n + 1) (1 - alpha))`; an image at it still ranks as a belonging.

        Args:
            belonging: statistics of known belongings, finite, shape `(n,)`.
            alpha: the share of belongings that may be missed, in (0, 1).

        Raises:
            ProfileError: when n is smaller than `needs(alpha)`, or a statistic is undefined.
            UsageError: when alpha is not in (0, 1).

        Example:
            >>> Conformal().threshold(np.arange(1.0, 20.0), alpha=0.05)
            19.0
        """
        check_share("alpha", alpha)
        values = np.sort(checked(belonging, 0))
        missed = count_within(len(values) + 1, alpha)
        if missed == 0:
            raise ProfileError(_too_few(len(values), alpha))
        return float(values[len(values) - missed])

    def p_value(self, statistic: Vector, belonging: Vector) -> Vector:
        """How often a belonging scores at least as high, in [1 / (n + 1), 1]; NaN where the statistic is not finite.

        Args:
            statistic: of the images in question, `(m,)`; NaN where undefined.
            belonging: statistics of known belongings, finite, `(n,)`.

        Raises:
            ProfileError: when a statistic of a belonging is undefined.
        """
        values = np.sort(checked(belonging, 0))
        asked = np.asarray(statistic, dtype=np.float64)
        as_high = len(values) - np.searchsorted(values, asked, side="left")
        p: Vector = np.where(np.isfinite(asked), (1.0 + as_high) / (len(values) + 1.0), np.nan)
        return p


def _too_few(count: int, alpha: float) -> str:
    needed = f"alpha={alpha:g} needs {fewest(alpha)} belonging images, got {count}: add images"
    return f"{needed} or use alpha >= {rounded_up(1 / (count + 1)):g}" if count > 1 else f"{needed}, no alpha will do"


RULE: Final = Conformal
