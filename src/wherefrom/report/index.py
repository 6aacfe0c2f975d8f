"""The list of a report's images, written row by row: a long one needs no memory, and is several pages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.core.files import replacing
from wherefrom.core.plain import plain
from wherefrom.records.verdict import Attribution, Verdict
from wherefrom.report.assembling import verdicts_of
from wherefrom.report.numbers import SCHEMA, Answer
from wherefrom.report.rendering import render_to
from wherefrom.report.wording import answer_of, question, sentence

__all__ = ["Index", "IndexRow", "index_of", "page_names", "write_index"]

ROWS: Final = 500
"""Images on one page of the list."""
DATA: Final = "index.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """What stands above the list.

    Attributes:
        images: how many there are.
        names: of the candidates, as sentences name them.
        question: in one sentence.
        answers: how many images have each answer.
        failed: how many could not be measured; part of these.
        by_candidate: how many images have each answer, by the candidate's name.
        version: of wherefrom, which decided.
        time: when the first was decided, in UTC.
        command: what was typed; None where nothing was.
    """

    images: int
    names: tuple[str, ...]
    question: str
    answers: Mapping[Answer, int]
    failed: int
    by_candidate: Mapping[str, Mapping[Answer, int]]
    version: str
    time: str
    command: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexRow:
    """One image in the list.

    Attributes:
        number: from 1.
        name: of the image.
        page: the file's name.
        kind: of answer.
        answer: in one sentence.
        outcomes: by candidate, as verdicts name them.
        error: why it could not be measured; None where it was.
    """

    number: int
    name: str
    page: str
    kind: Answer
    answer: str
    outcomes: Mapping[str, str]
    error: str | None

    @staticmethod
    def of(number: int, decision: Verdict | Attribution, names: Sequence[str], page: str) -> IndexRow:
        """The row of one image.

        Args:
            number: from 1.
            decision: what is said of it.
            names: of the candidates, as sentences name them.
            page: the file's name.
        """
        kind, answer = sentence(decision, names)
        outcomes = {name: str(verdict.outcome) for name, verdict in zip(names, verdicts_of(decision), strict=True)}
        return IndexRow(
            number=number,
            name=decision.image.name,
            page=page,
            kind=kind,
            answer=answer,
            outcomes=outcomes,
            error=decision.image.error,
        )


def index_of(decisions: Iterable[Verdict | Attribution], names: Sequence[str], command: str | None) -> Index:
    """What stands above the list of images; takes them one by one, at least one.

    Args:
        decisions: what is said of each image.
        names: of the candidates, as sentences name them.
        command: what was typed.
    """
    answers: Counter[Answer] = Counter()
    by_candidate: dict[str, Counter[Answer]] = {name: Counter() for name in names}
    images = failed = 0
    version = time = ""
    for item in decisions:
        images += 1
        failed += item.image.error is not None
        answers[sentence(item, names)[0]] += 1
        for name, verdict in zip(names, verdicts_of(item), strict=True):
            by_candidate[name][answer_of(verdict.outcome)] += 1
            version, time = version or verdict.version, time or verdict.time
    return Index(
        images=images,
        names=tuple(names),
        question=question(names, several=True),
        answers={answer: answers[answer] for answer in Answer},
        failed=failed,
        by_candidate={name: {answer: counts[answer] for answer in Answer} for name, counts in by_candidate.items()},
        version=version,
        time=time,
        command=command,
    )


def page_names(images: int) -> list[str]:
    """The names of the files over which the list is spread.

    Args:
        images: how many there are.
    """
    pages = max(1, -(-images // ROWS))
    return [f"index{'' if page == 1 else f'-{page}'}.html" for page in range(1, pages + 1)]


def write_index(index: Index, rows: Iterable[IndexRow], folder: Path) -> Path:
    """Write the list of images, 500 on a page, and the same as JSON lines; returns the first page.

    Args:
        index: what stands above.
        rows: taken one by one; as many as `index.images`.
        folder: which exists.

    Raises:
        UsageError: when a file cannot be written.
    """
    names = page_names(index.images)
    remaining = iter(rows)
    try:
        with replacing(folder / DATA) as place, place.open("w", encoding="utf-8") as lines:
            lines.write(_line({"wherefrom": "report", "schema": SCHEMA, **plain(index)}))
            for page, name in enumerate(names, start=1):
                shown = list(islice(remaining, ROWS))
                given = {"page": page, "pages": len(names), "names": names, "data": DATA}
                render_to(folder / name, "index.html", index=index, rows=shown, **given)
                lines.writelines(_line(plain(row)) for row in shown)
    except OSError as error:
        raise UsageError(f"cannot write the report's index in {folder}: {error.strerror or error}") from error
    return folder / names[0]


def _line(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":")) + "\n"
