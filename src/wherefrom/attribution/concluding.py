"""The answer for one image among several candidate decoders, with false claims bounded over all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wherefrom.core.multiplicity import holm, levels
from wherefrom.core.shares import fewest
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Attribution, Outcome, Verdict

__all__ = ["Group", "answer_of", "conclude"]


@dataclass(frozen=True, slots=True)
class Group:
    """One candidate decoder and one image.

    Attributes:
        names: of its profiles.
        verdicts: under each profile of every candidate, by its name.
        covering: names of its profiles that cover the image.
    """

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


def conclude(
    groups: Sequence[Group], verdicts: Mapping[str, Verdict], profiles: Mapping[str, Profile], beta: float
) -> Attribution:
    """The answer for one image, and each profile's verdict after the correction.

    Args:
        groups: a candidate decoder each.
        verdicts: under each profile alone, by its name.
        profiles: by the same names.
        beta: the bound on a false claim for any candidate.
    """
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
    answer = answer_of(supported, dict(zip(labels, outcomes, strict=True)))
    said = "; ".join(f"{name}: {verdict.outcome}, {verdict.reason}" for name, verdict in after.items())
    return Attribution(
        image=next(iter(verdicts.values())).image,
        verdicts=tuple(after.values()),
        supported=supported,
        answer=answer,
        candidates=tuple(after),
        reason=f"{len(groups)} candidate decoder{'s' if len(groups) > 1 else ''} at beta={beta:g} together: {said}",
    )


def _lost(group: Group, profiles: Mapping[str, Profile], level: float, count: int) -> tuple[Outcome, str]:
    """What is left of a claim that the correction does not let stand, and what it would take."""
    needed = fewest(level)
    sizes = {
        (pool, name): len(values)
        for name in group.voting
        for edit in group.verdicts[name].conditions
        for pool, values in profiles[name].condition(edit).foreign_statistic.items()
    }
    small = [
        f"pool {pool!r} of {name} has {size} images, {count} candidates need {needed}"
        for (pool, name), size in sizes.items()
        if size < needed
    ]
    shown = f"p = {group.p:.4g} > {level:.4g}, the level for one of {count} candidates"
    if small:
        return (
            Outcome.COMPATIBLE,
            f"ranks as a belonging, but false claims are not bounded: {'; '.join(small)} ({shown})",
        )
    return Outcome.UNDECIDED, f"ranks as a belonging, but not clearly enough against {count} candidates ({shown})"


def _disowned(group: Group) -> dict[str, Verdict]:
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


def answer_of(supported: Sequence[str], outcomes: Mapping[str, Outcome]) -> str:
    """The answer in words; a candidate that was only not excluded is never named without saying so.

    Args:
        supported: names of the candidates whose claim survives.
        outcomes: of all candidates, by name.
    """
    if supported:
        return supported[0] if len(supported) == 1 else f"tie: {', '.join(supported)}"
    said = set(outcomes.values())
    if said == {Outcome.EXCLUDED}:
        return "none of these"
    compatible = [label for label, outcome in outcomes.items() if outcome is Outcome.COMPATIBLE]
    if compatible and said <= {Outcome.COMPATIBLE, Outcome.EXCLUDED}:
        return f"compatible: {', '.join(compatible)}"
    return "undecided"
