"""`attribute --stability`: images are asked about again after harmless changes, and what that leaves of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from wherefrom.cli._output import emit, emit_table, note
from wherefrom.cli._work import Work, scorer
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.images.sources import Source
    from wherefrom.records.stability import AfterChange, Stability
    from wherefrom.records.verdict import Attributions, Verdicts
    from wherefrom.rules.base import Rule

__all__ = ["Steadying", "Tried", "measured", "refuse_beside", "tell_stabilities"]

Tried = Literal["none", "deciding", "all"]
"""Which changes are tried: none, those after which an answer may count, or all that are shown."""
_FEW: Final = 3
"""Images of which every change is shown."""


@dataclass(frozen=True, slots=True)
class Steadying:
    """What is left of answers, and how they are told.

    Attributes:
        stabilities: one an image; empty where that was not asked for.
    """

    stabilities: Sequence[Stability] = ()

    @property
    def by_name(self) -> Mapping[str, Stability]:
        """The stabilities by the images' names."""
        return {each.name: each for each in self.stabilities}

    def steadied(self, decisions: Verdicts | Attributions, candidates: Sequence[Candidate]) -> Verdicts | Attributions:
        """The answers that harmless changes leave; all where that was not asked for.

        Args:
            decisions: one an image.
            candidates: among which was decided.
        """
        from wherefrom.attribution import steady_attributions, steady_verdicts
        from wherefrom.records.verdict import Verdicts

        if not self.stabilities:
            return decisions
        if isinstance(decisions, Verdicts):
            return steady_verdicts(decisions, self.stabilities, candidate=candidates[0].name)
        return steady_attributions(decisions, self.stabilities)

    def rows(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows as JSON has them, with what was said after each change where that was asked for.

        Args:
            rows: one an image.
        """
        if not self.stabilities:
            return list(rows)
        return [{**row, "stability": each.to_rows()} for row, each in zip(rows, self.stabilities, strict=True)]


def refuse_beside(*, tile: int | None) -> None:
    """Refuse what does not go with changed images, before anything is asked.

    Args:
        tile: of `--tile`.

    Raises:
        UsageError: when it is given.
    """
    if tile is not None:
        raise UsageError("--stability changes whole images: leave --tile out, or cut the images first")


def measured(
    images: Sequence[Source],
    candidates: Sequence[Candidate],
    work: Work,
    *,
    alpha: float,
    beta: float,
    rule: Rule,
    edit: str | None,
    tried: Tried,
) -> Steadying:
    """Ask about the images again after each change; how many times as long that takes is said first.

    Args:
        images: in question.
        candidates: with their models opened.
        work: how images are scored.
        alpha: as for `attribute`.
        beta: as for `attribute`.
        rule: as for `attribute`.
        edit: as for `attribute`.
        tried: which changes.
    """
    from wherefrom.images.read import DEFAULT_LIMITS
    from wherefrom.stability import changes_of, deciding_changes, measure_stability

    if tried == "none":
        return Steadying()
    changes = changes_of(candidates) if tried == "all" else deciding_changes(candidates)
    if not changes:
        return Steadying()
    count = len(changes)
    out = "" if tried == "all" else ": --no-stability leaves that out"
    note(
        f"note: --stability asks again about up to {count} changed copies of each image, so that all takes up to"
        f" {count + 1} times as long{out}",
        quiet=work.quiet,
    )
    limits = work.limits or DEFAULT_LIMITS
    quietly = scorer(replace(work, quiet=True))
    stabilities = measure_stability(
        images,
        candidates,
        alpha=alpha,
        beta=beta,
        rule=rule,
        edit=edit,
        score=quietly,
        limits=limits,
        changes=changes,
    )
    return Steadying(stabilities)


def tell_stabilities(stabilities: Sequence[Stability]) -> None:
    """Print what was said after each change: of few images all of it, of many how often an answer stayed.

    Args:
        stabilities: one an image.
    """
    if not stabilities:
        return
    candidates = list(stabilities[0].rows[0].outcomes)
    if len(stabilities) <= _FEW:
        for each in stabilities:
            rows = [(row.words, *(_outcome(row, name) for name in candidates)) for row in each.rows]
            emit_table(("once it is", *candidates), rows, title=f"Stability of {each.name}")
    else:
        rows = [
            (changed[0].words, *(_counted(changed, name) for name in candidates))
            for changed in zip(*(each.rows for each in stabilities), strict=True)
        ]
        emit_table(("once they are", *candidates), rows, title=f"Stability of {len(stabilities)} images")
    emit("Not covered: no profile speaks for such an image, so what is said of it decides nothing.")


def _outcome(row: AfterChange, name: str) -> str:
    return str(row.outcomes[name]) if row.covered[name] else f"{row.outcomes[name]}, not covered"


def _counted(rows: Sequence[AfterChange], name: str) -> str:
    counts = Counter(_outcome(row, name) for row in rows)
    return "; ".join(f"{count} {words}" for words, count in counts.most_common())
