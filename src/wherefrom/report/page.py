"""The page of one image, and the JSON beside it that holds every number on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.core.files import write_json, write_text
from wherefrom.core.plain import plain
from wherefrom.images.read import ImageRecord
from wherefrom.records.verdict import Attribution, Outcome, Verdict
from wherefrom.report.assembling import Assembly, verdicts_of
from wherefrom.report.further import Further
from wherefrom.report.numbers import SCHEMA, Answer, Difference, ImageReport
from wherefrom.report.pictures import SMALL, difference, embedded, preview
from wherefrom.report.rendering import render
from wherefrom.report.wording import answer_of

if TYPE_CHECKING:
    from markupsafe import Markup

    from wherefrom.report.standing import Mark, StandingFigure

__all__ = ["CLASSES", "Page", "page_of", "report_json", "write_page"]

CLASSES: Final[Mapping[Answer, str]] = {Answer.CONSISTENT: "yes", Answer.NOT_SUPPORTED: "no", Answer.OPEN: "open"}
"""How an answer is coloured, beside its words."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trio:
    """Original, reconstruction and difference under one candidate, as addresses that hold them.

    Attributes:
        part: what is compared.
        again: what the decoder makes of it.
        apart: where they differ.
    """

    part: Markup
    again: Markup
    apart: Markup


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Page:
    """What a page shows.

    Attributes:
        report: all its numbers.
        picture: the image; None where it is not shown.
        trios: by candidate.
        figures: by candidate, with the place of the image in it; None of an image that has none.
        maps: by candidate.
    """

    report: ImageReport
    picture: Markup | None
    trios: Mapping[str, Trio]
    figures: Mapping[str, tuple[StandingFigure, Mark | None]]
    maps: Mapping[str, Markup]

    def html(self, *, index: str | None = None, data: str | None = None) -> str:
        """The page as a text.

        Args:
            index: name of the page that lists this image; None where there is none.
            data: name of the JSON that holds the page's numbers; None where there is none.
        """
        return render(
            "image.html",
            report=self.report,
            picture=self.picture,
            trios=self.trios,
            figures=self.figures,
            maps=self.maps,
            labels={candidate.name: candidate.label for candidate in self.report.candidates},
            answers={outcome: answer_of(outcome) for outcome in Outcome},
            small=SMALL,
            kind=CLASSES[self.report.kind],
            index=index,
            data=data,
        )


def page_of(
    assembly: Assembly, decision: Verdict | Attribution, *, record: ImageRecord | None, further: Further
) -> Page:
    """The page of one image.

    Args:
        assembly: of the question.
        decision: what is said of the image.
        record: the image; None shows no picture.
        further: what else is shown.
    """
    changed = record is not None and record.facts.pixel_digest != decision.image.pixel_digest
    if changed:
        record, further = None, Further(stability=further.stability)
    measured = {name: difference(pair) for name, pair in further.reconstructions.items()}
    trios = {
        name: Trio(part=preview(pair.part), again=preview(pair.again), apart=preview(measured[name][1]))
        for name, pair in further.reconstructions.items()
    }
    numbers: dict[str, Difference] = {name: measure for name, (measure, _) in measured.items()}
    report = assembly.report(decision, further, numbers, changed=changed)
    figures = {}
    for candidate, verdict in zip(report.candidates, verdicts_of(decision), strict=True):
        figure = assembly.figure(candidate.name, verdict)
        if figure is not None:
            at = verdict.statistic if candidate.ranked else None
            figures[candidate.name] = (figure, None if at is None else figure.mark(at))
    return Page(
        report=report,
        picture=None if record is None else preview(record.pixels),
        trios=trios,
        figures=figures,
        maps={shown.numbers.candidate: embedded(shown.picture, "png") for shown in further.maps},
    )


def report_json(report: ImageReport) -> dict[str, Any]:
    """A report as JSON has it: NaN and infinities as null.

    Args:
        report: to be written.
    """
    return {"wherefrom": "report", "schema": SCHEMA, **plain(report)}


def write_page(page: Page, path: Path, *, index: str | None = None) -> None:
    """Write a page, and its numbers beside it under the same name with the suffix `.json`.

    Args:
        page: to be written.
        path: ends in `.html`; replaced when it exists, whole or not at all.
        index: name of the page that lists this image, in the same folder.

    Raises:
        UsageError: when a file cannot be written.
    """
    numbers = path.with_suffix(".json")
    try:
        write_json(numbers, report_json(page.report))
        write_text(path, page.html(index=index, data=numbers.name))
    except OSError as error:
        raise UsageError(f"cannot write the report {path}: {error.strerror or error}") from error
