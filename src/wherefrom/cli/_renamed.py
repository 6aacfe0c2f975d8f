"""Names that options had before: still taken, and shown nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["renamed"]

_FOLDER: Final = {"--out": "--out-dir"}
_OLD: Final[Mapping[str, Mapping[str, str]]] = {
    "bench": _FOLDER,
    "demo": _FOLDER,
    "edit": _FOLDER,
    "generate": _FOLDER,
    "profile": {"--foreign": "--pool"},
}
"""By command, the name that an option has now by the one that it had."""


def renamed(arguments: Sequence[str]) -> list[str]:
    """What was typed, with the names that options have now.

    Example:
        >>> renamed(["generate", "toy", "--out=x"]), renamed(["score", "a.png", "--out", "x.csv"])
        (['generate', 'toy', '--out-dir=x'], ['score', 'a.png', '--out', 'x.csv'])
    """
    command = next((text for text in arguments if not text.startswith("-")), "")
    names = _OLD.get(command, {})
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [*(_now(text, names) for text in arguments[:end]), *arguments[end:]]


def _now(text: str, names: Mapping[str, str]) -> str:
    flag, sign, value = text.partition("=")
    return f"{names[flag]}{sign}{value}" if flag in names else text
