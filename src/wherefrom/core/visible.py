"""Text from outside as it may be shown: no file's name moves the cursor, colours a line or starts one of its own."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["visible"]

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what acts on its surroundings and shows nothing: control and format characters, some of which
turn the direction of text, halves of characters, and separators of lines and paragraphs."""


def visible(text: object) -> str:
    r"""The text as one line in which every character is to be seen; one that acts instead is written as its number.

    Example:
        >>> visible("a.png\n\x1b[31mb.png\u202e"), visible("käse 1.png")
        ('a.png\\x0a\\x1b[31mb.png\\u202e', 'käse 1.png')
    """
    shown = str(text)
    if shown.isascii() and shown.isprintable():  # nearly all of them, and told at once
        return shown
    return "".join(_numbered(c) if unicodedata.category(c) in _HIDDEN else c for c in shown)


def _numbered(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
