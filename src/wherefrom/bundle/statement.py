"""What a bundle states: an in-toto Statement v1 about images, whose predicate holds the verdicts and names every file.

The form is described in `docs/how-to/verify.md`. Raise `SCHEMA` when an older version could misread what is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from wherefrom.bundle.parsing import parsed, plain_json
from wherefrom.bundle.results import Refused
from wherefrom.core.files import json_bytes

__all__ = [
    "PREDICATE_TYPE",
    "SCHEMA",
    "STATEMENT_TYPE",
    "CandidateEntry",
    "Digest",
    "ImageEntry",
    "Predicate",
    "ProfileEntry",
    "Question",
    "Resource",
    "Statement",
    "read_statement",
    "statement_bytes",
]

SCHEMA: Final = 1
"""Of the predicate."""
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "urn:uuid:edf084e1-bc0f-4986-87a8-b9e65d609be2#wherefrom/verdict/v"
PREDICATE_TYPE: Final = f"{_PREDICATE}{SCHEMA}"
"""A name that nobody else has and that needs no host on the web: a UUID that was drawn once for these predicates."""
_STRICT: Final = ConfigDict(extra="forbid")

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """Digests of one file; in-toto allows others beside this one."""

    sha256: _Sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A file by its name and digest, as in-toto describes it."""

    name: str
    digest: Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What the verdicts were asked to bound.

    Attributes:
        alpha: the bound on missed belongings.
        beta: the bound on false claims, over all candidates together.
        rule: where to cut, by its name.
        rule_options: its options.
        edit: what the images are known to have gone through; None where that is not known.
    """

    __pydantic_config__ = _STRICT

    alpha: float
    beta: float
    rule: str
    rule_options: dict[str, JsonValue]
    edit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileEntry:
    """A profile of the bundle: its file, and the digest of what a verdict depends on."""

    __pydantic_config__ = _STRICT

    file: str
    digest: _Sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidateEntry:
    """One candidate.

    Attributes:
        name: that is shown.
        model: the model's name.
        decoder: digest of the decoder's weights.
        profile: it was judged by.
        scores: files with the images' scores, by the condition of the profile.
    """

    __pydantic_config__ = _STRICT

    name: str
    model: str
    decoder: str
    profile: ProfileEntry
    scores: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageEntry:
    """One image that was asked about.

    Attributes:
        name: as the verdict has it.
        file_digest: SHA-256 of its file; None where there was none, as for a file that could not be read.
        pixel_digest: SHA-256 of its pixels.
        file: in the bundle, where it was put there by name.
    """

    __pydantic_config__ = _STRICT

    name: str
    file_digest: _Sha256 | None
    pixel_digest: _Sha256 | None
    file: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicate:
    """What is stated of the images.

    Attributes:
        wherefrom: what this is.
        schema: see `SCHEMA`.
        version: of the program that wrote it.
        made: when, in UTC.
        versions: of what it computed with.
        question: what was asked.
        candidates: in the order of the verdicts.
        images: that were asked about, in order.
        verdicts: an image each, as `wherefrom attribute --json` prints it.
        files: every file of the bundle but the envelope.
    """

    __pydantic_config__ = _STRICT

    wherefrom: Literal["bundle"] = "bundle"
    schema: int = SCHEMA
    version: str
    made: str
    versions: dict[str, str]
    question: Question
    candidates: Annotated[tuple[CandidateEntry, ...], Field(min_length=1)]
    images: tuple[ImageEntry, ...]
    verdicts: tuple[dict[str, JsonValue], ...]
    files: tuple[Resource, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """An in-toto Statement: what is stated of which files."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")] = field(default=STATEMENT_TYPE)
    subject: Annotated[tuple[Resource, ...], Field(min_length=1)]
    predicate_type: Annotated[str, Field(alias="predicateType")] = PREDICATE_TYPE
    predicate: Predicate


_STATEMENT: Final = TypeAdapter(Statement)


def statement_bytes(statement: Statement) -> bytes:
    """A statement as the bytes that are signed.

    Args:
        statement: to write.
    """
    return json_bytes(_STATEMENT.dump_python(statement, mode="json", by_alias=True))


def read_statement(payload: bytes) -> Statement:
    """A statement of the bytes that were signed; kind and schema are looked at before the rest.

    Args:
        payload: of the envelope.

    Raises:
        Refused: when it is none, of another kind, or of a schema that this version does not read.
    """
    whole = plain_json(payload, "the statement")
    head = whole if isinstance(whole, dict) else {}
    if head.get("_type") != STATEMENT_TYPE:
        raise Refused(f"the payload is of type {_shown(head.get('_type'))}, expected {STATEMENT_TYPE!r}")
    _check_predicate(head.get("predicateType"), head.get("predicate"))
    return parsed(_STATEMENT, payload, "the statement")


def _check_predicate(kind: Any, predicate: Any) -> None:
    """Refuse a predicate of another kind or schema.

    Raises:
        Refused: with the schema, those that this version reads, and the version that wrote it.
    """
    said = predicate if isinstance(predicate, dict) else {}
    number = kind.removeprefix(_PREDICATE) if isinstance(kind, str) and kind.startswith(_PREDICATE) else None
    if number is None:
        raise Refused(f"the statement's predicate is of type {_shown(kind)}, expected {PREDICATE_TYPE!r}")
    if number != str(SCHEMA) or said.get("schema") != SCHEMA:
        raise Refused(
            f"the statement has schema {_shown(number)} (its predicate says {_shown(said.get('schema'))}), this version"
            f" reads {SCHEMA}: use wherefrom {_shown(said.get('version'))}, which wrote it, or a later one"
        )


def _shown(value: Any) -> str:
    """A value from outside in at most 80 characters."""
    text = str(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return repr(text if len(text) <= 80 else text[:80] + "…")
