"""A file's text as what it holds, or the first place that is wrong with it."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from wherefrom.core.errors import ProfileError
from wherefrom.records._stored import SCHEMA, Header

__all__ = ["AGAIN", "check_header", "parse", "place_of"]

AGAIN: Final = "take an undamaged copy of it, or make it again"
"""The way out for a file that was damaged."""
_HEADER: Final = TypeAdapter(Header)
_WORDS: Final[Mapping[str, str]] = {"unexpected_keyword_argument": "Extra inputs are not permitted"}
_SHOWN: Final = 40
"""Characters of a wrong value that an error shows, at most."""

ContentT = TypeVar("ContentT")


def parse(content: TypeAdapter[ContentT], data: bytes, place: str = "") -> ContentT:
    """What a file, or a line of it, holds.

    Args:
        content: what is expected.
        data: as JSON.
        place: of the data in the file, for the message.

    Raises:
        ProfileError: with the first place that is wrong, and what stands there.
    """
    try:
        return content.validate_json(data.removeprefix(codecs.BOM_UTF8), strict=True)
    except ValidationError as error:
        raise ProfileError(place_of(error, place)) from error


def place_of(error: ValidationError, place: str = "") -> str:
    """The first place that is wrong, what is wrong with it, what stands there, and the way out.

    Args:
        error: of pydantic.
        place: of the data in the file.
    """
    first = error.errors(include_url=False)[0]
    where = ".".join([*([place] if place else []), *(str(step) for step in first["loc"])])
    problem = _WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
    value = "" if first["type"] == "json_invalid" else _shown(first["input"])
    return f"at {where or 'its start'}: {problem}{value}: {AGAIN}"


def _shown(value: Any) -> str:
    """A value in words, where it is short enough to be told from others."""
    if not isinstance(value, str | int | float | None):
        return ""
    text = repr(value)
    return f", and it is {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"


def check_header(data: bytes, kind: str, schemas: Sequence[int] = (SCHEMA,)) -> int:
    """The schema number, once kind and number are seen to be known and before the rest is looked at.

    Args:
        data: the file, or its first line.
        kind: `table` or `profile`.
        schemas: that this version reads.

    Raises:
        ProfileError: when it is of another kind or schema.
    """
    header = parse(_HEADER, data)
    if header.wherefrom != kind:
        raise ProfileError(f"it holds a {header.wherefrom[:_SHOWN]!r}, not a {kind}")
    if header.schema not in schemas:
        raise ProfileError(
            f"its schema is {header.schema}, this version reads {' and '.join(map(str, schemas))}: "
            "use the version of wherefrom that wrote it, or make the file again"
        )
    return header.schema
