"""Answers of which only those are left that harmless changes of the image do not turn round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wherefrom.attribution.concluding import answer_of
from wherefrom.core.errors import UsageError
from wherefrom.records.stability import Stability, steadied
from wherefrom.records.verdict import Attribution, Attributions, Outcome, Verdicts

__all__ = ["steady_attributions", "steady_verdicts"]

_SAME_DECODER = " = "


def steady_verdicts(verdicts: Verdicts, stabilities: Sequence[Stability], *, candidate: str) -> Verdicts:
    """The verdicts under one profile, UNDECIDED where a harmless change turns one round.

    Args:
        verdicts: one an image.
        stabilities: of the same images, in the same order.
        candidate: the name under which they were judged there.

    Raises:
        UsageError: when they are not of the same images.
    """
    _check([verdict.image.name for verdict in verdicts], stabilities)
    return Verdicts(steadied(verdict, each, candidate) for verdict, each in zip(verdicts, stabilities, strict=True))


def steady_attributions(found: Attributions, stabilities: Sequence[Stability]) -> Attributions:
    """The attributions among several profiles, a candidate UNDECIDED where a harmless change turns its verdict round.

    A claim is taken away and none is added, so that the chance of a false one among all candidates stays bounded.

    Args:
        found: one an image.
        stabilities: of the same images, in the same order.

    Raises:
        UsageError: when they are not of the same images.
    """
    _check([item.image.name for item in found], stabilities)
    return Attributions(_steady(item, each) for item, each in zip(found, stabilities, strict=True))


def _check(names: Sequence[str], stabilities: Sequence[Stability]) -> None:
    others = [each.name for each in stabilities]
    if list(names) != others:
        raise UsageError(
            f"{len(names)} answers and {len(others)} stabilities are not of the same images: give both alike"
        )


def _steady(item: Attribution, stability: Stability) -> Attribution:
    """One attribution; candidates of one decoder, which have one answer, lose it together."""
    verdicts = {
        name: steadied(verdict, stability, name) for name, verdict in zip(item.candidates, item.verdicts, strict=True)
    }
    changed = {name for name, old in zip(item.candidates, item.verdicts, strict=True) if verdicts[name] is not old}
    if not changed:
        return item
    lost = [label for label in item.supported if changed & set(label.split(_SAME_DECODER))]
    for name in {name for label in lost for name in label.split(_SAME_DECODER)} - changed:
        reason = f"{verdicts[name].reason}, but of the same decoder another profile's answer is turned round"
        verdicts[name] = replace(verdicts[name], outcome=Outcome.UNDECIDED, reason=reason)
    supported = tuple(label for label in item.supported if label not in lost)
    outcomes: dict[str, Outcome] = {name: verdict.outcome for name, verdict in verdicts.items()}
    said = "; ".join(f"{name}: {verdicts[name].outcome}, {verdicts[name].reason}" for name in sorted(changed))
    return replace(
        item,
        verdicts=tuple(verdicts.values()),
        supported=supported,
        answer=answer_of(supported, outcomes),
        reason=f"{item.reason}; a harmless change turns the answer round: {said}",
    )
