"""`attribute`: what can be said of images under one profile, or among several candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, overload

from wherefrom.attribution.candidate import Candidate
from wherefrom.attribution.concluding import Group, conclude
from wherefrom.core.clock import now
from wherefrom.core.errors import UsageError
from wherefrom.core.given import check_names
from wherefrom.judging import Outside, aligned, check_cut, decoder_of, judge
from wherefrom.methods.base import Method
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Attributions, Verdicts
from wherefrom.rules.base import Rule

__all__ = ["attribute"]


@overload
def attribute(
    tables: ScoreTable | Mapping[str, ScoreTable],
    *,
    profile: Profile,
    alpha: float = ...,
    beta: float = ...,
    rule: Rule | str = ...,
    outside: Outside = ...,
    method: Method[Any] | None = ...,
    when: datetime | None = ...,
    edit: str | None = ...,
    file: str | Path | None = ...,
) -> Verdicts: ...


@overload
def attribute(
    tables: Sequence[Candidate],
    *,
    alpha: float = ...,
    beta: float = ...,
    rule: Rule | str = ...,
    method: Method[Any] | None = ...,
    when: datetime | None = ...,
    edit: str | None = ...,
) -> Attributions: ...


@overload
def attribute(
    tables: Mapping[str, ScoreTable],
    *,
    profiles: Mapping[str, Profile],
    alpha: float = ...,
    beta: float = ...,
    rule: Rule | str = ...,
    method: Method[Any] | None = ...,
    when: datetime | None = ...,
    edit: str | None = ...,
) -> Attributions: ...


def attribute(
    tables: ScoreTable | Mapping[str, ScoreTable] | Sequence[Candidate],
    *,
    profile: Profile | None = None,
    profiles: Mapping[str, Profile] | None = None,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    outside: Outside = "undecided",
    method: Method[Any] | None = None,
    when: datetime | None = None,
    edit: str | None = None,
    file: str | Path | None = None,
) -> Verdicts | Attributions:
    """What can be said of images under one profile, or among several: what `wherefrom attribute` says.

    With one `profile`: a verdict an image, see `wherefrom.judging.judge`. With several candidates: which of several
    decoders made each image: one of them, several (a tie), none of these, or undecided.

    Profiles whose decoders' weights have one digest are one candidate, shown with all their names; of them those that
    cover the image must agree. For each candidate the hypothesis "not one of its images" has as p-value the largest
    `p_foreign` over its pools, or 1 where the image is not SUPPORTED under it alone; Holm's procedure at beta decides
    which are rejected. Survivors are never ranked against each other.

    Promise: an image that is exchangeable with one pool of every candidate that did not make it is claimed for any of
    those with a probability of at most beta, an average over profiles. So the images of each candidate belong in the
    pools of the others. Misses stay bounded by alpha for each candidate by itself.

    Args:
        tables: scores of the images under the only profile (where its conditions ask the model differently, a table a
            condition, by its edit); or candidates with the scores of the images under each, see
            `wherefrom.candidates.score_candidates`; or tables by the same names as `profiles`.
        profile: the only candidate's.
        profiles: of several candidates, by a name that is shown, where `tables` are of the same names.
        alpha: the bound on missed belongings of each candidate, in (0, 1).
        beta: the bound on a false claim for any candidate, in (0, 1).
        rule: where to cut: one of `rules.names()`, or a rule with its options.
        outside: with one profile, what becomes of images that it does not cover: UNDECIDED, or judged without the
            promise, which the reason then says.
        method: the profiles' method, where it cannot be made from their cards.
        when: the time that the verdicts say, with its zone; None is now.
        edit: what the images went through, where that is known: only this condition of each profile counts.
        file: of the only profile, as a reason names it.

    Returns:
        A verdict an image with one profile, an attribution an image with several, in the order of the (first) table.

    Raises:
        ProfileError: as `judge`.
        UsageError: when there is no profile, both `profile` and `profiles` are given, names differ, or the tables are
            not of the same images.
    """
    if profile is not None and profiles is None and isinstance(tables, ScoreTable | Mapping):
        return judge(
            tables,
            profile=profile,
            alpha=alpha,
            beta=beta,
            rule=rule,
            outside=outside,
            method=method,
            when=when,
            edit=edit,
            file=file,
        )
    if profile is not None and profiles is not None:
        raise UsageError("both profile and profiles are given: give one profile, or several by profiles")
    if profile is not None:
        kind = type(tables).__name__
        raise UsageError(f"with profile= a score table is needed, got a {kind}: give what wf.score returns")
    candidates = _given(tables, profiles)
    if outside != "undecided":
        raise UsageError(f"outside={outside!r} goes with one profile alone: leave it out")
    candidates = tuple(replace(each, method=each.method or method) for each in candidates)
    return _among(candidates, alpha=alpha, beta=beta, rule=rule, when=when or now(), edit=edit)


def _given(
    tables: ScoreTable | Mapping[str, ScoreTable] | Sequence[Candidate], profiles: Mapping[str, Profile] | None
) -> tuple[Candidate, ...]:
    """The candidates, made of tables and profiles where these are given apart.

    Raises:
        UsageError: when there is none, or names do not fit.
    """
    if isinstance(tables, ScoreTable):
        if profiles is None:
            raise UsageError("no profile to attribute with: give one, by profile=")
        raise UsageError("one score table and several profiles: give a mapping with the table of each profile")
    if profiles is not None:
        check_names("profiles", profiles, "{'model-a': profile}")
    if not isinstance(tables, Mapping):
        found = tuple(tables)
    elif profiles is None:
        raise UsageError(f"{len(tables)} score tables by name need profiles by the same names: give profiles=")
    else:
        _check_names(tables, profiles)
        found = tuple(
            Candidate(name=name, profile=one, tables=dict.fromkeys(one.conditions, tables[name]))
            for name, one in profiles.items()
        )
    if not found:
        raise UsageError("no profile to attribute with: give at least one")
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        raise UsageError(f"two candidates have one name, of {', '.join(names)}: give them different names")
    return found


def _check_names(tables: Mapping[str, ScoreTable], profiles: Mapping[str, Profile]) -> None:
    if profiles and set(tables) != set(profiles):
        odd = ", ".join(sorted(set(tables) ^ set(profiles)))
        raise UsageError(f"score tables and profiles must have the same names, only one of them has {odd}")


def _among(
    candidates: Sequence[Candidate],
    *,
    alpha: float,
    beta: float,
    rule: Rule | str,
    when: datetime,
    edit: str | None,
) -> Attributions:
    """Attribution among several candidates."""
    decoders = _decoders(candidates)
    judged, tables = {}, {}
    for each in candidates:
        conditions = each.profile.conditions if edit is None else {edit: each.profile.condition(edit)}
        for name, condition in conditions.items():
            if name in each.tables:
                check_cut(each.tables[name], condition, alpha=alpha, beta=beta, rule=rule, candidates=len(decoders))
        judged[each.name] = judge(
            each.tables,
            profile=each.profile,
            alpha=alpha,
            beta=beta,
            rule=rule,
            method=each.method,
            when=when,
            edit=edit,
            file=each.file,
        )
        tables[each.name] = each.tables[next(iter(conditions))]  # in whose order the verdicts are
    rows = aligned(tables)
    profiles = {each.name: each.profile for each in candidates}
    found = []
    for row in range(len(next(iter(rows.values())))):
        verdicts = {name: judged[name][rows[name][row]] for name in profiles}
        groups = [Group(names, verdicts, [name for name in names if verdicts[name].conditions]) for names in decoders]
        found.append(conclude(groups, verdicts, profiles, beta))
    return Attributions(found)


def _decoders(candidates: Sequence[Candidate]) -> list[list[str]]:
    """Names of candidates, together where the decoder's weights are the same."""
    groups: dict[str, list[str]] = {}
    for each in candidates:
        groups.setdefault(decoder_of(each.profile), []).append(each.name)
    return list(groups.values())
