"""How far from one a likelihood ratio may be, given how many images it was learned from."""

from __future__ import annotations

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import UsageError

__all__ = ["ELUB", "empirical_bounds"]

ELUB = "empirical lower and upper bound (Vergeer et al. 2016, Science & Justice 56:482)"
"""Where the bounds come from, in words."""


def empirical_bounds(belonging: Vector, foreign: Vector) -> tuple[float, float]:
    """The range of likelihood ratios that so many images can show to be worth more than knowing nothing.

    A decision at the threshold t is taken for prior odds of 1 / t. Somebody who knows nothing decides alike for every
    image, and loses `min(1, t)` on average; somebody who claims what is above t loses the share of belongings at or
    below t, and t times the share of foreign images above it. The bounds are the ends of the thresholds around 1
    without a gap at which the second loses at most what the first does. So that the counts themselves bound the ratio,
    each side has one more image that misleads as much as can be. Hence the upper bound is at most one more than the
    number of foreign images, and the lower one at least the inverse of one more than the number of belongings.

    Both shares change only at a ratio that occurs, so that the ends are worked out exactly and not on a grid.

    Args:
        belonging: log10 of the ratios of belongings, shape `(n,)`, finite.
        foreign: log10 of the ratios of foreign images, shape `(m,)`, finite.

    Returns:
        log10 of the lower bound, at most 0, and of the upper one, at least 0.

    Raises:
        UsageError: when one side is empty or not finite throughout.

    Example:
        >>> low, high = empirical_bounds(np.full(99, 3.0), np.full(99, -3.0))
        >>> round(10**high, 6), round(10**-low, 6)
        (99.0, 99.0)
    """
    ours, theirs = _checked("belonging", belonging), _checked("foreign", foreign)
    upper = _upper(ours, theirs)
    return -_upper(-theirs, -ours), upper  # the lower bound is the upper one of the question turned around


def _upper(ours: Vector, theirs: Vector) -> float:
    """log10 of the largest threshold that is reached from 1 with `share found >= t * false claims` throughout."""
    ours, theirs = np.sort(ours), np.sort(theirs)
    above = np.unique(np.concatenate([[0.0], ours[ours > 0.0], theirs[theirs > 0.0]]))
    found_share = (len(ours) - np.searchsorted(ours, above, side="right")) / (len(ours) + 1)
    claims = (len(theirs) + 1 - np.searchsorted(theirs, above, side="right")) / (len(theirs) + 1)
    with np.errstate(divide="ignore"):
        reached = np.log10(found_share / claims)  # from each of these up to the next, t may be as large as this
    ends = np.append(above[1:], np.inf)
    first = int(np.flatnonzero(reached < ends)[0])
    return float(max(above[first], reached[first]))


def _checked(name: str, values: Vector) -> Vector:
    asked = np.asarray(values, dtype=np.float64)
    if asked.ndim != 1 or not len(asked) or not np.isfinite(asked).all():
        raise UsageError(
            f"{name}: {asked.size} likelihood ratios of which not all are finite, or none: give finite ones"
        )
    return asked
