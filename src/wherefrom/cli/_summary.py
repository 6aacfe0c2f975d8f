"""What was said of many images, for a person: how many of each, then rows by outcome, the first of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from wherefrom.cli._output import emit, emit_table
from wherefrom.cli._verdicts import show_attributions, show_verdicts, under_conditions
from wherefrom.records.verdict import Outcome

if TYPE_CHECKING:
    from wherefrom.records.verdict import Attribution, Verdict

__all__ = ["tell_attributions", "tell_verdicts"]

_ROWS: Final = 10
"""Of each outcome, or of each answer, that are shown unless all are asked for."""
_REASON: Final = 90
"""Characters of a reason that are shown of one row among many."""
_FEW: Final = 3
"""Images of which everything is shown, without being asked for."""
_REST: Final = "Each row with its whole reason: --all, or --json; --out FILE keeps all of it."


def tell_verdicts(verdicts: Sequence[Verdict], *, whole: bool) -> None:
    """Print how many images have each outcome, then rows.

    Args:
        verdicts: one an image.
        whole: whether every row is shown, each with its whole reason, in the images' order.
    """
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    errors = sum(verdict.image.error is not None for verdict in verdicts)
    failed = f", of which {errors} could not be scored" if errors else ""
    emit(f"{_images(len(verdicts))}: {', '.join(f'{outcomes[outcome]} {outcome}' for outcome in Outcome)}{failed}")
    if whole or len(verdicts) <= _FEW:
        show_verdicts(verdicts)
        return
    chosen = under_conditions(verdicts)
    for outcome in Outcome:
        verdicts_so = [verdict for verdict in verdicts if verdict.outcome is outcome]
        rows = [
            (
                verdict.image.name,
                *((", ".join(verdict.conditions),) if chosen else ()),
                verdict.statistic,
                verdict.p_belonging,
                max(verdict.p_foreign.values(), default=None),
                _short(verdict.reason),
            )
            for verdict in verdicts_so[:_ROWS]
        ]
        if rows:
            headers = ("name", *chosen, "statistic", "p belonging", "p foreign", "reason")
            emit_table(headers, rows, title=_title(str(outcome), len(verdicts_so)), folded="reason")
    emit(_REST)


def tell_attributions(attributions: Sequence[Attribution], names: Sequence[str], *, whole: bool) -> None:
    """Print how many images have each answer, what each candidate was said of, then rows.

    Args:
        attributions: one an image.
        names: of the candidates, in the order of each image's verdicts.
        whole: whether every row is shown, each with its whole reason, in the images' order.
    """
    answers = Counter(item.answer for item in attributions)
    emit(f"{_images(len(attributions))}: {', '.join(f'{count} {answer}' for answer, count in answers.most_common())}")
    if whole or len(attributions) <= _FEW:
        show_attributions(attributions, names)
        return
    counts = [Counter(item.verdicts[place].outcome for item in attributions) for place in range(len(names))]
    emit_table(
        ("candidate", *map(str, Outcome)),
        [(name, *(count[outcome] for outcome in Outcome)) for name, count in zip(names, counts, strict=True)],
    )
    for answer, count in answers.most_common():
        rows = [
            (item.image.name, _others(item, names), _short(item.image.error or ""))
            for item in attributions
            if item.answer == answer
        ][:_ROWS]
        emit_table(("name", "candidates", "error"), rows, title=_title(answer, count), folded="candidates")
    emit(_REST)


def _others(item: Attribution, names: Sequence[str]) -> str:
    """The candidates by outcome: `SUPPORTED a; EXCLUDED b, c`."""
    groups = {
        outcome: [name for name, verdict in zip(names, item.verdicts, strict=True) if verdict.outcome is outcome]
        for outcome in Outcome
    }
    return "; ".join(f"{outcome} {', '.join(group)}" for outcome, group in groups.items() if group)


def _title(name: str, count: int) -> str:
    return f"{name}: {_images(count)}" + (f", the first {_ROWS}" if count > _ROWS else "")


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _short(reason: str) -> str:
    return reason if len(reason) <= _REASON else reason[: _REASON - 3].rstrip() + "..."
