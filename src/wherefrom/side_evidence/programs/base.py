"""A program that makes images, told by the texts that it writes into their files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from wherefrom.side_evidence.shortened import listed

__all__ = ["Facts", "Program", "Texts", "json_object", "values_of"]

Texts: TypeAlias = Mapping[str, str]
"""Texts of a file by keyword; those of EXIF tags begin with the word `EXIF`."""
Facts: TypeAlias = Mapping[str, str]
"""What a file states, by what it is."""
_DEEPEST: Final = 24
_MOST: Final = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A program whose metadata are understood.

    Attributes:
        title: its name.
        read: what the texts of a file state where this program wrote them, and None where it did not.
    """

    title: str
    read: Callable[[Texts], Facts | None]


def json_object(text: str | None) -> dict[str, Any] | None:
    """A text as the JSON object that it holds; None where it holds none.

    Args:
        text: from outside; None where there is none.
    """
    if text is None or not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def values_of(value: Any, keys: Mapping[str, str]) -> Facts:
    """Texts and numbers that stand under certain keys anywhere in a JSON value, by the words for these keys.

    Args:
        value: of JSON.
        keys: words by key; several keys may have one word.
    """
    found: dict[str, list[str]] = {word: [] for word in keys.values()}
    for number, (key, held) in enumerate(_pairs(value, _DEEPEST)):
        if number == _MOST:
            break
        if key in keys and isinstance(held, str | int | float) and held != "":
            found[keys[key]].append(str(held))
    return {word: listed(values) for word, values in found.items() if values}


def _pairs(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """All keys with what they hold, from the outside in."""
    if depth == 0:
        return
    if isinstance(value, dict):
        yield from value.items()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for held in inner:
        yield from _pairs(held, depth - 1)
