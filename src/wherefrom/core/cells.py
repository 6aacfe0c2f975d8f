"""Text in a CSV file, so that no spreadsheet takes the name of a file for a formula.

A spreadsheet computes a cell that starts with `=`, `+`, `-` or `@`, and a formula can send away what is in other cells.
Whoever names an image could write one. So a text that starts like that gets an apostrophe in front, which a spreadsheet
shows or hides and never computes; so does one that starts with an apostrophe, so that the text can be had back.
"""

from __future__ import annotations

from typing import Final

__all__ = ["guarded", "unguarded"]

_GUARD: Final = "'"
_STARTS: Final = frozenset("=+-@＝＋－＠\t\r\n" + _GUARD)  # noqa: RUF001  (wide forms are computed too)


def guarded(text: str) -> str:
    """The text as a cell: with an apostrophe in front where it could be a formula.

    Example:
        >>> guarded("=1+1.png"), guarded("photo.png")
        ("'=1+1.png", 'photo.png')
    """
    return _GUARD + text if text[:1] in _STARTS and text else text


def unguarded(cell: str) -> str:
    """The text that `guarded` was given. A cell that it cannot have written is left as it is.

    Example:
        >>> unguarded("'=1+1.png"), unguarded("'tis.png")
        ('=1+1.png', "'tis.png")
    """
    return cell[1:] if cell[:1] == _GUARD and cell[1:2] in _STARTS and cell[1:] else cell
