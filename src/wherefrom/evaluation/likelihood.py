"""A likelihood ratio from the two sides of a profile: how much likelier a statistic is for a belonging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError
from wherefrom.evaluation.bounds import ELUB, empirical_bounds
from wherefrom.evaluation.reasons import known_images
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Verdict

__all__ = ["Likelihood", "LikelihoodRatio", "likelihood_ratio", "likelihoods"]

_FEWEST: Final = 10
"""Images of a side, below which a line is not fitted."""
_PENALTY: Final = 100.0
"""Weight of the data against the penalty on the slope: without one, two sides that are apart completely have no finite
slope. In units of the belongings' spread, and at a hundredth of scikit-learn's default, it is felt only there.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class LikelihoodRatio:
    """How much likelier a statistic is for a belonging than for a foreign image, learned from one profile.

    `ln LR = intercept - slope * (statistic - centre) / spread`, cut off at the bounds. It compares a decoder's
    images with the kinds of foreign images that the profile has, and is no probability that a decoder made an image:
    that depends on what was likely before, too.

    Attributes:
        intercept: of the logistic regression, both sides weighted alike.
        slope: likewise, at least 0: a high statistic is foreign.
        centre: median of the belongings' statistics.
        spread: of the belongings' statistics.
        low: log10 of the lower bound, at most 0.
        high: log10 of the upper bound, at least 0.
        bounded_by: names of the pools that have the tightest lower and upper bound.
        belonging: how many belongings it was learned from.
        foreign: how many images of each pool.
        bound: where the bounds come from.
    """

    intercept: float
    slope: float
    centre: float
    spread: float
    low: float
    high: float
    bounded_by: tuple[str, str]
    belonging: int
    foreign: Mapping[str, int]
    bound: str = ELUB

    def log10(self, statistic: Vector) -> Vector:
        """log10 of the ratio within its bounds; NaN where the statistic is not finite."""
        return np.clip(self._unbounded(statistic), self.low, self.high)

    def _unbounded(self, statistic: Vector) -> Vector:
        asked = np.asarray(statistic, dtype=np.float64)
        asked = np.where(np.isfinite(asked), asked, np.nan)
        log10_ratio: Vector = (self.intercept - self.slope * (asked - self.centre) / self.spread) / np.log(10.0)
        return log10_ratio


@dataclass(frozen=True, kw_only=True, slots=True)
class Likelihood:
    """The likelihood ratio of one image, with the bounds that the profile's counts allow.

    Attributes:
        log10: of the ratio.
        low: log10 of the lower bound.
        high: log10 of the upper bound.
        condition: edit of the profile's condition that it is of.
        bound: where the bounds come from.
    """

    log10: float
    low: float
    high: float
    condition: str
    bound: str = ELUB

    @property
    def at_bound(self) -> bool:
        """Whether the ratio is one of the bounds, so that the images of the profile cannot show how far it goes."""
        return self.log10 in (self.low, self.high)


def likelihood_ratio(profile: Profile) -> LikelihoodRatio:
    """The likelihood ratio of a profile: logistic regression of its belongings against all its pools.

    Both sides have the same weight together, and so has each pool among the foreign images. Pools that can be told from
    the belongings by their files alone are left out, as for verdicts; so are images without a statistic. The bounds are
    those of `wherefrom.evaluation.empirical_bounds`, for each pool by itself, the tightest of them.

    Args:
        profile: of one condition, as `profile.condition("none")`.

    Raises:
        ProfileError: when the profile has several conditions, too few images on a side, or scores the wrong way round.
    """
    if profile.further:
        raise ProfileError(
            f"the profile has conditions {', '.join(profile.conditions)}, each with a likelihood ratio of its own: take"
            " profile.condition(EDIT)"
        )
    pools = _usable(profile)
    ours = profile.statistic
    if len(ours) < _FEWEST or not pools:
        there = ", ".join(f"{name!r} with {len(values)}" for name, values in profile.foreign_statistic.items())
        raise ProfileError(
            f"a likelihood ratio needs {_FEWEST} belongings and a pool of {_FEWEST} images that files alone do not tell"
            f" from them, the profile has {len(ours)} and {there or 'no pool'}: add images"
        )
    centre, spread = float(np.median(ours)), _spread(ours)
    intercept, slope = _fitted((ours - centre) / spread, [(values - centre) / spread for values in pools.values()])
    if slope <= 0.0:
        raise ProfileError(
            "images of the pools score no higher than the belongings, so that no likelihood ratio can be learned: are"
            " the two swapped, or is the model another one?"
        )
    line = LikelihoodRatio(
        intercept=intercept,
        slope=slope,
        centre=centre,
        spread=spread,
        low=-np.inf,
        high=np.inf,
        bounded_by=("", ""),
        belonging=len(ours),
        foreign={name: len(values) for name, values in pools.items()},
    )
    return _bounded(line, ours, pools)


def _usable(profile: Profile) -> dict[str, Vector]:
    """The statistics of each pool that can be learned from."""
    finite = {name: values[np.isfinite(values)] for name, values in profile.foreign_statistic.items()}
    return {
        name: values for name, values in finite.items() if len(values) >= _FEWEST and not profile.audit.confounded(name)
    }


def _spread(values: Vector) -> float:
    """Half of the range in which the middle 68 % are; of values that hardly vary, their standard deviation, or one."""
    low, high = np.quantile(values, (0.16, 0.84))
    return float((high - low) / 2.0) or float(np.std(values)) or 1.0


def _fitted(ours: Vector, pools: list[Vector]) -> tuple[float, float]:
    """Intercept and slope of the log odds at even prior odds."""
    from sklearn.linear_model import LogisticRegression

    statistic = np.concatenate([ours, *pools])
    half = len(statistic) / 2.0
    weights = [np.full(len(ours), half / len(ours))]
    weights += [np.full(len(pool), half / (len(pools) * len(pool))) for pool in pools]
    regression = LogisticRegression(C=_PENALTY, tol=1e-8, max_iter=1000).fit(
        statistic[:, None],
        np.concatenate([np.ones(len(ours)), np.zeros(len(statistic) - len(ours))]),
        sample_weight=np.concatenate(weights),
    )
    return float(regression.intercept_[0]), -float(regression.coef_[0, 0])


def _bounded(line: LikelihoodRatio, ours: Vector, pools: Mapping[str, Vector]) -> LikelihoodRatio:
    """The line with the tightest bounds of all pools."""
    own = line.log10(ours)
    bounds = {name: empirical_bounds(own, line.log10(values)) for name, values in pools.items()}
    lowest = max(bounds, key=lambda name: bounds[name][0])
    highest = min(bounds, key=lambda name: bounds[name][1])
    return replace(line, low=bounds[lowest][0], high=bounds[highest][1], bounded_by=(lowest, highest))


def likelihoods(profile: Profile, verdicts: Iterable[Verdict]) -> list[Likelihood | None]:
    """The likelihood ratio of each image that was judged by a profile.

    None where an image has no statistic, where not exactly one condition covers it, and where the profile was made of
    it: no ratio holds for such an image.

    Args:
        profile: by which images were judged.
        verdicts: on them.

    Raises:
        ProfileError: as `likelihood_ratio`.
    """
    lines = {edit: likelihood_ratio(condition) for edit, condition in profile.conditions.items()}
    known = known_images(profile)
    return [_of(verdict, lines, known) for verdict in verdicts]


def _of(verdict: Verdict, lines: Mapping[str, LikelihoodRatio], known: frozenset[str]) -> Likelihood | None:
    if verdict.statistic is None or len(verdict.conditions) != 1 or known & set(verdict.image.digests):
        return None
    (condition,) = verdict.conditions
    line = lines[condition]
    (value,) = line.log10(np.array([verdict.statistic]))
    return Likelihood(log10=float(value), low=line.low, high=line.high, condition=condition)
