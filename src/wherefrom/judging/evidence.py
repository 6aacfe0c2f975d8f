"""What the scores of images say under each condition of a profile, and under several conditions together.

Which of several conditions an image went through is not known where its file fits more than one. The evidence is then
the most cautious, so that both promises hold whichever of them it was. With p the p-value under the true condition, and
P >= p the largest under all that fit: an image that belongs is excluded where P <= alpha, which is rarer than
p <= alpha; an image of a pool is claimed where P <= beta for that pool, which is rarer than p <= beta.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wherefrom.core.facts import ImageFacts
from wherefrom.judging._calibrating import statistic_of
from wherefrom.judging.ranks import p_foreign
from wherefrom.methods.base import Method
from wherefrom.records.coverage import covered_by, outside
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.rules.base import Rule

__all__ = ["Evidence", "evidence_of", "most_cautious"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What one image's scores say under one condition, or under several together; NaN where undefined.

    Attributes:
        condition: that the statistic was ranked under; of several the one under which it ranks highest.
        facts: of the image.
        size: `(height, width)` that was scored, or as stored where it was not; None where neither is known.
        why: that the condition does not cover the image, with the way out; None where it does.
        statistic: where the search was left early, an upper bound.
        threshold: the rule's cut.
        p: how often a belonging scores at least as high; where the search was left early, a lower bound.
        ranks: whether the image ranks as a belonging.
        foreign: by pool, how often its images score at most as low; where the search was left early, upper bounds.
        bounds: whether the search was left early.
    """

    condition: Profile
    facts: ImageFacts
    size: tuple[int, int] | None
    why: str | None
    statistic: float
    threshold: float
    p: float
    ranks: bool
    foreign: Mapping[str, float]
    bounds: bool = False


def evidence_of(
    table: ScoreTable, condition: Profile, *, method: Method[object], rule: Rule, alpha: float
) -> list[Evidence]:
    """What each row of a table says under one condition.

    Args:
        table: scored as the condition was.
        condition: a profile of one condition.
        method: whose statistic is taken.
        rule: where to cut.
        alpha: the bound on missed belongings.

    Raises:
        ProfileError: when alpha needs more belongings than there are.
    """
    statistic = statistic_of(method, table, condition.fit)
    threshold = rule.threshold(condition.statistic, alpha)
    p = rule.p_value(statistic, condition.statistic)
    ranks = np.where(np.isnan(p), statistic < threshold, p > alpha)
    pools = {name: p_foreign(statistic, values) for name, values in condition.foreign_statistic.items()}
    cut = table.method.facts.get("cut")
    stopped_early = statistic < float(cut) if isinstance(cut, int | float) else np.zeros(len(table), dtype=np.bool_)
    covered = covered_by(condition)
    sizes = [size or _stored(facts) for facts, size in zip(table.images, table.sizes, strict=True)]
    return [
        Evidence(
            condition=condition,
            facts=facts,
            size=size,
            why=outside(facts, size, covered),
            statistic=float(statistic[row]),
            threshold=threshold,
            p=float(p[row]),
            ranks=bool(ranks[row]),
            foreign={name: float(column[row]) for name, column in pools.items()},
            bounds=bool(stopped_early[row]),
        )
        for row, (facts, size) in enumerate(zip(table.images, sizes, strict=True))
    ]


def _stored(facts: ImageFacts) -> tuple[int, int] | None:
    """The size of an image as it is stored, where it is known."""
    return (facts.height, facts.width) if facts.height and facts.width else None


def most_cautious(several: Sequence[Evidence]) -> Evidence:
    """The evidence on one image under several conditions, of which any may be the true one.

    Args:
        several: of one image, at least one, each with a statistic and the same pools.
    """
    if len(several) == 1:
        return several[0]
    highest = max(several, key=lambda each: (each.ranks, -math.inf if math.isnan(each.p) else each.p, -each.statistic))
    foreign = {name: max(each.foreign[name] for each in several) for name in highest.foreign}
    return replace(highest, foreign=foreign, bounds=any(each.bounds for each in several))
