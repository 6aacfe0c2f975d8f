"""Texts of a file, shortened to what a page can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["listed", "shortened"]

_LONGEST: Final = 240
"""Characters of a text that are shown."""
_MOST: Final = 12
"""Items of a list that are shown."""


def shortened(value: object) -> str:
    """A value from a file as one line of at most 240 characters.

    Args:
        value: of any kind.
    """
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def listed(values: Sequence[str]) -> str:
    """Different values in a line, at most 12 of them, in the order in which they come.

    Args:
        values: perhaps with repetitions.
    """
    different = list(dict.fromkeys(value for value in map(shortened, values) if value))
    more = f" and {len(different) - _MOST} more" if len(different) > _MOST else ""
    return ", ".join(different[:_MOST]) + more
