"""Names that were mistyped: what an error adds when a name is close to one that is known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["closest", "did_you_mean"]


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like another one; None where none is like it.

    Args:
        name: as it was written.
        known: the names there are.
    """
    return next(iter(get_close_matches(name, list(known), n=1)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message that names the closest known name, as `; did you mean 'aedr'?`; empty where none is close.

    Args:
        name: as it was written.
        known: the names there are.

    Example:
        >>> did_you_mean("aeder", ["aedr", "ronan"]), did_you_mean("x", ["aedr"])
        ("; did you mean 'aedr'?", '')
    """
    found = closest(name, known)
    return "" if found is None else f"; did you mean {found!r}?"
