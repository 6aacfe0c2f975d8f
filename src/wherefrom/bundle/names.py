"""Names of files inside a bundle: the same files on every system, none of them outside of the folder they go to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from wherefrom.core.visible import visible

__all__ = ["ENVELOPE", "SCORES_FOLDER", "STABILITY", "VERDICTS", "check_names", "wrong_name"]

ENVELOPE: Final = "statement.dsse.json"
"""The signed or unsigned statement, the only file that the statement does not name."""
VERDICTS: Final = "verdicts.json"
STABILITY: Final = "stability.json"
"""What was said of the images after harmless changes, where they were asked about again."""
SCORES_FOLDER: Final = "scores"
_LONGEST: Final = 400
"""Characters of a name, folders included."""
_FORBIDDEN: Final = frozenset('\\:*?"<>|')
"""Characters that are no part of a file's name, or separate folders, on some system."""


def wrong_name(name: str) -> str | None:
    """Why a file inside an archive may not have this name, in words; None where it may.

    Args:
        name: folders separated by `/`.

    Example:
        >>> wrong_name("report/index.html"), wrong_name("../../.bashrc"), wrong_name("C:/x")
        (None, "it leads out of the archive by '..'", "it holds ':'")
    """
    parts = name.split("/")
    bad = sorted(_FORBIDDEN & set(name))
    if not name or len(name) > _LONGEST:
        return f"it has {len(name)} characters, 1 to {_LONGEST} are allowed"
    if name.startswith("/"):
        return "it is absolute"
    if ".." in parts:
        return "it leads out of the archive by '..'"
    if visible(name) != name:
        return "it holds a character that shows nothing"
    if bad:
        return f"it holds {bad[0]!r}"
    if name.endswith("/"):
        return "it is a folder"
    if any(not part.strip(". ") or part != part.rstrip(". ") for part in parts):
        return "a part of it is empty or ends in a dot or space"
    return None


def check_names(names: Iterable[str]) -> str | None:
    """Why files of these names cannot lie in one archive, in one sentence; None where they can.

    Two names that differ in case or composition alone are one file on some systems, and count as one here.

    Args:
        names: of all files.
    """
    seen: dict[str, str] = {}
    for name in names:
        why = wrong_name(name)
        if why is not None:
            return f"the file name {name!r} is not allowed: {why}"
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            same = f"{name!r} is there twice" if seen[key] == name else f"{seen[key]!r} and {name!r} are one file name"
            return f"{same}, and each name may be there once"
        seen[key] = name
    return None
