"""One image, several candidate decoders: false claims are bounded over all of them together. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, overload

import numpy as np

from wherefrom.core.clock import now
from wherefrom.core.errors import UsageError
from wherefrom.core.multiplicity import holm, levels
from wherefrom.core.shares import fewest
from wherefrom.judging import Outside, check_cut, decoder_of, judge
from wherefrom.methods.base import Method
from wherefrom.records.coverage import covered_by, outside
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Attribution, Attributions, Outcome, Verdict, Verdicts
from wherefrom.rules.base import Rule

__all__ = ["attribute"]


@overload
def attribute(
    tables: ScoreTable,
    *,
    profile: Profile,
    alpha: float = ...,
    beta: float = ...,
    rule: Rule | str = ...,
    outside: Outside = ...,
    method: Method[Any] | None = ...,
    when: datetime | None = ...,
) -> Verdicts: ...


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
) -> Attributions: ...


def attribute(
    tables: ScoreTable | Mapping[str, ScoreTable],
    *,
    profile: Profile | None = None,
    profiles: Mapping[str, Profile] | None = None,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    outside: Outside = "undecided",
    method: Method[Any] | None = None,
    when: datetime | None = None,
) -> Verdicts | Attributions:
    """What can be said of images under one profile, or among several: what `wherefrom attribute` says.

    With one `profile`: a verdict an image, see `wherefrom.judging.judge`. With several `profiles`: which of several
    decoders made each image: one of them, several (a tie), none of these, or undecided.

    Profiles whose decoders' weights have one digest are one candidate, shown with all their names; of them those that
    cover the image must agree. For each candidate the hypothesis "not one of its images" has as p-value the largest
    `p_foreign` over its pools, or 1 where the image is not SUPPORTED under it alone; Holm's procedure at beta decides
    which are rejected. Survivors are never ranked against each other.

    Promise: an image that is exchangeable with one pool of every candidate that did not make it is claimed for any of
    those with a probability of at most beta, an average over profiles. So the images of each candidate belong in the
    pools of the others. Misses stay bounded by alpha for each candidate by itself.

    Args:
        tables: scores of the images under the profile; of the same images under each candidate, by the same names as
            `profiles`.
        profile: the only candidate.
        profiles: instead, one or more a candidate, by a name that is shown.
        alpha: the bound on missed belongings of each candidate, in (0, 1).
        beta: the bound on a false claim for any candidate, in (0, 1).
        rule: where to cut: one of `rules.names()`, or a rule with its options.
        outside: with one profile, what becomes of images that it does not cover: UNDECIDED, or judged without the
            promise, which the reason then says.
        method: the profiles' method, where it cannot be made from their cards.
        when: the time that the verdicts say, with its zone; None is now.

    Returns:
        A verdict an image with one profile, an attribution an image with several, in the order of the (first) table.

    Raises:
        ProfileError: as `judge`.
        UsageError: when there is no profile, both `profile` and `profiles` are given, names differ, or the tables are
            not of the same images.
    """
    if isinstance(tables, ScoreTable) or profiles is None:
        table, only = _alone(tables, profile, profiles)
        return judge(table, profile=only, alpha=alpha, beta=beta, rule=rule, outside=outside, method=method, when=when)
    if profile is not None:
        raise UsageError("both profile and profiles are given: give one profile, or several by profiles")
    if outside != "undecided":
        raise UsageError(f"outside={outside!r} goes with one profile alone: leave it out")
    return _among(tables, profiles, alpha=alpha, beta=beta, rule=rule, method=method, when=when or now())


def _alone(
    tables: ScoreTable | Mapping[str, ScoreTable], profile: Profile | None, profiles: Mapping[str, Profile] | None
) -> tuple[ScoreTable, Profile]:
    """One table and its profile.

    Raises:
        UsageError: when it is not that.
    """
    if profiles is not None:
        raise UsageError("one score table and several profiles: give a mapping with the table of each profile")
    if not isinstance(tables, ScoreTable):
        raise UsageError(f"{len(tables)} score tables by name need profiles by the same names: give profiles=")
    if profile is None:
        raise UsageError("no profile to attribute with: give one, by profile=")
    return tables, profile


def _among(
    tables: Mapping[str, ScoreTable],
    profiles: Mapping[str, Profile],
    *,
    alpha: float,
    beta: float,
    rule: Rule | str,
    method: Method[Any] | None,
    when: datetime | None,
) -> Attributions:
    """Attribution among several profiles."""
    _check_names(tables, profiles)
    rows = _aligned(tables)
    candidates = _candidates(profiles)
    for name, profile in profiles.items():
        check_cut(tables[name], profile, alpha=alpha, beta=beta, rule=rule, candidates=len(candidates))
    judged = {
        name: judge(tables[name], profile=profile, alpha=alpha, beta=beta, rule=rule, method=method, when=when)
        for name, profile in profiles.items()
    }
    found = []
    for row in range(len(next(iter(rows.values())))):
        verdicts = {name: judged[name][rows[name][row]] for name in profiles}
        covered = {name: _covers(tables[name], rows[name][row], profiles[name]) for name in profiles}
        groups = [_Group(names, verdicts, [name for name in names if covered[name]]) for names in candidates]
        found.append(_conclude(groups, verdicts, profiles, beta))
    return Attributions(found)


def _check_names(tables: Mapping[str, ScoreTable], profiles: Mapping[str, Profile]) -> None:
    if not profiles:
        raise UsageError("no profile to attribute with: give at least one")
    if set(tables) != set(profiles):
        odd = ", ".join(sorted(set(tables) ^ set(profiles)))
        raise UsageError(f"score tables and profiles must have the same names, only one of them has {odd}")


def _aligned(tables: Mapping[str, ScoreTable]) -> dict[str, list[int]]:
    """For each table, the row of each image of the first: joined by name and digest, never by row number."""
    first_name, first = next(iter(tables.items()))
    keys = _keys(first)
    rows = {}
    for name, table in tables.items():
        place = {key: row for row, key in enumerate(_keys(table))}
        if set(place) != set(keys):
            odd = sorted(image for image, _ in set(place) ^ set(keys))
            raise UsageError(f"tables {first_name!r} and {name!r} are not of the same images, as {odd[0]}: score both")
        rows[name] = [place[key] for key in keys]
        for here, there in zip(first.images, (table.images[row] for row in rows[name]), strict=True):
            if here.pixel_digest and there.pixel_digest and here.pixel_digest != there.pixel_digest:
                raise UsageError(f"{here.name} has other pixels in table {first_name!r} than in {name!r}: score again")
    return rows


def _keys(table: ScoreTable) -> list[tuple[str, int]]:
    """A key a row: the name, and which of the rows of that name it is."""
    seen: Counter[str] = Counter()
    keys = []
    for facts in table.images:
        keys.append((facts.name, seen[facts.name]))
        seen[facts.name] += 1
    return keys


def _candidates(profiles: Mapping[str, Profile]) -> list[list[str]]:
    """Names of profiles, together where the decoder's weights are the same."""
    groups: dict[str, list[str]] = {}
    for name, profile in profiles.items():
        groups.setdefault(decoder_of(profile), []).append(name)
    return list(groups.values())


def _covers(table: ScoreTable, row: int, profile: Profile) -> bool:
    return outside(table.images[row], table.sizes[row], covered_by(profile)) is None


@dataclass(frozen=True, slots=True)
class _Group:
    """One candidate decoder and one image: its profiles' names, all verdicts, and which profiles cover the image."""

    names: Sequence[str]
    verdicts: Mapping[str, Verdict]
    covering: Sequence[str]

    @property
    def label(self) -> str:
        """All names of one decoder."""
        return " = ".join(self.names)

    @property
    def voting(self) -> Sequence[str]:
        """The profiles that cover the image decide; where none does, all stay undecided."""
        return self.covering or self.names

    @property
    def outcome(self) -> Outcome:
        """What the voting profiles agree on: the weakest claim among them; UNDECIDED where they contradict."""
        said = {self.verdicts[name].outcome for name in self.voting}
        if len(said) == 1:
            return said.pop()
        return Outcome.COMPATIBLE if said == {Outcome.SUPPORTED, Outcome.COMPATIBLE} else Outcome.UNDECIDED

    @property
    def p(self) -> float:
        """The p-value of "not one of its images": 1 unless every voting profile supports it."""
        if self.outcome is not Outcome.SUPPORTED:
            return 1.0
        return max(max(self.verdicts[name].p_foreign.values()) for name in self.voting)


def _conclude(
    groups: Sequence[_Group], verdicts: Mapping[str, Verdict], profiles: Mapping[str, Profile], beta: float
) -> Attribution:
    """The answer for one image, and each profile's verdict after the correction."""
    claimed = holm(np.array([[group.p for group in groups]]), beta)[0]
    level = float(levels(len(groups), beta)[min(int(claimed.sum()), len(groups) - 1)])
    after = dict(verdicts)
    outcomes = []
    for group, survives in zip(groups, claimed, strict=True):
        outcome = group.outcome
        if outcome is Outcome.SUPPORTED and not survives:
            outcome, reason = _lost(group, profiles, level, len(groups))
            after |= {name: replace(verdicts[name], outcome=outcome, reason=reason) for name in group.voting}
        elif outcome is not Outcome.SUPPORTED:
            after |= _disowned(group)
        outcomes.append(outcome)
    labels = [group.label for group in groups]
    supported = tuple(label for label, survives in zip(labels, claimed, strict=True) if survives)
    answer = _answer(supported, dict(zip(labels, outcomes, strict=True)))
    said = "; ".join(f"{name}: {verdict.outcome}, {verdict.reason}" for name, verdict in after.items())
    return Attribution(
        image=next(iter(verdicts.values())).image,
        verdicts=tuple(after.values()),
        supported=supported,
        answer=answer,
        candidates=tuple(after),
        reason=f"{len(groups)} candidate decoder{'s' if len(groups) > 1 else ''} at beta={beta:g} together: {said}",
    )


def _lost(group: _Group, profiles: Mapping[str, Profile], level: float, count: int) -> tuple[Outcome, str]:
    """What is left of a claim that the correction does not let stand, and what it would take."""
    needed = fewest(level)
    small = [
        f"pool {pool!r} of {name} has {len(values)} images, {count} candidates need {needed}"
        for name in group.voting
        for pool, values in profiles[name].foreign_statistic.items()
        if len(values) < needed
    ]
    shown = f"p = {group.p:.4g} > {level:.4g}, the level for one of {count} candidates"
    if small:
        return (
            Outcome.COMPATIBLE,
            f"ranks as a belonging, but false claims are not bounded: {'; '.join(small)} ({shown})",
        )
    return Outcome.UNDECIDED, f"ranks as a belonging, but not clearly enough against {count} candidates ({shown})"


def _disowned(group: _Group) -> dict[str, Verdict]:
    """Claims of single profiles that the other profiles of the same decoder do not share."""
    changed = {}
    for name in group.voting:
        verdict = group.verdicts[name]
        if verdict.outcome is Outcome.SUPPORTED:
            others = ", ".join(
                f"{other} says {group.verdicts[other].outcome}" for other in group.voting if other != name
            )
            reason = f"{verdict.reason}, but of the same decoder {others}"
            changed[name] = replace(verdict, outcome=group.outcome, reason=reason)
    return changed


def _answer(supported: Sequence[str], outcomes: Mapping[str, Outcome]) -> str:
    """The answer in words; a candidate that was only not excluded is never named without saying so."""
    if supported:
        return supported[0] if len(supported) == 1 else f"tie: {', '.join(supported)}"
    said = set(outcomes.values())
    if said == {Outcome.EXCLUDED}:
        return "none of these"
    compatible = [label for label, outcome in outcomes.items() if outcome is Outcome.COMPATIBLE]
    if compatible and said <= {Outcome.COMPATIBLE, Outcome.EXCLUDED}:
        return f"compatible: {', '.join(compatible)}"
    return "undecided"
