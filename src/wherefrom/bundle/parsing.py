"""JSON from outside: each key once, nothing but JSON, and of the form that is expected."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from wherefrom.bundle.results import Refused

__all__ = ["parsed", "plain_json"]

ContentT = TypeVar("ContentT")


def plain_json(data: bytes, what: str) -> Any:
    """A JSON text's value; a key that stands twice, of which readers may take either, is refused.

    Args:
        data: the text as UTF-8.
        what: it is, for the message.

    Raises:
        Refused: when it is no such JSON.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{what} is not the JSON that is expected: {error}") from error


def parsed(content: TypeAdapter[ContentT], data: bytes, what: str) -> ContentT:
    """What a JSON text holds, as records.

    Args:
        content: the expected form.
        data: the text as UTF-8.
        what: it is, for the message.

    Raises:
        Refused: with the first place that is wrong.
    """
    plain_json(data, what)
    try:
        return content.validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its start"
        raise Refused(f"{what} is not of the expected form, at {place}: {first['msg']}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands there twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
