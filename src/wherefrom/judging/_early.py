"""When a search may stop because the verdict is known: the statistic only falls, and a lower one can change nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from wherefrom import methods, rules
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.shares import check_share, fewest
from wherefrom.methods.base import Method
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.rules.base import Rule

__all__ = ["check_cut", "decided_below", "early", "whole_measure"]


def decided_below(
    profile: Profile, *, alpha: float = 0.05, beta: float = 0.01, rule: Rule | str = "conformal"
) -> float:
    """The statistic below which every verdict of a profile is the same, however much lower it is; minus infinity: none.

    Below it an image ranks as a belonging, and below every pool that is large enough for beta.

    Args:
        profile: of `calibrate`.
        alpha: as for `judge`.
        beta: as for `judge`; with k candidates in `attribute`, beta / k.
        rule: as for `judge`.

    Raises:
        ProfileError: when alpha needs more belongings than there are.
        UsageError: when alpha or beta is not in (0, 1), or the rule is unknown.
    """
    check_share("beta", beta)
    chosen = rules.load(rule) if isinstance(rule, str) else rule
    bound = chosen.threshold(profile.statistic, alpha)
    for values in profile.foreign_statistic.values():
        if len(values) < fewest(beta):
            continue
        allowed = math.floor(beta * (len(values) + 1) + 1e-9) - 1
        bound = min(bound, float(np.sort(np.where(np.isnan(values), np.inf, values))[allowed]))
    return bound


def early(
    method: Method[Any], profile: Profile, *, alpha: float = 0.05, beta: float = 0.01, rule: Rule | str = "conformal"
) -> Method[Any]:
    """A method that searches, made to leave an image once its verdict under a profile is known.

    Verdicts are those of the whole search. The statistic of an image that left early is only an upper bound, and so are
    its ranks among non-belongings; its rank among belongings is a lower one.

    Args:
        method: one with an option `cut`.
        profile: of the same method without a cut.
        alpha: as for `judge`.
        beta: as for `judge`; with k candidates in `attribute`, beta / k.
        rule: as for `judge`.

    Raises:
        UsageError: when the method does not search.
        ProfileError: as `decided_below`.
    """
    if not hasattr(method, "cut"):
        raise UsageError(f"method {method.card.name!r} does not search, so it cannot leave early")
    bound = decided_below(profile, alpha=alpha, beta=beta, rule=rule)
    whole: Any = method
    asked: Method[Any] = replace(whole, cut=bound if bound > 0 else None)
    return asked


def whole_measure(table: ScoreTable) -> Card:
    """What was measured, as it would have been without leaving early."""
    if table.method.facts.get("cut") is None:
        return table.measure
    method: Any = methods.from_card(table.method, table.asked)
    whole: Method[Any] = replace(method, cut=None)
    return whole.measure


def check_cut(table: ScoreTable, profile: Profile, *, alpha: float, beta: float, rule: Rule | str) -> None:
    """Refuse scores that were left before a verdict at these bounds was known.

    Raises:
        ProfileError: with the cut that was used and the one that is needed.
    """
    cut = table.method.facts.get("cut")
    if not isinstance(cut, int | float):
        return
    bound = decided_below(profile, alpha=alpha, beta=beta, rule=rule)
    if cut > bound:
        raise ProfileError(
            f"the searches were left at a statistic of {cut:.6g}, verdicts at alpha={alpha:g}, beta={beta:g} are known"
            f" below {bound:.6g} only: score again without a cut, or with that one"
        )
