"""What is left of a command that was stopped, said truthfully: it differs by command, and by --store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["stopped"]

_ASKS: Final = ("attribute", "profile", "score")
_FILES: Final = "files that are whole are kept"
_KEPT: Final = {
    "bench": f"{_FILES} in --work, with the scores",
    "demo": f"{_FILES} in the folder of --out, with the scores",
    "edit": f"{_FILES} in the folder of --out",
    "generate": f"{_FILES} in the folder of --out",
}
_AGAIN: Final = "run again to go on"


def stopped(arguments: Sequence[str]) -> str:
    """What to say when a command was interrupted.

    Args:
        arguments: what was typed after the program's name.
    """
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command in _ASKS:
        if _has_store(arguments):
            return f"stopped: scores that are in the store are kept, {_AGAIN}"
        return "stopped: nothing is kept, since no --store FILE was given: with one, a stopped run goes on"
    if command in _KEPT:
        return f"stopped: {_KEPT[command]}, {_AGAIN}"
    return "stopped"


def _has_store(arguments: Sequence[str]) -> bool:
    """Whether a store was named; what follows `--` is paths."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return any(word == "--store" or word.startswith("--store=") for word in options)
