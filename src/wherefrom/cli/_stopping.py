"""What is left of a command that was stopped, said truthfully: it differs by command, by --store, and by --out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wherefrom.core.errors import UsageError

__all__ = ["stopped"]

_ASKS: Final = frozenset({"attribute", "check", "evaluate", "profile", "report", "score"})
_ROWS: Final = frozenset({"attribute", "score"})
_FILES: Final = "files that are whole are kept"
_AGAIN: Final = "run again to go on"
_KEPT: Final = {
    "bench": f"{_FILES} in --work, with the scores, {_AGAIN}",
    "demo": f"{_FILES} in the folder of --out-dir, with the scores, {_AGAIN}",
    "edit": f"{_FILES} in the folder of --out-dir, {_AGAIN}",
    "generate": f"{_FILES} in the folder of --out-dir, {_AGAIN}",
    "map": "maps that are whole are kept in the folder of --out-dir; the same command makes all of them again",
}


def stopped(arguments: Sequence[str]) -> str:
    """What to say when a command was interrupted.

    Args:
        arguments: what was typed after the program's name.
    """
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments  # what follows are paths
    command = next((word for word in options if not word.startswith("-")), "")
    if command in _ROWS and _to_folder(options):
        return f"stopped: rows that are written are kept in the folder of --out, {_AGAIN}"
    if command in _ASKS:
        if _value(options, "--store") is None:
            return "stopped: no score is kept, since no --store FILE was given: with one, a stopped run goes on"
        forced = ", with --force where the folder holds pages already" if command == "report" else ""
        return f"stopped: scores that are in the store are kept, {_AGAIN}{forced}"
    return f"stopped: {_KEPT[command]}" if command in _KEPT else "stopped"


def _to_folder(options: Sequence[str]) -> bool:
    """Whether rows go to a folder, as the command itself tells it."""
    from wherefrom.cli._folders import Folder

    try:
        return Folder(out=_value(options, "--out"), engine=_value(options, "--engine")).wanted
    except UsageError:
        return False


def _value(options: Sequence[str], flag: str) -> str | None:
    """What was typed for an option, after a space or an equals sign; the last one counts."""
    found = None
    for place, word in enumerate(options):
        if word.startswith(f"{flag}="):
            found = word.partition("=")[2]
        elif word == flag and place + 1 < len(options):
            found = options[place + 1]
    return found
