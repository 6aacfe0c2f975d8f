"""A result, read from the JSON that lies beside a report's page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from wherefrom.core.errors import UsageError
from wherefrom.side_evidence import Finding

__all__ = ["Reported", "ReportedCandidate", "ReportedImage", "read_report"]

_SCHEMA: Final = 1
"""Of the JSON beside a page that is read here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedImage:
    """The image, by its digests."""

    name: str
    error: str | None
    format: str | None
    width: int | None
    height: int | None
    file_digest: str | None
    pixel_digest: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedCandidate:
    """What is said of one decoder; the fields are those of the report."""

    label: str
    model: str
    decoder: str
    outcome: str
    answer: str
    reason: str
    statistic: float | None
    p_belonging: float | None
    p_foreign: Mapping[str, float]
    alpha: float
    beta: float
    warnings: tuple[str, ...]
    method: str
    rule: str
    profile: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """What a report says of one image.

    Attributes:
        question: in one sentence.
        answer: in one sentence.
        kind: of answer: consistent with, does not support, cannot tell.
        image: by its digests.
        candidates: in the order in which they were asked about.
        version: of wherefrom, which decided.
        time: when it was decided, in UTC.
        side_evidence: what the file says of itself.
    """

    question: str
    answer: str
    kind: str
    image: ReportedImage
    candidates: tuple[ReportedCandidate, ...]
    version: str
    time: str
    side_evidence: tuple[Finding, ...] = ()


_REPORTED: Final = TypeAdapter(Reported)


def read_report(data: bytes) -> Reported:
    """A result from the JSON beside a page.

    Args:
        data: the file.

    Raises:
        UsageError: when it is no such JSON, of another schema, or of an image that could not be read.
    """
    try:
        held: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is no JSON ({error}): give the .json beside a page of `wherefrom report`") from error
    if not isinstance(held, dict) or held.get("wherefrom") != "report":
        raise UsageError("this is not the JSON of a report on one image: give the .json beside a page")
    if held.get("schema") != _SCHEMA:
        raise UsageError(f"the report has schema {held.get('schema')!r}, this version reads {_SCHEMA}")
    try:
        found = _REPORTED.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise UsageError(f"the report is not of the expected form, at {place}: {first['msg']}") from error
    if found.image.file_digest is None:
        raise UsageError(
            "the report is on an image that has no file, or could not be read: there is nothing to bind to"
        )
    return found
