"""How well a statistic, high for foreign images, tells known images apart at every cut: AUC, TPR at a fixed FPR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import UsageError
from wherefrom.core.shares import check_share, count_within
from wherefrom.evaluation.shares import clopper_pearson

__all__ = ["AUC", "Sensitivity", "auc", "auc_if_defined", "tpr_at_fpr", "tpr_if_shown"]


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
    below = int(np.count_nonzero(np.isfinite(own) & (own < cut)))
    low, high = clopper_pearson(below, np.size(belonging), confidence)
    return Sensitivity(
        value=below / np.size(belonging),
        low=low,
        high=high,
        confidence=confidence,
        fpr=fpr,
        cut=cut,
        found=below,
        belonging=np.size(belonging),
        false_claims=int(np.count_nonzero(above < cut)),
        foreign=len(above),
    )


def auc_if_defined(belonging: Vector, foreign: Vector, *, confidence: float = 0.95) -> AUC | None:
    """The AUC; None where one side has no finite statistic. Arguments as for `auc`."""
    return auc(belonging, foreign, confidence=confidence) if _any_defined(belonging, foreign) else None


def tpr_if_shown(belonging: Vector, foreign: Vector, fpr: float, *, confidence: float = 0.95) -> Sensitivity | None:
    """The share of belongings found at a rate; None where too few foreign images show it, or a side is empty.

    Empty is a side without a finite statistic. Arguments as for `tpr_at_fpr`.
    """
    if len(foreign) * fpr < 1 or not _any_defined(belonging, foreign):
        return None
    return tpr_at_fpr(belonging, foreign, fpr, confidence=confidence)


def _any_defined(*kinds: Vector) -> bool:
    return all(bool(np.isfinite(values).any()) for values in kinds)


def _finite(name: str, values: Vector) -> Vector:
    asked = np.asarray(values, dtype=np.float64)
    finite: Vector = asked[np.isfinite(asked)]
    if finite.ndim != 1 or len(finite) == 0:
        raise UsageError(f"none of {asked.size} {name} statistics is finite: nothing to compare")
    return finite
