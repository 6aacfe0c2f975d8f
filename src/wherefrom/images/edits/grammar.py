"""The name of an edit, read: `jpeg:75`, or several from left to right, `resize:0.5+jpeg:75`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from wherefrom.core.errors import UsageError
from wherefrom.core.extras import require
from wherefrom.core.suggestions import did_you_mean
from wherefrom.images.edits.edit import Edit
from wherefrom.images.edits.steps import FORMS, MOST_DROPPED, EditForm, Step, Value

__all__ = ["forms", "load", "names"]

_WHOLE: Final = r"\d+"


def names() -> tuple[str, ...]:
    """The edits there are, without their values."""
    return tuple(sorted(FORMS))


def forms() -> tuple[str, ...]:
    """The edits there are as they are written, as `jpeg:Q`."""
    return tuple(_form(kind) for kind in names())


def load(name: str) -> Edit:
    """The edit of a name: `KIND` or `KIND:VALUE`, several joined by `+` and applied from left to right.

    Args:
        name: as `jpeg:75`. Numbers are written in decimals; `jpeg:075` is read, and is called `jpeg:75` from then on.

    Raises:
        UsageError: when there is no such edit, or its value is missing or out of range; the message names the bounds.
        MissingExtra: for `filter`, when pilgram is not installed.

    Example:
        >>> load("resize:0.50+jpeg:75").name
        'resize:0.5+jpeg:75'
    """
    if not isinstance(name, str):
        raise UsageError(f"edit {name!r} is no text: write one of {', '.join(forms())}")
    pieces = name.split("+")
    if len(pieces) > 1 and "none" in pieces:
        raise UsageError(f"edit {name!r}: `none` stands alone, and a chain has at least two others joined by +")
    return Edit(tuple(_step(piece) for piece in pieces))


def _step(text: str) -> Step:
    kind, sign, value = text.partition(":")
    form = FORMS.get(kind)
    if form is None:
        raise UsageError(f"no edit {text!r} among {', '.join(forms())}{did_you_mean(kind, names())}")
    if not form.placeholders:
        if sign:
            raise UsageError(f"edit {text!r} takes no value: {form.example}")
        return Step(kind)
    read = _filter if kind == "filter" else _numbers
    return Step(kind, read(text, value, form))


def _numbers(text: str, value: str, form: EditForm) -> tuple[Value, ...]:
    """Values as numbers within their bounds, and after them what a seed would say."""
    count = len(form.placeholders.split(","))
    parts, more = value.split(",")[:count], value.split(",")[count:]
    pattern = _WHOLE if form.whole else r"\d+\.?\d*|\.\d+"
    usable = len(parts) == count and all(re.fullmatch(pattern, x, re.ASCII) for x in parts)
    known = not more or bool(form.drawn and len(more) == len(form.drawn.split(",")) and all(map(_is_drawn, more)))
    if not usable or not known or not all(form.low <= float(part) <= form.high for part in parts):
        numbers = "whole numbers" if form.whole else "decimal numbers"
        bounds = f"{form.what} in {numbers} from {form.low:g} to {form.high:g}"
        also = f" (and may have {form.drawn} in whole numbers from 0 to {MOST_DROPPED})" if form.drawn else ""
        raise UsageError(f"edit {text!r}: {_form(text.partition(':')[0])} needs {bounds}, as {form.example}{also}")
    convert: Callable[[str], Value] = int if form.whole else float
    return (*(convert(part) for part in parts), *map(int, more))


def _is_drawn(text: str) -> bool:
    """Whether a text is a number that a seed could have said, or a person."""
    return (
        re.fullmatch(_WHOLE, text, re.ASCII) is not None
        and len(text) <= len(str(MOST_DROPPED))
        and int(text) <= MOST_DROPPED
    )


def _filter(text: str, value: str, form: EditForm) -> tuple[Value, ...]:
    """The name of one of pilgram's filters."""
    there = sorted(name for name in require("pilgram", "filters").__all__ if not name.startswith("__"))
    if value not in there:
        hint = did_you_mean(value, there)
        raise UsageError(f"edit {text!r}: no filter {value!r} among {', '.join(there)}{hint}; as {form.example}")
    return (value,)


def _form(kind: str) -> str:
    return ":".join(part for part in (kind, FORMS[kind].placeholders) if part)
