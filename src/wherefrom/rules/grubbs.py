"""RONAN's cut: the one-sided Grubbs test for an outlier (arXiv:2305.18439, eq. 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.shares import check_share, varying

__all__ = ["RULE", "Grubbs"]

_FEWEST = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Grubbs:
    """How many standard deviations above the mean of belongings: the one-sided Grubbs test (arXiv:2305.18439, eq. 3).

    Promise: none for new images. Assumption: normal statistics. Grubbs' test asks whether the largest *member* of a
    sample of n is an outlier, hence `alpha / n`: on a new image it misses far fewer than alpha, which lets more foreign
    images through, and with a long tail it can miss more (simulated in `docs/explanation/how-sure.md`). It is here for
    parity.
    """

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="rule", name="grubbs", facts=options_of(self))

    def needs(self, alpha: float) -> int:
        """Three belongings, at every alpha: Student's t has n - 2 degrees of freedom."""
        check_share("alpha", alpha)
        return _FEWEST

    def multiplier(self, n: int, alpha: float) -> float:
        """`(n-1)/sqrt(n) * sqrt(t^2 / (n-2+t^2))`, t = `t_{alpha/n, n-2}`: the factor of eq. 3.

        Args:
            n: belongings, at least 3.
            alpha: the nominal miss rate, in (0, 1).

        Example:
            >>> round(Grubbs().multiplier(100, alpha=0.05), 4)
            3.2095
        """
        t = float(stats.t.isf(check_share("alpha", alpha) / n, n - 2))
        return (n - 1) / float(np.sqrt(n)) * float(np.sqrt(t * t / (n - 2 + t * t)))

    def threshold(self, belonging: Vector, alpha: float) -> float:
        """Mean plus multiplier times sample standard deviation (ddof 1); belonging is strictly below.

        Args:
            belonging: statistics of known belongings, finite, shape `(n,)`.
            alpha: the nominal level, in (0, 1).

        Raises:
            ProfileError: when there are fewer than three, they do not vary, or one is undefined.
            UsageError: when alpha is not in (0, 1).
        """
        check_share("alpha", alpha)
        values, spread = varying(belonging, _FEWEST)
        return float(np.mean(values)) + self.multiplier(len(values), alpha) * spread

    def p_value(self, statistic: Vector, belonging: Vector) -> Vector:
        """The alpha at which the image is just at the threshold, in [0, 1]: eq. 3 solved for it; NaN where undefined.

        Raises:
            ProfileError: as `threshold`.
        """
        values, spread = varying(belonging, _FEWEST)
        n = len(values)
        asked = np.asarray(statistic, dtype=np.float64)
        defined = np.isfinite(asked)
        scaled = (np.where(defined, asked, 0.0) - np.mean(values)) / spread * np.sqrt(n) / (n - 1)
        inside = np.clip(scaled, -1.0, 1.0)
        with np.errstate(divide="ignore"):
            t = inside * np.sqrt(n - 2) / np.sqrt((1.0 - inside) * (1.0 + inside))
        p: Vector = np.where(defined, np.minimum(1.0, n * stats.t.sf(t, n - 2)), np.nan)
        return p


RULE: Final = Grubbs
