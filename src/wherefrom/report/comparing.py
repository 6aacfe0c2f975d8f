"""How known images score beside the one in question: counted once for all images that are compared with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.shares import fewest
from wherefrom.evaluation.shares import share
from wherefrom.judging.ranks import can_bound, p_foreign
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Verdict
from wherefrom.report.numbers import Group, Standing

__all__ = ["CONFIDENCE", "Comparison", "comparison"]

CONFIDENCE: Final = 0.95
_BINS: Final = 40
_DECADES: Final = 1.0  # a positive statistic over more decades than this is shown on a log axis
_BY_RANK: Final = "conformal"
"""The rule by which an image at the limit still ranks as one of the decoder's own."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Comparison:
    """The known images of one condition of a profile, sorted and counted.

    Attributes:
        groups: with all but `alike`.
        statistics: of each group, those that are finite, in ascending order.
        standing: the axis.
    """

    groups: tuple[Group, ...]
    statistics: tuple[Vector, ...]
    standing: Standing

    def beside(self, statistic: float | None) -> tuple[Group, ...]:
        """The groups with how many of their images are as far on the other side as an image.

        Args:
            statistic: of the image; None leaves that out.
        """
        if statistic is None:
            return self.groups
        return tuple(
            replace(group, alike=share(_alike(group, values, statistic), group.images, CONFIDENCE))
            for group, values in zip(self.groups, self.statistics, strict=True)
        )


def comparison(name: str, condition: Profile, verdict: Verdict, level: float) -> Comparison:
    """Known images under the rule and the bounds of a verdict.

    Args:
        name: of the candidate.
        condition: a profile of one condition.
        verdict: under this condition; of it count the rule, its limit, and alpha.
        level: the bound on false claims, what remains of it for one of several candidates.
    """
    pools = condition.foreign_statistic
    finite = [np.sort(values[np.isfinite(values)]) for values in (condition.statistic, *pools.values())]
    edges, logarithmic = _axis(np.concatenate(finite))
    counts = [tuple(int(n) for n in np.histogram(values, edges)[0]) for values in finite]
    groups = [_own(name, condition, verdict, counts[0])] if len(condition.statistic) else []
    groups += _pools(condition, verdict, level, counts[1:])
    kept = [values for values, whole in zip(finite, (condition.statistic, *pools.values()), strict=True) if len(whole)]
    standing = Standing(edges=tuple(map(float, edges)), logarithmic=logarithmic, limit=verdict.threshold)
    return Comparison(groups=tuple(groups), statistics=tuple(kept), standing=standing)


def _alike(group: Group, values: Vector, statistic: float) -> int:
    """Of own images those at least as high; of a pool those at most as low."""
    if group.own:
        return len(values) - int(np.searchsorted(values, statistic, side="left"))
    return int(np.searchsorted(values, statistic, side="right"))


def _own(name: str, condition: Profile, verdict: Verdict, counts: tuple[int, ...]) -> Group:
    """The decoder's own images; those are overlooked that do not rank as one among the others."""
    values = condition.statistic
    if verdict.rule == _BY_RANK:
        as_high = len(values) - np.searchsorted(np.sort(values), values, side="left")  # itself included
        overlooked = as_high / len(values) <= verdict.alpha
    else:
        overlooked = ~_ranks(values, verdict)
    return Group(
        name=name,
        own=True,
        images=len(values),
        undefined=condition.unranked,
        alike=None,
        wrong=share(int(np.count_nonzero(overlooked)), len(values), CONFIDENCE),
        bound=verdict.alpha if verdict.rule == _BY_RANK else None,
        unfit=None,
        counts=counts,
    )


def _pools(condition: Profile, verdict: Verdict, level: float, counts: list[tuple[int, ...]]) -> Iterator[Group]:
    """The pools; an image of one is taken for the decoder's where it ranks so and below every pool that can tell.

    Its own pool is then the other images of it. Where some pool bounds nothing, ranking so is enough.
    """
    pools = condition.foreign_statistic
    unfit = {name: _unfit(condition, name, level) for name in pools}
    for (name, values), bins in zip(pools.items(), counts, strict=True):
        if not len(values):
            continue
        claimed = _ranks(values, verdict)
        if not any(unfit.values()):
            as_low = np.searchsorted(np.sort(values), values, side="right")  # itself included
            claimed &= as_low / len(values) <= level
            for other, theirs in pools.items():
                claimed &= (other == name) | (p_foreign(values, theirs) <= level)
        yield Group(
            name=name,
            own=False,
            images=len(values),
            undefined=int(np.count_nonzero(~np.isfinite(values))),
            alike=None,
            wrong=share(int(np.count_nonzero(claimed)), len(values), CONFIDENCE),
            bound=None if unfit[name] else level,
            unfit=unfit[name],
            counts=bins,
        )


def _ranks(values: Vector, verdict: Verdict) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which statistics rank as those of the decoder's own images."""
    limit = np.nan if verdict.threshold is None else verdict.threshold
    return values <= limit if verdict.rule == _BY_RANK else values < limit


def _unfit(condition: Profile, pool: str, level: float) -> str | None:
    """Why a pool cannot bound false claims, in words; None where it can."""
    count = len(condition.foreign_statistic[pool])
    if not can_bound(condition.foreign_statistic[pool], level):
        return f"it has {count} images, and {fewest(level)} are needed"
    if condition.audit.confounded(pool):
        attributes = ", ".join(finding.attribute for finding in condition.audit.findings if finding.pool == pool)
        return f"its files alone tell it from the decoder's own images ({attributes})"
    return None


def _axis(values: Vector) -> tuple[Vector, bool]:
    """Edges of the bins over all statistics, and whether they grow by a factor."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if low > 0 and np.log10(high / low) > _DECADES:
        room = (high / low) ** 0.03
        return np.geomspace(low / room, high * room, _BINS + 1), True
    room = 0.03 * (high - low) or 0.5
    return np.linspace(low - room, high + room, _BINS + 1), False
