"""A profile tried on images of known origin: what its verdicts get right, and what its statistic could tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from wherefrom import methods
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.evaluation.curves import AUC, Sensitivity, auc_if_defined, tpr_if_shown
from wherefrom.evaluation.errors import Confusion, confusion
from wherefrom.judging import Outside, judge, statistic_of
from wherefrom.judging.keeping import readable
from wherefrom.methods.base import Method
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Verdicts
from wherefrom.rules import load as load_rule

__all__ = ["RATES", "Evaluation", "RuleErrors", "evaluate"]

RATES: Final = (0.01, 0.001)
"""Shares of false claims at which the share of found belongings is given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleErrors:
    """What verdicts by one rule got right and wrong.

    Attributes:
        cut: the statistic at which the rule cuts at this alpha.
        confusion: counts of what was said.
    """

    cut: float
    confusion: Confusion


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """A profile tried on belongings and on one kind of foreign images, none of which it was made of.

    Attributes:
        ranked: belongings of the profile that images are ranked among.
        errors: by rule; None where the rule cannot decide from so few belongings.
        auc: of the statistic; None where one kind has no finite statistic.
        tpr: by the false positive rate that is allowed; None where so few foreign images cannot show such a rate.
        undefined: images of either kind whose statistic is undefined.
        medians: of the finite statistics of belongings, `belonging`, and of foreign images, `foreign`; a kind that has
            none is left out.
    """

    ranked: int
    errors: Mapping[str, RuleErrors | None]
    auc: AUC | None
    tpr: Mapping[float, Sensitivity | None]
    undefined: int
    medians: Mapping[str, float]


def evaluate(
    profile: Profile,
    *,
    belonging: ScoreTable,
    foreign: Mapping[str, ScoreTable],
    rules: Sequence[str] = ("conformal",),
    alpha: float = 0.05,
    beta: float = 0.01,
    rates: Sequence[float] = RATES,
    outside: Outside = "judge",
    method: Method[Any] | None = None,
) -> dict[str, Evaluation]:
    """What a profile's verdicts get right on images of known origin, and what its statistic could tell at other cuts.

    Every image is judged by `judge`, as an image in question would be.

    Args:
        profile: of `calibrate`, of one condition.
        belonging: scores of images that the model made, none of which the profile was made of.
        foreign: scores of images that it did not make, by a name for each kind.
        rules: names of the rules to judge by.
        alpha: the bound on missed belongings, in (0, 1).
        beta: the bound on false claims in each pool of the profile, in (0, 1).
        rates: false positive rates at which to give the share of belongings found.
        outside: what becomes of images that the profile does not cover: judged all the same, or UNDECIDED.
        method: the profile's method, where it cannot be made from its card.

    Returns:
        An evaluation for each kind of foreign images, by its name.

    Raises:
        ProfileError: when a table was scored in another way than the profile.
        UsageError: when the profile has several conditions, a kind has no image, or another argument is refused.
    """
    _check(profile, {"belonging": belonging, **foreign})
    chosen = methods.from_card(profile.method, profile.asked, belonging.asked) if method is None else method
    tables = [readable(table, chosen) for table in (belonging, *foreign.values())]
    judged = {rule: _judged(tables, profile, rule, alpha, beta=beta, outside=outside, method=chosen) for rule in rules}
    own, *others = (statistic_of(chosen, table, profile.fit) for table in tables)
    return {
        name: Evaluation(
            ranked=len(profile.statistic),
            errors={rule: None if by is None else _errors(by[0], by[place]) for rule, by in judged.items()},
            auc=auc_if_defined(own, other),
            tpr={rate: tpr_if_shown(own, other, rate) for rate in rates},
            undefined=int(np.count_nonzero(~np.isfinite(own)) + np.count_nonzero(~np.isfinite(other))),
            medians=_medians({"belonging": own, "foreign": other}),
        )
        for place, (name, other) in enumerate(zip(foreign, others, strict=True), start=1)
    }


def _check(profile: Profile, tables: Mapping[str, ScoreTable]) -> None:
    """Refuse a profile of several conditions, and a kind without images."""
    if len(profile.conditions) > 1:
        raise UsageError(
            f"the profile has conditions {', '.join(profile.conditions)}, whose statistics differ: evaluate each by"
            " itself, as profile.condition('none')"
        )
    for name, table in tables.items():
        if not len(table):
            raise UsageError(f"{name}: no image to evaluate a profile of {profile.model.name} on, give some")


def _judged(
    tables: Sequence[ScoreTable], profile: Profile, rule: str, alpha: float, **options: Any
) -> list[Verdicts] | None:
    """Verdicts on every table; None where the rule cannot decide from so few belongings."""
    try:
        load_rule(rule).threshold(profile.statistic, alpha)
    except ProfileError:
        return None
    return [judge(table, profile=profile, rule=rule, alpha=alpha, **options) for table in tables]


def _errors(ours: Verdicts, theirs: Verdicts) -> RuleErrors:
    cut = ours[0].threshold
    assert cut is not None
    return RuleErrors(cut=cut, confusion=confusion(ours, theirs))


def _medians(kinds: Mapping[str, Vector]) -> dict[str, float]:
    finite = {kind: values[np.isfinite(values)] for kind, values in kinds.items()}
    return {kind: float(np.median(values)) for kind, values in finite.items() if len(values)}
