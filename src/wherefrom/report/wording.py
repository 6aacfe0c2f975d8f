"""What verdicts say, in plain sentences: about decoders, never about persons, and never as a percentage of guilt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wherefrom.records.verdict import Attribution, Outcome, Verdict
from wherefrom.report.numbers import Answer

__all__ = ["answer_of", "question", "sentence", "would_change"]

_ANSWERS: Final[Mapping[Outcome, Answer]] = {
    Outcome.SUPPORTED: Answer.CONSISTENT,
    Outcome.COMPATIBLE: Answer.CONSISTENT,
    Outcome.EXCLUDED: Answer.NOT_SUPPORTED,
    Outcome.UNDECIDED: Answer.OPEN,
}
_UNBOUNDED: Final = "how often an image of other origin would be so too is not known"
_FURTHER: Final = (
    "Images of another kind that are as consistent with the decoder as this one: put into the profile as a further"
    " pool, they could turn the answer into “cannot tell”."
)
_A_POOL: Final = (
    "A pool of images of other origin that is large enough and stored like the decoder's own images: with it the answer"
    " can become “consistent with” at a known rate of false claims, or “cannot tell”."
)
_EARLIER: Final = (
    "An earlier copy of the image. Saving again with loss, resizing or filtering can hide what the decoder left: an"
    " original, or a profile whose known images went through the same change, could be consistent with it."
)
_CHANGES: Final[Mapping[Outcome, tuple[str, ...]]] = {
    Outcome.SUPPORTED: (
        _FURTHER,
        "Evidence that the file was passed through the decoder after it was made, as described above.",
    ),
    Outcome.COMPATIBLE: (_A_POOL,),
    Outcome.EXCLUDED: (_EARLIER,),
    Outcome.UNDECIDED: ("What the reason below names: each ends with what would help, where something would.",),
}
_UNREAD: Final = "A copy of the file that can be read: nothing was measured."


def answer_of(outcome: Outcome) -> Answer:
    """What an outcome is called on a page.

    Args:
        outcome: of a verdict.
    """
    return _ANSWERS[outcome]


def question(names: Sequence[str], *, several: bool = False) -> str:
    """The question in one sentence.

    Args:
        names: of the candidates.
        several: whether it is asked of several images.
    """
    these = "these images" if several else "this image"
    if len(names) == 1:
        return f"Did the decoder of {names[0]} make {these}?"
    which = "Which of these {count} decoders, if any, made" if not several else "Did one of these {count} decoders make"
    return f"{which.format(count=len(names))} {these}: {_listed(names, 'or')}?"


def sentence(decision: Verdict | Attribution, names: Sequence[str]) -> tuple[Answer, str]:
    """The answer, and the same in one sentence or two.

    Args:
        decision: what is said of the image.
        names: of the candidates, in the order of its verdicts.
    """
    if isinstance(decision, Verdict):
        return answer_of(decision.outcome), _of_one(decision, names[0])
    if decision.image.error is not None and not any(verdict.statistic for verdict in decision.verdicts):
        return Answer.OPEN, "The evidence cannot tell which decoder made this image: the image could not be measured."
    return _of_several({name: verdict.outcome for name, verdict in zip(names, decision.verdicts, strict=True)})


def _of_one(verdict: Verdict, name: str) -> str:
    """About one decoder."""
    if verdict.image.error is not None:
        return f"The evidence cannot tell whether the decoder of {name} made this image: it could not be measured."
    return {
        Outcome.SUPPORTED: f"This image is consistent with the decoder of {name}, and unlike the images of other origin"
        f" that it was compared with ({_listed(list(verdict.p_foreign), 'and')}).",
        Outcome.COMPATIBLE: f"This image is consistent with the decoder of {name}, but {_UNBOUNDED}.",
        Outcome.EXCLUDED: f"The evidence does not support that the decoder of {name} made this image.",
        Outcome.UNDECIDED: f"The evidence cannot tell whether the decoder of {name} made this image.",
    }[verdict.outcome]


def _of_several(outcomes: Mapping[str, Outcome]) -> tuple[Answer, str]:
    """About several decoders: survivors are named together and never ranked."""
    by = {outcome: [name for name, own in outcomes.items() if own is outcome] for outcome in Outcome}
    supported, compatible, excluded, open_ = (
        by[outcome] for outcome in (Outcome.SUPPORTED, Outcome.COMPATIBLE, Outcome.EXCLUDED, Outcome.UNDECIDED)
    )
    if supported or compatible:
        parts = [_consistent(supported, compatible)]
        parts += [f"The evidence does not support {_listed(excluded, 'and')}."] if excluded else []
        parts += [f"It cannot tell for {_listed(open_, 'and')}."] if open_ and excluded else []
        parts += [f"The evidence cannot tell for {_listed(open_, 'and')}."] if open_ and not excluded else []
        return Answer.CONSISTENT, " ".join(parts)
    if not open_:
        return (
            Answer.NOT_SUPPORTED,
            f"The evidence does not support that any of these {len(outcomes)} decoders made this image.",
        )
    if not excluded:
        return Answer.OPEN, "The evidence cannot tell whether any of these decoders made this image."
    return Answer.OPEN, (
        f"The evidence cannot tell for {_listed(open_, 'and')}, and does not support {_listed(excluded, 'and')}."
    )


def _consistent(supported: Sequence[str], compatible: Sequence[str]) -> str:
    """With which decoders an image is consistent."""
    if not supported:
        return f"This image is consistent with {_decoders(compatible)}, but {_UNBOUNDED}."
    told = f"This image is consistent with {_decoders(supported)}, and unlike the images of other origin"
    tie = "" if len(supported) == 1 else "; the evidence ranks none of them above another"
    more = f" It is also consistent with {_decoders(compatible)}, but {_UNBOUNDED}." if compatible else ""
    return f"{told} that it was compared with{tie}.{more}"


def would_change(decision: Verdict | Attribution) -> tuple[str, ...]:
    """What could lead to another answer, a sentence each.

    Args:
        decision: what is said of the image.
    """
    if decision.image.error is not None:
        return (_UNREAD,)
    outcomes = (
        {decision.outcome} if isinstance(decision, Verdict) else {verdict.outcome for verdict in decision.verdicts}
    )
    more = (
        ()
        if isinstance(decision, Verdict)
        else ("A profile of a further decoder: only those listed here were asked about.",)
    )
    return tuple(change for outcome in Outcome if outcome in outcomes for change in _CHANGES[outcome]) + more


def _decoders(names: Sequence[str]) -> str:
    return f"the decoder{'s' if len(names) > 1 else ''} of {_listed(names, 'and')}"


def _listed(names: Sequence[str], word: str) -> str:
    """Names in a sentence: `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
