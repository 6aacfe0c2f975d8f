"""What methods that compare an image with its control copies check alike. No torch."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from wherefrom.core.errors import UsageError

__all__ = ["SAME", "check_copies", "check_floor", "copies_of"]

SAME: Final = 1e-5
"""How far apart the logarithms of losses of two images may be that are the same: they are computed in one batch."""


def copies_of(option: str) -> tuple[str, ...]:
    """The copies that an option names, one by one.

    Args:
        option: names joined by `+`.
    """
    return tuple(option.split("+"))


def check_copies(option: str, among: Collection[str]) -> None:
    """Refuse copies that there are not, and those that are named twice.

    Args:
        option: names joined by `+`.
        among: the copies that there are.

    Raises:
        UsageError: when a name is none of them, or is there twice.
    """
    names = copies_of(option)
    if unknown := [name for name in names if name not in among]:
        raise UsageError(f"copies={option!r}: {unknown[0]!r} is none of {', '.join(among)}")
    if len(set(names)) < len(names):
        raise UsageError(f"copies={option!r} names a copy twice: name each once")


def check_floor(floor: float) -> None:
    """Refuse a floor under which no loss lies.

    Args:
        floor: a mean squared error on [0, 1].

    Raises:
        UsageError: when it is negative.
    """
    if not floor >= 0:
        raise UsageError(f"floor={floor} is negative: give a mean squared error on [0, 1]")
