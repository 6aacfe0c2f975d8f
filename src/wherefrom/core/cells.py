r"""Text in a CSV file, so that no spreadsheet takes the name of a file for a formula, and no program for a row.

A spreadsheet computes a cell that starts with `=`, `+`, `-` or `@`, and a formula can send away what is in other cells.
Whoever names an image could write one. So a text that starts like that gets an apostrophe in front, which a spreadsheet
shows or hides and never computes; so does one that starts with an apostrophe, so that the text can be had back. A text
with a character that shows nothing, as a line break, is written as JSON after an apostrophe (`'"a\nb"`): a row of the
file is one line for every program that reads it.
"""

from __future__ import annotations

import json
from typing import Final

from wherefrom.core.visible import visible

__all__ = ["guarded", "unguarded"]

_GUARD: Final = "'"
_STARTS: Final = frozenset("=+-@＝＋－＠" + _GUARD)  # noqa: RUF001  (wide forms are computed too)
_QUOTED: Final = _GUARD + '"'


def guarded(text: str) -> str:
    r"""The text as a cell: with an apostrophe in front where it could be a formula, as JSON where it has line breaks.

    Example:
        >>> guarded("=1+1.png"), guarded("photo.png"), guarded("a\n=1.png")
        ("'=1+1.png", 'photo.png', '\'"a\\n=1.png"')
    """
    if visible(text) != text:
        return _GUARD + json.dumps(text)
    return _GUARD + text if text[:1] in _STARTS and text else text


def unguarded(cell: str) -> str:
    """The text that `guarded` was given. A cell that it cannot have written is left as it is.

    Example:
        >>> unguarded("'=1+1.png"), unguarded("'tis.png")
        ('=1+1.png', "'tis.png")
    """
    if cell.startswith(_QUOTED):
        try:
            text = json.loads(cell[1:])
        except ValueError:
            return cell
        return text if isinstance(text, str) and guarded(text) == cell else cell
    return cell[1:] if cell[:1] == _GUARD and cell[1:2] in _STARTS and cell[1:] else cell
