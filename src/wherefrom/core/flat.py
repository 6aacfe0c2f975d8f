"""A value that a choice holds, whose parts are said as options of the choice, by name and without nesting."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["FLAT", "Flat", "default_of", "flat_fields", "flat_hints"]

FLAT: Final = "flat"
"""The key under which a field of a dataclass holds its `Flat`, in its metadata."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Flat:
    """How the value of one field is said by several options; the choice's constructor takes these by keyword.

    Attributes:
        options: a `TypedDict` of the options' names and types.
        of: the options of a value.
        meanings: the class whose documentation says what they mean, under `Attributes:`.
    """

    options: type[Any]
    of: Callable[[Any], Mapping[str, Any]]
    meanings: type[Any]


def flat_fields(kind: type[Any]) -> Iterator[tuple[dataclasses.Field[Any], Flat | None]]:
    """The fields that a choice is made of, each with how it is said by several options, or None.

    Args:
        kind: a dataclass.
    """
    for item in dataclasses.fields(kind):
        if item.init:
            yield item, item.metadata.get(FLAT)


def flat_hints(kind: type[Any]) -> dict[str, Any]:
    """The types of all options that stand for fields, by name."""
    found: dict[str, Any] = {}
    for _, flat in flat_fields(kind):
        if flat is not None:
            found |= typing.get_type_hints(flat.options)
    return found


def default_of(item: dataclasses.Field[Any]) -> Any:
    """The default of a field that has one."""
    return item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
