"""What an answer becomes when the image is changed harmlessly, as a record; and the answer that is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from wherefrom.core.plain import plain
from wherefrom.records.verdict import Outcome, Verdict

__all__ = ["AfterChange", "Stability", "steadied"]

_BELONGS: Final = {Outcome.SUPPORTED: True, Outcome.COMPATIBLE: True, Outcome.EXCLUDED: False}


@dataclass(frozen=True, kw_only=True, slots=True)
class AfterChange:
    """What is said of an image after one change.

    Attributes:
        change: its name, as `jpeg:95` or `turn:90`.
        words: what was done, as a sentence has it: `saved as JPEG of quality 95`.
        outcomes: by the candidate's name.
        statistics: by the candidate's name; None where undefined or not asked.
        covered: by the candidate's name, whether its profile speaks for images after such a change. Where it does not,
            the outcome is shown and decides nothing.
    """

    change: str
    words: str
    outcomes: Mapping[str, Outcome]
    statistics: Mapping[str, float | None]
    covered: Mapping[str, bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stability:
    """What is said of one image after each of several changes.

    Attributes:
        name: of the image.
        rows: one a change, in the order in which they were tried.
    """

    name: str
    rows: tuple[AfterChange, ...]

    def flips(self, candidate: str, outcome: Outcome) -> tuple[AfterChange, ...]:
        """Changes that the candidate's profile covers and that turn the answer round.

        Args:
            candidate: its name.
            outcome: of the image as it is: SUPPORTED or COMPATIBLE turn into EXCLUDED, or the reverse.
        """
        before = _BELONGS.get(outcome)
        return tuple(
            row
            for row in self.rows
            if row.covered[candidate] and before is not None and _BELONGS.get(row.outcomes[candidate]) is (not before)
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """A plain dictionary a change, as JSON has it."""
        return [plain(row) for row in self.rows]


def steadied(verdict: Verdict, stability: Stability, candidate: str) -> Verdict:
    """The verdict, or UNDECIDED with the reason where a harmless change that the profile covers turns it round.

    No verdict becomes SUPPORTED or EXCLUDED by this, so that both error rates stay bounded as they were; more images
    are left without an answer.

    Args:
        verdict: on the image as it is.
        stability: of this image.
        candidate: the name under which it was judged there.
    """
    flips = stability.flips(candidate, verdict.outcome)
    if not flips:
        return verdict
    after = " and ".join(f"{row.outcomes[candidate]} once it is {row.words}" for row in flips)
    reason = f"{verdict.outcome} as it is, {after}, which should change nothing ({verdict.reason})"
    return replace(verdict, outcome=Outcome.UNDECIDED, reason=reason)
