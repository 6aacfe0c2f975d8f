"""AEDR's cut: the 1 - alpha quantile of a Gaussian kernel density over belongings (arXiv:2507.18988)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.shares import check_share, varying

__all__ = ["KDE", "RULE"]

_FEWEST = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class KDE:
    """The 1 - alpha quantile of a Gaussian kernel density of belongings (arXiv:2507.18988), as the authors compute it.

    Scott's bandwidth, density on an even grid from `min - sd` to `max + sd`, cumulative sum divided by its last value,
    linear interpolation. Promise: none at finite n; kernels widen the tail, and one far outlier widens all of them.
    Assumption: a smooth density. Simulated in `docs/explanation/how-sure.md`; it is here for parity with the paper.

    Attributes:
        points: points of the grid, at least 2.

    Raises:
        UsageError: when `points` is smaller than 2.
    """

    points: int = 10_000

    def __post_init__(self) -> None:
        """Refuse a grid without an interval."""
        check_types(self)
        if self.points < 2:
            raise UsageError(f"points={self.points} makes no grid: use at least 2")

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="rule", name="kde", facts=options_of(self))

    def needs(self, alpha: float) -> int:
        """Two belongings, at every alpha: the bandwidth needs a standard deviation."""
        check_share("alpha", alpha)
        return _FEWEST

    def threshold(self, belonging: Vector, alpha: float) -> float:
        """Where the cumulative curve is 1 - alpha; belonging is strictly below.

        Args:
            belonging: statistics of known belongings, finite, shape `(n,)`.
            alpha: the nominal miss rate, in (0, 1).

        Raises:
            ProfileError: when there are fewer than two, they do not vary, or one is undefined.
            UsageError: when alpha is not in (0, 1).

        Example:
            >>> round(KDE().threshold(np.linspace(0.8, 1.6, 41), alpha=0.05), 6)
            1.617305
        """
        check_share("alpha", alpha)
        grid, below = self._curve(belonging)
        return float(np.interp(1.0 - alpha, below, grid))

    def p_value(self, statistic: Vector, belonging: Vector) -> Vector:
        """One minus the same cumulative curve at the image's statistic, in [0, 1]; NaN where undefined.

        Raises:
            ProfileError: as `threshold`.
        """
        grid, below = self._curve(belonging)
        asked = np.asarray(statistic, dtype=np.float64)
        p: Vector = 1.0 - np.interp(asked, grid, below, left=0.0, right=1.0)
        return np.where(np.isfinite(asked), p, np.nan)

    def _curve(self, belonging: Vector) -> tuple[Vector, Vector]:
        """The grid and the share of the density up to each of its points."""
        values, spread = varying(belonging, _FEWEST)
        grid = np.linspace(float(values.min()) - spread, float(values.max()) + spread, self.points)
        total: Vector = np.cumsum(stats.gaussian_kde(values, bw_method="scott")(grid))
        return grid, total / total[-1]


RULE: Final = KDE
