"""Options by type, wherever they come from: from Python, a command line, a card or a file.

A choice (a method, a rule, an optimiser) is a frozen dataclass of its options, and their annotations say what each may
be. What does not fit is refused by a sentence before anything computes with it.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import numbers
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeVar, Union

from wherefrom.core.card import Fact
from wherefrom.core.errors import UsageError
from wherefrom.core.flat import flat_fields, flat_hints

__all__ = [
    "by_name",
    "check_number",
    "check_types",
    "checked_by_name",
    "checked_facts",
    "checked_options",
    "made",
    "refuse_beside",
    "refuse_unknown",
]

MadeT = TypeVar("MadeT")
_WORDS: Final[dict[Any, str]] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "None",
}
_GIVEN: Final[dict[type, str]] = {bool: "a truth value", int: "a whole number", float: "a number", str: "text"}


def made(kind: Any, options: Mapping[str, Any] | None, *, what: str) -> Any:
    """A choice with some of its options set.

    Args:
        kind: the dataclass.
        options: fields that differ from their defaults.
        what: how to name it in a message, as `method 'aedr'`.

    Raises:
        UsageError: when there is no such option, or a value is of another type or refused.
    """
    return kind(**checked_options(kind, options, what=what))


def checked_options(kind: Any, options: Mapping[str, Any] | None, *, what: str) -> dict[str, Any]:
    """Some of the options of a choice, each of the type that it has there; numbers of numpy become Python's.

    Args:
        kind: the dataclass.
        options: by name.
        what: how to name it in a message, as `method 'aedr'`.

    Raises:
        UsageError: when there is no such option, or a value is of another type.
    """
    given = by_name(options, what=what)
    hints = _hints(kind) | flat_hints(kind)
    fields = {item.name for item, flat in flat_fields(kind) if flat is None} | set(flat_hints(kind))
    refuse_unknown(given, fields, what=what)
    return {name: _checked(name, value, hints.get(name, Any)) for name, value in given.items()}


def by_name(options: Mapping[str, Any] | None, *, what: str) -> dict[str, Any]:
    """Options as a dictionary, none as an empty one.

    Args:
        options: what was given.
        what: the choice, as a message names it: `method 'aedr'`.

    Raises:
        UsageError: when they are not by name.
    """
    if options is not None and not isinstance(options, Mapping):
        raise UsageError(f"the options of {what} are {_kind_of(options)}, need them by name, as {{'steps': 50}}")
    return dict(options or {})


def check_types(options: Any) -> None:
    """Refuse options of another type than their annotations say; numbers of numpy become Python's.

    To be called first in `__post_init__` of a dataclass of options.

    Raises:
        UsageError: with the option, its value, and what it may be.
    """
    kind: Any = type(options)
    hints = _hints(kind)
    for item in dataclasses.fields(options):
        if item.init:
            value = getattr(options, item.name)
            checked = _checked(item.name, value, hints.get(item.name, Any))
            if checked is not value:
                object.__setattr__(options, item.name, checked)


def checked_by_name(options: Mapping[str, Any], kind: type[Any], *, what: str) -> dict[str, Any]:
    """Options by name, each of the type that a `TypedDict` says; numbers of numpy become Python's.

    Args:
        options: those that are given.
        kind: the `TypedDict`.
        what: how to name it in a message, as `RONAN`.

    Raises:
        UsageError: when there is no such option, or a value is of another type.
    """
    hints = typing.get_type_hints(kind)
    refuse_unknown(options, hints, what=what)
    return {name: _checked(name, value, hints[name]) for name, value in options.items()}


def refuse_unknown(given: Iterable[str], options: Iterable[str], *, what: str) -> None:
    """Refuse options that a choice does not have.

    Args:
        given: names that are said.
        options: names of those it has.
        what: the choice, as `method 'aedr'`.

    Raises:
        UsageError: with their names, and those that it has.
    """
    has = sorted(options)
    if unknown := sorted(set(map(str, given)) - set(has)):
        told = f"it has {', '.join(has)}" if has else "it has none"
        raise UsageError(f"{what} has no option {', '.join(unknown)}: {told}")


def refuse_beside(settings: Mapping[str, Any], given: Mapping[str, Any], *, free: Iterable[str], what: str) -> None:
    """Refuse options that contradict settings which are taken as a whole.

    Args:
        settings: all options of them, by name.
        given: what is said beside them.
        free: options that may differ.
        what: how to name the settings in a message, as `paper=True`.

    Raises:
        UsageError: with the option, what the settings have in its place, and the way out.
    """
    for name, value in given.items():
        if name in settings and name not in set(free) and value != settings[name]:
            raise UsageError(
                f"{name}={value!r} has no effect beside {what}, which has {name}={settings[name]!r}: leave it out, or"
                f" give all options yourself without {what}"
            )


def checked_facts(options: Mapping[str, Any] | None, *, example: str) -> dict[str, Fact]:
    """Options whose names and types are not known here: by name, and each what a card can hold.

    Args:
        options: numbers of numpy become Python's.
        example: of one, for a message, as `{'prior': 'uniform'}`.

    Raises:
        UsageError: when they are not by name, or a value is no number, text, truth value, None or list of these.
    """
    if options is not None and not isinstance(options, Mapping):
        raise UsageError(f"options={options!r}, need values by name, as {example}")
    return {str(name): _fact(str(name), value) for name, value in (options or {}).items()}


def _fact(name: str, value: Any) -> Fact:
    if isinstance(value, tuple | list):
        return tuple(_fact(name, item) for item in value)
    plain = _plain(value)
    if plain is not None and not isinstance(plain, bool | int | float | str):
        raise UsageError(
            f"{name}={value!r} is {_kind_of(value)}, need text, a number, True or False, or a list of these"
        )
    found: Fact = plain
    return found


def check_number(name: str, value: Any, kind: type[MadeT]) -> MadeT:
    """One argument that has to be a number, `int` or `float`; numbers of numpy become Python's.

    Args:
        name: of the argument, for the message.
        value: what was given.
        kind: `int` or `float`.

    Raises:
        UsageError: when it is something else.
    """
    found: MadeT = _checked(name, value, kind)
    return found


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """What the annotations of a class mean; none where a name in them is imported for type checkers alone."""
    try:
        return typing.get_type_hints(kind)
    except NameError:
        return {}


def _checked(name: str, value: Any, hint: Any) -> Any:
    """The value as Python's own number, text and so on; refused where it does not fit."""
    plain = _plain(value)
    if _fits(plain, hint):
        return plain
    choices = [one for part in _parts(hint) if typing.get_origin(part) is Literal for one in typing.get_args(part)]
    if choices and isinstance(plain, str):
        raise UsageError(f"{name}={value!r} is none of {', '.join(map(str, choices))}")
    raise UsageError(f"{name}={value!r} is {_kind_of(value)}, need {_words(hint)}{_meant(plain, hint)}")


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's, which a card can hold."""
    if isinstance(value, bool | int | float | str) and type(value).__module__ == "builtins":
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    numpy = sys.modules.get("numpy")  # where it was never imported no value is one of its numbers
    if numpy is not None and isinstance(value, numpy.bool_):
        return bool(value)
    return float(value) if numpy is not None and isinstance(value, numpy.floating) else value


def _parts(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    if len(_parts(hint)) > 1:
        return any(_fits(value, part) for part in _parts(hint))
    origin = typing.get_origin(hint) or hint
    if origin is Literal:
        return any(type(value) is type(one) and value == one for one in typing.get_args(hint))
    if origin is None or origin is type(None):
        return value is None
    if origin is tuple:
        return isinstance(value, tuple | list)
    if origin in (int, float):
        wanted = int if origin is int else int | float
        return isinstance(value, wanted) and not isinstance(value, bool)
    if origin is Any or not isinstance(origin, type):
        return True  # what is not checked here
    if getattr(origin, "_is_protocol", False) and not getattr(origin, "_is_runtime_protocol", False):
        return True  # nor what Python cannot check
    return isinstance(value, origin)


def _words(hint: Any) -> str:
    """What an annotation allows, in words."""
    said = []
    for part in _parts(hint):
        origin = typing.get_origin(part) or part
        if origin is Literal:
            said.append(f"one of {', '.join(map(str, typing.get_args(part)))}")
        elif origin is Mapping:
            said.append("values by name")
        elif origin is tuple:
            said.append("a list")
        else:
            said.append(_WORDS.get(origin, getattr(origin, "__name__", str(origin))))
    return " or ".join(said)


def _kind_of(value: Any) -> str:
    return _GIVEN.get(type(value), "None" if value is None else f"of type {type(value).__name__}")


def _meant(value: Any, hint: Any) -> str:
    """What a text may have been meant to be, as 7 where '7' was given."""
    if not isinstance(value, str):
        return ""
    try:
        read = json.loads(value.lower())
    except ValueError:
        return ""
    return f": give {read!r} without quotes" if not isinstance(read, dict | list) and _fits(read, hint) else ""
