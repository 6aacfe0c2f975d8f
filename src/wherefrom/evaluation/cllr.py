"""What likelihood ratios cost whoever decides by them: Cllr, and how little it could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import UsageError

__all__ = ["Cllr", "cllr"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cllr:
    """The cost of likelihood ratios, in bits (Brümmer and du Preez 2006, Computer Speech and Language 20:230).

    Attributes:
        value: 0 for a ratio that is always right and without doubt, 1 for one that always says nothing; above 1 it
            misleads.
        minimum: of all ratios that put the images in the same order: what the order alone costs.
        belonging: images of the model that were counted.
        foreign: foreign images that were.
        undefined: images of either kind without a ratio, which are left out.
    """

    value: float
    minimum: float
    belonging: int
    foreign: int
    undefined: int

    def __float__(self) -> float:
        """The value alone."""
        return self.value

    @property
    def calibration(self) -> float:
        """What is lost because the ratios are larger or smaller than they should be; at least 0."""
        return self.value - self.minimum


def cllr(belonging: Vector, foreign: Vector | Sequence[Vector]) -> Cllr:
    """The mean cost of likelihood ratios over both kinds of images, each kind and each pool weighted alike.

    `(mean log2(1 + 1 / LR) over belongings + mean log2(1 + LR) over foreign images) / 2`. Its minimum is that of the
    ratios that isotonic regression (pool adjacent violators) makes of the same order.

    Args:
        belonging: log10 of the ratios of belongings, shape `(n,)`; NaN where there is none.
        foreign: those of foreign images; of several pools, one array each.

    Raises:
        UsageError: when one side has no ratio.

    Example:
        >>> cllr(np.array([0.0, 0.0]), np.array([0.0])).value
        1.0
    """
    pools = [foreign] if isinstance(foreign, np.ndarray) else list(foreign)
    ours = _finite(belonging)
    theirs = [kept for pool in pools if len(kept := _finite(pool))]
    if not len(ours) or not theirs:
        raise UsageError("Cllr needs a likelihood ratio of a belonging and of a foreign image: one side has none")
    weights = [np.full(len(pool), 1.0 / (len(pool) * len(theirs))) for pool in theirs]
    every, weight = np.concatenate(theirs), np.concatenate(weights)
    given = np.size(belonging) + sum(np.size(pool) for pool in pools)
    return Cllr(
        value=_cost(ours, every, weight),
        minimum=_cost(*_ideal(ours, every, weight), weight),
        belonging=len(ours),
        foreign=len(every),
        undefined=given - len(ours) - len(every),
    )


def _cost(ours: Vector, theirs: Vector, weight: Vector) -> float:
    """The mean of both sides; an infinite ratio on its right side costs nothing."""
    miss = np.logaddexp2(0.0, -ours * np.log2(10.0))
    claim = np.logaddexp2(0.0, theirs * np.log2(10.0))
    return float((np.mean(miss) + np.sum(weight * claim)) / 2.0)


def _ideal(ours: Vector, theirs: Vector, weight: Vector) -> tuple[Vector, Vector]:
    """log10 of the ratios that isotonic regression makes of the order of these."""
    values, place = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
    of_ours = np.bincount(place[: len(ours)], minlength=len(values)) / len(ours)
    of_theirs = np.bincount(place[len(ours) :], weights=weight, minlength=len(values))
    total = of_ours + of_theirs
    share = np.clip(optimize.isotonic_regression(of_ours / total, weights=total).x, 0.0, 1.0)
    share = np.where(share < 1e-12, 0.0, np.where(share > 1.0 - 1e-12, 1.0, share))
    with np.errstate(divide="ignore"):
        ratios = np.log10(share) - np.log10(1.0 - share)
    return ratios[place[: len(ours)]], ratios[place[len(ours) :]]


def _finite(values: Vector) -> Vector:
    asked = np.asarray(values, dtype=np.float64)
    return np.asarray(asked[np.isfinite(asked)])
