"""Which files are taken for images by their names, and a count of what was passed over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

__all__ = ["SUFFIXES", "Passed", "is_image"]

SUFFIXES: Final = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".tif", ".tiff"}
    | {".bmp", ".dib", ".gif", ".avif", ".heic", ".heif"}
)
"""Suffixes, in lower case, of what is taken from a folder or an archive. A file named by itself may have any."""
_KINDS: Final = 5  # suffixes that are said one by one


def is_image(name: str) -> bool:
    """Whether a file of this name is taken from a folder or an archive.

    Args:
        name: with or without a path.
    """
    return PurePosixPath(name).suffix.lower() in SUFFIXES


@dataclass(slots=True)
class Passed:
    """What a folder or archive holds that is not taken, counted by the reason.

    Attributes:
        hidden: entries whose name starts with a dot.
        other: entries with a suffix that is no image's, by the suffix.
    """

    hidden: int = 0
    other: Counter[str] = field(default_factory=Counter)

    def take(self, name: str) -> bool:
        """Whether an entry of this name is taken; counts those that are not."""
        if name.startswith("."):
            self.hidden += 1
            return False
        if not is_image(name):
            self.other[PurePosixPath(name).suffix.lower()] += 1
            return False
        return True

    def words(self) -> str:
        """How many, and why; nothing where nothing was passed over."""
        said = [f"{self.hidden} hidden (the name starts with a dot)"] if self.hidden else []
        said += [f"{self.other['']} without a suffix"] if self.other[""] else []
        others = sorted((suffix, count) for suffix, count in self.other.items() if suffix)
        if others:
            kinds = ", ".join(f"{suffix} {count}" for suffix, count in others[:_KINDS])
            more = ", ..." if len(others) > _KINDS else ""
            total = sum(count for _, count in others)
            said.append(f"{total} with a suffix that is no image's ({kinds}{more})")
        return ", ".join(said)
