"""A profile and the scores of other images in, verdicts out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from wherefrom import methods, rules
from wherefrom.core.clock import timestamp
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.given import refuse_name
from wherefrom.judging._aligning import aligned
from wherefrom.judging._early import check_cut, measure_without_early_exit
from wherefrom.judging._profile_judge import OUTSIDE, Outside, profile_judge
from wherefrom.judging.evidence import evidence_of
from wherefrom.methods.base import Method
from wherefrom.records.checks import refuse_other_provenance
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Verdicts
from wherefrom.rules.base import Rule

__all__ = ["judge"]


def judge(
    table: ScoreTable | Mapping[str, ScoreTable],
    *,
    profile: Profile,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    outside: Outside = "undecided",
    method: Method[Any] | None = None,
    when: datetime | None = None,
    edit: str | None = None,
    file: str | Path | None = None,
) -> Verdicts:
    """What can be said of each image under one profile, one verdict a row.

    Of a profile with several conditions those count for an image that cover its file; see `Coverage`. Where several
    do, p-values are the largest of theirs: an image is EXCLUDED only where it does not rank as a belonging under any,
    and ranks as no image of a pool only where that is so under every one.

    Promise, with rule `conformal`: of images exchangeable with the belongings of any covering condition at most a share
    alpha is EXCLUDED. With every rule: of images exchangeable with any one of the pools of any covering condition at
    most a share beta is SUPPORTED. Both are averages over profiles of this size. Assumption: the images were made and
    stored as those of one of the covering conditions were; what can be checked of that, `Coverage` and `Audit` check.

    Args:
        table: scores under the profile's model, measure and seed; for a profile whose conditions ask the model
            differently, a table for each condition by its edit, all of the same images.
        profile: of `calibrate`.
        alpha: the bound on missed belongings, in (0, 1).
        beta: the bound on false claims in each pool, in (0, 1).
        rule: where to cut: one of `rules.names()`, or a rule with its options.
        outside: what becomes of images that the profile does not cover: UNDECIDED, or judged without the promise, which
            the reason then says; such an image is never SUPPORTED.
        method: the profile's method, where it cannot be made from its card: one of your own that is not registered,
            with a profile and scores that were both read from files.
        when: the time that the verdicts say, with its zone; None is now, see `wherefrom.core.clock`.
        edit: what the images went through, where that is known: only this condition counts; None: what their files
            tell.
        file: of the profile, as a reason names it; None is shown as `P.json`.

    Raises:
        ProfileError: when the table was scored differently, its searches were left before these verdicts were known,
            alpha needs more belongings than there are, or the profile has no such condition.
        UsageError: when alpha or beta is not in (0, 1), the rule or `outside` is unknown, a condition has no table, or
            tables are not of the same images.
    """
    if outside not in OUTSIDE:
        raise UsageError(f"outside={outside!r} is none of {', '.join(OUTSIDE)}")
    refuse_name("profile", profile, "wf.load_profile")
    conditions = profile.conditions if edit is None else {edit: profile.condition(edit)}
    tables = _tables(table, conditions)
    for name, condition in conditions.items():
        _check(tables[name], condition, alpha=alpha, beta=beta, rule=rule)
    chosen = rules.load(rule) if isinstance(rule, str) else rule
    judges = profile_judge(profile, conditions, chosen, (alpha, beta), timestamp(when), file)
    rows = aligned(tables)
    evidence = {
        name: evidence_of(
            tables[name], condition, method=_method_of(condition, method, tables[name]), rule=chosen, alpha=alpha
        )
        for name, condition in conditions.items()
    }
    count = len(next(iter(rows.values())))
    return Verdicts(
        judges.verdict([evidence[name][rows[name][row]] for name in conditions], outside) for row in range(count)
    )


def _check(table: ScoreTable, condition: Profile, *, alpha: float, beta: float, rule: Rule | str) -> None:
    """Refuse scores that were asked differently, or left before a verdict was known."""
    refuse_other_provenance(
        "the scores",
        (table.model, measure_without_early_exit(table), table.seed),
        "the profile",
        (condition.model, condition.measure, condition.seed),
    )
    check_cut(table, condition, alpha=alpha, beta=beta, rule=rule)


def _tables(
    table: ScoreTable | Mapping[str, ScoreTable], conditions: Mapping[str, Profile]
) -> Mapping[str, ScoreTable]:
    """The table of each condition.

    Raises:
        UsageError: when one has none.
    """
    if not isinstance(table, ScoreTable):
        missing = [name for name in conditions if name not in table]
        if missing:
            raise UsageError(f"no score table for condition {missing[0]}, only for {', '.join(table) or 'none'}")
        return {name: table[name] for name in conditions}
    alike = {condition.model.digest for condition in conditions.values()}
    if len(alike) > 1:
        raise UsageError(
            f"one score table, and the profile's conditions {', '.join(conditions)} ask {len(alike)} models:"
            " give a table for each condition by its edit, or name the condition by edit="
        )
    return dict.fromkeys(conditions, table)


def _method_of(profile: Profile, method: Method[Any] | None, table: ScoreTable) -> Method[Any]:
    if method is None:
        return methods.from_card(profile.method, profile.asked, table.asked)
    if method.card.digest != profile.method.digest:
        changed = "; ".join(method.card.differences(profile.method)) or f"{method.card.name}, {profile.method.name}"
        raise ProfileError(f"the profile is of another method or other options ({changed}): use the profile's own")
    return method
