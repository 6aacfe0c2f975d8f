"""When a search may stop because the verdict is known: the statistic only falls, and a lower one can change nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wherefrom import methods, rules
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.shares import check_share
from wherefrom.judging.ranks import can_bound, lowest_ranks
from wherefrom.methods.base import Method
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.rules.base import Rule

__all__ = ["check_cut", "decided_below", "early", "measure_without_early_exit"]


def decided_below(
    profile: Profile,
    *,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    candidates: int = 1,
) -> float:
    """The statistic below which every verdict of a profile is the same, however much lower it is; minus infinity: none.

    Below it an image ranks as a belonging under every condition of the profile, and below every pool that is large
    enough for beta: among the lowest of the pool that even the strictest of Holm's levels, beta / k, allows, or below
    the whole pool where it can only reach one of the later levels.

    Args:
        profile: of `calibrate`.
        alpha: as for `judge`.
        beta: as for `judge` and `attribute`, for all candidates together.
        rule: as for `judge`.
        candidates: how many decoders the image is tried against in `attribute`.

    Raises:
        ProfileError: when alpha needs more belongings than there are.
        UsageError: when alpha or beta is not in (0, 1), there is no candidate, or the rule is unknown.
    """
    check_share("beta", beta)
    if candidates < 1:
        raise UsageError(f"candidates={candidates}, need at least 1")
    chosen = rules.load(rule) if isinstance(rule, str) else rule
    bounds = []
    for condition in profile.conditions.values():
        bounds.append(chosen.threshold(condition.statistic, alpha))
        pools = condition.foreign_statistic.values()
        bounds += [lowest_ranks(values, beta / candidates) for values in pools if can_bound(values, beta)]
    return min(bounds)


def early(
    method: Method[Any],
    profile: Profile,
    *,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    candidates: int = 1,
) -> Method[Any]:
    """A method that searches, made to leave an image once its verdict under a profile is known.

    Verdicts are those of the whole search. The statistic of an image that left early is only an upper bound, and so are
    its ranks among non-belongings; its rank among belongings is a lower one.

    Args:
        method: one with an option `cut`.
        profile: of the same method without a cut.
        alpha: as for `judge`.
        beta: as for `judge` and `attribute`, for all candidates together.
        rule: as for `judge`.
        candidates: how many decoders the image is tried against in `attribute`.

    Raises:
        UsageError: when the method does not search.
        ProfileError: as `decided_below`.
    """
    if not hasattr(method, "cut"):
        raise UsageError(f"method {method.card.name!r} does not search, so it cannot leave early")
    bound = decided_below(profile, alpha=alpha, beta=beta, rule=rule, candidates=candidates)
    whole: Any = method
    asked: Method[Any] = replace(whole, cut=bound if bound > 0 else None)
    return asked


def measure_without_early_exit(table: ScoreTable) -> Card:
    """What was measured, as it would have been without leaving early."""
    if table.method.facts.get("cut") is None:
        return table.measure
    method: Any = methods.from_card(table.method, table.asked)
    whole: Method[Any] = replace(method, cut=None)
    return whole.measure


def check_cut(
    table: ScoreTable, profile: Profile, *, alpha: float, beta: float, rule: Rule | str, candidates: int = 1
) -> None:
    """Refuse scores that were left before a verdict at these bounds was known.

    Args:
        table: of the images in question.
        profile: that they are judged by.
        alpha: as for `judge`.
        beta: as for `judge` and `attribute`, for all candidates together.
        rule: as for `judge`.
        candidates: how many decoders the image is tried against in `attribute`.

    Raises:
        ProfileError: with the cut that was used and the one that is needed.
    """
    cut = table.method.facts.get("cut")
    if not isinstance(cut, int | float):
        return
    bound = decided_below(profile, alpha=alpha, beta=beta, rule=rule, candidates=candidates)
    if cut > bound:
        among = f" among {candidates} candidates" if candidates > 1 else ""
        raise ProfileError(
            f"the searches were left at a statistic of {cut:.6g}, verdicts at alpha={alpha:g}, beta={beta:g}{among} are"
            f" known below {bound:.6g} only: score again without a cut, or with that one"
        )
