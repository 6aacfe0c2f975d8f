"""A share of counted images, with the interval that its count allows."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from scipy import stats

from wherefrom.core.errors import UsageError
from wherefrom.core.shares import check_share

__all__ = ["Share", "clopper_pearson", "share"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How many of some images something is true of, with its Clopper-Pearson interval.

    Attributes:
        count: of how many it is true.
        total: how many images there are, at least one.
        value: one over the other, in [0, 1].
        low: lower end of the interval.
        high: upper end.
        confidence: of the interval.
    """

    count: int
    total: int
    value: float
    low: float
    high: float
    confidence: float

    def __float__(self) -> float:
        """The value alone."""
        return self.value


def share(count: int, total: int, confidence: float = 0.95) -> Share:
    """A count out of a total as a share, with its interval.

    Args:
        count: how many.
        total: of how many.
        confidence: of the interval, in (0, 1).

    Raises:
        UsageError: when not 0 <= count <= total with total >= 1, or the confidence is not in (0, 1).

    Example:
        >>> share(3, 4).value
        0.75
    """
    low, high = clopper_pearson(count, total, confidence)
    return Share(count=count, total=total, value=count / total, low=low, high=high, confidence=confidence)


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval for a probability of which k of n were seen; it covers at least as often as it says.

    Args:
        k: how often it was seen.
        n: out of how many.
        confidence: of the interval, in (0, 1).

    Raises:
        UsageError: when not 0 <= k <= n with n >= 1, or the confidence is not in (0, 1).

    Example:
        >>> [round(end, 4) for end in clopper_pearson(0, 100)]
        [0.0, 0.0362]
    """
    check_share("confidence", confidence)
    if not 0 <= k <= n or n < 1:
        raise UsageError(f"{k} of {n} is no share: need 0 <= k <= n and n >= 1")
    return _exact(k, n, confidence)


@functools.lru_cache(maxsize=4096)
def _exact(k: int, n: int, confidence: float) -> tuple[float, float]:
    """Kept, since a table asks for the interval of the same counts many times."""
    interval = stats.binomtest(k, n).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)
