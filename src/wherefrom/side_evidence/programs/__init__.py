"""Programs whose generation metadata are understood: one file a program, which ends in `PROGRAM`."""

from __future__ import annotations

from wherefrom.core import plugins
from wherefrom.side_evidence.programs.base import Program

__all__ = ["load", "names"]


def names() -> tuple[str, ...]:
    """The programs, those of the entry point `wherefrom.side_evidence.programs` included."""
    return plugins.names(__name__)


def load(name: str) -> Program:
    """A program by its name.

    Args:
        name: one of `names()`.

    Raises:
        UsageError: when there is no such program.
    """
    found: Program = plugins.load(__name__, name, "PROGRAM")
    return found
