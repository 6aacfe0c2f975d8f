"""How well statistics and verdicts tell known images apart: AUC, TPR at a fixed FPR, confusion counts. No torch.

A high statistic is foreign. A true positive is a belonging that is claimed, a false positive a foreign image that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import UsageError
from wherefrom.core.shares import check_share, count_within
from wherefrom.records.verdict import Outcome, Verdict

__all__ = ["AUC", "Confusion", "Sensitivity", "auc", "clopper_pearson", "confusion", "tpr_at_fpr"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AUC:
    """How often a belonging scores lower than a foreign image, with an interval.

    Attributes:
        value: in [0, 1]; 0.5 is chance.
        low: lower end of the interval.
        high: upper end.
        confidence: of the interval.
        belonging: how many belongings were compared.
        foreign: how many foreign images were.
        undefined: how many images of either kind had no finite statistic and were left out.
    """

    value: float
    low: float
    high: float
    confidence: float
    belonging: int
    foreign: int
    undefined: int

    def __float__(self) -> float:
        """The value alone."""
        return self.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensitivity:
    """The share of belongings that are found at a bounded share of false claims, with an interval.

    Attributes:
        value: the true positive rate, in [0, 1].
        low: lower end of its Clopper-Pearson interval at this cut.
        high: upper end.
        confidence: of the interval.
        fpr: the false positive rate that was allowed.
        cut: belonging is strictly below.
        found: how many belongings are.
        belonging: how many there were, those with an undefined statistic included: they are not found.
        false_claims: how many foreign images are below the cut.
        foreign: how many had a defined statistic.
    """

    value: float
    low: float
    high: float
    confidence: float
    fpr: float
    cut: float
    found: int
    belonging: int
    false_claims: int
    foreign: int

    def __float__(self) -> float:
        """The value alone."""
        return self.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusion:
    """What was said of images whose origin is known, by the papers' yes or no (`Verdict.belonging`).

    Attributes:
        tp: belongings that rank as one.
        fp: foreign images that do.
        fn: belongings that were excluded.
        tn: foreign images that were.
        undecided_belonging: belongings of which nothing was said.
        undecided_foreign: foreign images of which nothing was said.
        supported_belonging: belongings that were SUPPORTED; part of `tp`.
        supported_foreign: foreign images that were, the false claims that beta bounds; part of `fp`.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    undecided_belonging: int = 0
    undecided_foreign: int = 0
    supported_belonging: int = 0
    supported_foreign: int = 0

    @property
    def undecided(self) -> int:
        """Images of either kind of which nothing was said."""
        return self.undecided_belonging + self.undecided_foreign

    @property
    def accuracy(self) -> float:
        """The share of decided images that were decided rightly; NaN when none was decided."""
        decided = self.tp + self.fp + self.fn + self.tn
        return (self.tp + self.tn) / decided if decided else math.nan


def auc(belonging: Vector, foreign: Vector, *, confidence: float = 0.95) -> AUC:
    """The chance that a belonging scores lower than a foreign image: Mann-Whitney's U as a share, ties half.

    The interval is Newcombe's score interval (Statistics in Medicine 2006, 25:559, method 5): unlike DeLong's or a
    bootstrap it does not shrink to a point where the two kinds are apart completely.

    Args:
        belonging: statistics of known belongings, shape `(n,)`; those that are not finite are left out and counted.
        foreign: statistics of known non-belongings, shape `(m,)`; likewise.
        confidence: of the interval, in (0, 1).

    Raises:
        UsageError: when one side has no finite statistic.

    Example:
        >>> auc(np.array([1.0, 2.0]), np.array([2.0, 3.0])).value
        0.875
    """
    check_share("confidence", confidence)
    below, above = _finite("belonging", belonging), _finite("foreign", foreign)
    ordered = np.sort(below)
    wins = np.searchsorted(ordered, above, side="left") + np.searchsorted(ordered, above, side="right")
    value = float(wins.sum()) / 2.0 / (len(below) * len(above))
    low, high = _score_interval(value, len(below), len(above), confidence)
    return AUC(
        value=value,
        low=low,
        high=high,
        confidence=confidence,
        belonging=len(below),
        foreign=len(above),
        undefined=np.size(belonging) + np.size(foreign) - len(below) - len(above),
    )


def _score_interval(value: float, n: int, m: int, confidence: float) -> tuple[float, float]:
    """All areas whose own standard error does not put `value` out of reach."""
    z = float(stats.norm.isf((1.0 - confidence) / 2.0))
    extra = (n + m) / 2.0 - 1.0

    def gap(area: float) -> float:
        shape = 1.0 + extra * ((1.0 - area) / (2.0 - area) + area / (1.0 + area))
        return (area - value) ** 2 - z * z * area * (1.0 - area) * shape / (n * m)

    inside = min(max(value, 1e-12), 1.0 - 1e-12)  # at 0 and 1 themselves the gap closes for another reason
    low = 0.0 if value == 0.0 else float(optimize.brentq(gap, 0.0, inside))
    high = 1.0 if value == 1.0 else float(optimize.brentq(gap, inside, 1.0))
    return low, high


def tpr_at_fpr(belonging: Vector, foreign: Vector, fpr: float, *, confidence: float = 0.95) -> Sensitivity:
    """The share of belongings below the largest cut that lets at most `floor(fpr * m)` foreign images below.

    Below is strictly below: a belonging that ties with the foreign image at the cut is not found. A belonging whose
    statistic is undefined is not found either; a foreign image without one allows nothing.

    Args:
        belonging: statistics of known belongings, shape `(n,)`.
        foreign: statistics of known non-belongings, shape `(m,)`.
        fpr: the share of foreign images that may be claimed, in [0, 1).
        confidence: of the interval, in (0, 1).

    Raises:
        UsageError: when one side is empty or undefined throughout, or `fpr` is outside its range.

    Example:
        >>> tpr_at_fpr(np.arange(10.0), np.arange(5.0, 105.0), 0.01).value
        0.6
    """
    if not 0.0 <= fpr < 1.0:
        raise UsageError(f"fpr={fpr:g} is outside [0, 1): give a share such as 0.01")
    _finite("belonging", belonging)
    above = np.sort(_finite("foreign", foreign))
    cut = float(above[count_within(len(above), fpr)])
    own = np.asarray(belonging, dtype=np.float64)
    found = int(np.count_nonzero(np.isfinite(own) & (own < cut)))
    low, high = clopper_pearson(found, np.size(belonging), confidence)
    return Sensitivity(
        value=found / np.size(belonging),
        low=low,
        high=high,
        confidence=confidence,
        fpr=fpr,
        cut=cut,
        found=found,
        belonging=np.size(belonging),
        false_claims=int(np.count_nonzero(above < cut)),
        foreign=len(above),
    )


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval for a probability of which k of n were seen; it covers at least as often as it says.

    Raises:
        UsageError: when not 0 <= k <= n with n >= 1, or the confidence is not in (0, 1).

    Example:
        >>> [round(end, 4) for end in clopper_pearson(0, 100)]
        [0.0, 0.0362]
    """
    check_share("confidence", confidence)
    if not 0 <= k <= n or n < 1:
        raise UsageError(f"{k} of {n} is no share: need 0 <= k <= n and n >= 1")
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if k == 0 else float(stats.beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(stats.beta.isf(tail, k + 1, n - k))
    return low, high


def confusion(belonging: Iterable[Verdict], foreign: Iterable[Verdict]) -> Confusion:
    """Counts of what was said of known belongings and of known foreign images.

    Args:
        belonging: verdicts of images that the model made.
        foreign: verdicts of images that it did not make.
    """
    ours, theirs = list(belonging), list(foreign)
    return Confusion(
        tp=sum(verdict.belonging is True for verdict in ours),
        fp=sum(verdict.belonging is True for verdict in theirs),
        fn=sum(verdict.belonging is False for verdict in ours),
        tn=sum(verdict.belonging is False for verdict in theirs),
        undecided_belonging=sum(verdict.belonging is None for verdict in ours),
        undecided_foreign=sum(verdict.belonging is None for verdict in theirs),
        supported_belonging=sum(verdict.outcome is Outcome.SUPPORTED for verdict in ours),
        supported_foreign=sum(verdict.outcome is Outcome.SUPPORTED for verdict in theirs),
    )


def _finite(name: str, values: Vector) -> Vector:
    asked = np.asarray(values, dtype=np.float64)
    finite: Vector = asked[np.isfinite(asked)]
    if finite.ndim != 1 or len(finite) == 0:
        raise UsageError(f"none of {asked.size} {name} statistics is finite: nothing to compare")
    return finite
