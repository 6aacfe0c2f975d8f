"""Options of methods and rules, which are frozen dataclasses: what each is called, takes, is by default and means."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wherefrom.core.card import Fact
from wherefrom.core.errors import UsageError
from wherefrom.core.flat import Flat, default_of, flat_fields
from wherefrom.core.options import by_name

__all__ = ["About", "Option", "about", "complete", "together"]

_ENTRY = re.compile(r"    (\w+): (.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: as in `NAME=VALUE`.
        takes: its type, or the words it can be.
        default: what it is when nothing is said; None where it must be said, or where it is None.
        required: whether it must be said.
        meaning: from the class's own documentation; empty where that says nothing.
    """

    name: str
    takes: str
    default: Fact
    required: bool
    meaning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What a choice is, by its own documentation.

    Attributes:
        title: its first line.
        text: what stands between that and the options, one paragraph.
        options: in their order.
    """

    title: str
    text: str
    options: tuple[Option, ...]


def about(kind: type[Any]) -> About:
    """What the class of a method or rule says of itself and of its options."""
    title, text, meanings = _read(inspect.getdoc(kind) or "")
    hints = _hints(kind)
    options: list[Option] = []
    for item, flat in flat_fields(kind) if dataclasses.is_dataclass(kind) else ():
        if flat is not None:
            options += _several(flat, default_of(item))
            continue
        options.append(
            Option(
                name=item.name,
                takes=_takes(hints[item.name]),
                default=None if _required(item) else default_of(item),
                required=_required(item),
                meaning=meanings.get(item.name, ""),
            )
        )
    return About(title=title, text=text, options=tuple(options))


def _several(flat: Flat, default: Any) -> list[Option]:
    """The options that stand for one field, in the order in which they are declared."""
    usual = flat.of(default)
    meanings = _read(inspect.getdoc(flat.meanings) or "")[2]
    return [
        Option(name=name, takes=_takes(hint), default=usual[name], required=False, meaning=meanings.get(name, ""))
        for name, hint in typing.get_type_hints(flat.options).items()
    ]


def together(options: Mapping[str, Fact] | None, named: Mapping[str, Fact], *, what: str) -> dict[str, Fact]:
    """Options given as a mapping and by keyword, as one.

    Args:
        options: by name.
        named: those given by keyword.
        what: the choice, as `method 'aedr'`.

    Raises:
        UsageError: when one is given in both ways, or they are not by name.
    """
    given = by_name(options, what=what)
    twice = sorted(set(given) & set(named))
    if twice:
        raise UsageError(f"{', '.join(twice)} is given twice, in the mapping and by keyword: give it once")
    return given | dict(named)


def complete(what: str, kind: type[Any], given: Mapping[str, Fact], flag: str) -> None:
    """Refuse options of which one is missing that must be said.

    Args:
        what: the choice, as `method 'relative'`.
        kind: its class.
        given: its options.
        flag: what passes an option on the command line, as `--option`.

    Raises:
        UsageError: with what it means, and how to say it.
    """
    for option in about(kind).options:
        if option.required and option.name not in given:
            raise UsageError(
                f"{what} needs the option {option.name} ({option.meaning.rstrip('.')}): give it, on the command line by"
                f" {flag} {option.name}=VALUE, in Python by {option.name}=VALUE"
            )


def _hints(kind: type[Any]) -> dict[str, Any]:
    """The types of the fields; as they are written where a name of them is not there when the program runs."""
    try:
        return typing.get_type_hints(kind)
    except NameError:
        return {item.name: item.type for item in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else {}


def _required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def _takes(hint: Any) -> str:
    """A type in words: `one of mse, mae`, `int or null`."""
    if isinstance(hint, str):
        return hint
    if typing.get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, typing.get_args(hint)))}"
    inner = [part for part in typing.get_args(hint) if part is not type(None)]
    if isinstance(hint, type):
        return "null" if hint is type(None) else hint.__name__
    if typing.get_origin(hint) in (tuple, Mapping) or getattr(typing.get_origin(hint), "__name__", "") == "Mapping":
        return "names and values"
    words = list(dict.fromkeys(_takes(part) for part in inner))
    return " or ".join([*words, *(["null"] if type(None) in typing.get_args(hint) else [])])


def _read(text: str) -> tuple[str, str, dict[str, str]]:
    """The title, the text and the meaning of each option out of a docstring in Google's style."""
    head, _, rest = text.partition("\nAttributes:\n")
    title, _, body = re.split(r"\n(?:Raises|Example):\n", head)[0].partition("\n")
    meanings: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        entry = _ENTRY.fullmatch(line)
        if entry:
            name = entry[1]
            meanings[name] = entry[2]
        elif line.startswith("     ") and name:
            meanings[name] += " " + line.strip()
        elif line.strip():
            break
    return title.strip(), " ".join(body.split()), meanings
