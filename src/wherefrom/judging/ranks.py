"""Ranks among a pool, in both directions: an image's p-value, and below which statistic that p-value is within beta.

Whatever asks whether a rank is within a level asks here, so that a search that is left early, a verdict and the counts
of a profile never disagree about an image at the edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.shares import count_within, fewest
from wherefrom.records.profile import Profile

__all__ = ["can_bound", "count_below_pools", "lowest_ranks", "p_foreign", "within"]


def p_foreign(statistic: Vector, pool: Vector) -> Vector:
    """How often an image of the pool scores at most as low: `(1 + #{pool <= statistic}) / (m + 1)`; NaN stays NaN.

    Args:
        statistic: of the images in question, shape `(n,)`, finite or NaN.
        pool: of known non-belongings, shape `(m,)`, finite or +inf for one that is never claimed; see `calibrate`.
    """
    as_low = np.searchsorted(np.sort(pool), statistic, side="right")
    p: Vector = np.where(np.isnan(statistic), np.nan, (1.0 + as_low) / (len(pool) + 1.0))
    return p


def can_bound(pool: Vector, beta: float) -> bool:
    """Whether a pool is large enough for any image to have a `p_foreign` of at most beta.

    Args:
        pool: statistics of its images.
        beta: the bound, in (0, 1).
    """
    return len(pool) >= fewest(beta)


def within(pool: Vector, beta: float) -> float:
    """The statistic strictly below which `p_foreign` is at most beta: exactly where it is, without a tolerance.

    Minus infinity where the pool is too small for beta; see `can_bound`.

    Args:
        pool: as for `p_foreign`.
        beta: the bound, in (0, 1).

    Example:
        >>> within(np.arange(199.0), 0.01)
        1.0
    """
    allowed = count_within(len(pool) + 1, beta) - 1
    return float(np.sort(pool)[allowed]) if allowed >= 0 else -math.inf


def lowest_ranks(pool: Vector, beta: float) -> float:
    """As `within`; where the pool is too small for beta, the statistic below which an image is below all of the pool.

    Args:
        pool: as for `p_foreign`, at least one.
        beta: the bound, in (0, 1).
    """
    return within(pool, beta) if can_bound(pool, beta) else float(np.min(pool))


def count_below_pools(
    profile: Profile, *, beta: float, pools: Iterable[str], alpha: float | None = None
) -> tuple[int, int]:
    """How many of a profile's own belongings rank below the pools as `judge` asks, and of how many.

    Of all that were not learned from: one without a statistic, or with an error, does not count as below, as `judge`
    leaves it UNDECIDED.

    Args:
        profile: of `calibrate`.
        beta: the bound on false claims in each pool.
        pools: names of those that count; one without images bounds nothing.
        alpha: the bound on misses, to count only those that rank as a belonging among the others too; None to count
            all.
    """
    statistic = profile.statistic
    claimed = np.ones(len(statistic), dtype=np.bool_)
    for name in pools:
        if len(values := profile.foreign_statistic[name]):
            claimed &= statistic < lowest_ranks(values, beta)
    if alpha is not None:
        as_high = len(statistic) - np.searchsorted(np.sort(statistic), statistic, side="left")  # itself included
        claimed &= as_high / len(statistic) > alpha
    return int(np.count_nonzero(claimed)), len(statistic) + profile.unranked
