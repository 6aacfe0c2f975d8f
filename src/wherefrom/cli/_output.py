"""What goes to stdout (tables, JSON lines) and to stderr (notes)."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from wherefrom.core.errors import UsageError
from wherefrom.core.plain import plain

__all__ = ["check_out", "closed_pipe", "emit", "emit_json", "emit_table", "finish", "note", "number", "plain", "share"]

_UNWRAPPED: Final = 100_000  # columns, where the output is no terminal: a row is a line


def emit(text: str) -> None:
    """Write a line to stdout; leaves quietly when nobody reads any more."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise typer.Exit(closed_pipe()) from None


def closed_pipe() -> int:
    """Let the interpreter flush into nothing; returns the exit code that a shell gives a program that SIGPIPE ended."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return 141


def emit_json(value: Any) -> None:
    """Write a value as one line of JSON."""
    emit(json.dumps(plain(value), allow_nan=False, ensure_ascii=False))


def emit_table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, folded: str | None = None
) -> None:
    """Write a table for a person.

    Args:
        headers: one a column.
        rows: cells; None is an empty one, numbers are aligned to the right.
        title: above it.
        folded: the header of the column that gives way where a terminal is narrow.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, soft_wrap=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, width=_UNWRAPPED)
    cells = [list(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for place, header in enumerate(headers):
        right = any(isinstance(row[place], int | float) for row in cells)
        fold = header == folded
        table.add_column(header, justify="right" if right else "left", overflow="fold", no_wrap=not fold and right)
    for row in cells:
        table.add_row(*(Text(number(cell), style=_STYLES.get(str(cell), "")) for cell in row))
    with console.capture() as captured:
        console.print(table)
    emit("\n".join(line.rstrip() for line in captured.get().splitlines()))


_STYLES: Final[Mapping[str, str]] = {
    "SUPPORTED": "bold blue",
    "COMPATIBLE": "cyan",
    "EXCLUDED": "yellow",
    "UNDECIDED": "magenta",
}


def number(value: object) -> str:
    """A cell's text: floats with four digits, nothing for None and NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def share(count: int, total: int) -> str:
    """A count with its share and 95 % Clopper-Pearson interval, as `3 of 40 (7.5 %, 1.6 to 20.4 %)`."""
    from wherefrom.evaluation import clopper_pearson

    if total == 0:
        return "0 of 0"
    low, high = clopper_pearson(count, total)
    return f"{count} of {total} ({100 * count / total:.3g} %, {100 * low:.1f} to {100 * high:.1f} %)"


def note(text: str, *, quiet: bool = False) -> None:
    """Write a line to stderr, unless notes are not wanted."""
    if not quiet:
        print(text, file=sys.stderr)


def check_out(path: Path | None, suffixes: Sequence[str]) -> None:
    """Refuse a file that could not be written at the end, before anything is asked; makes its folder.

    Raises:
        UsageError: when the suffix is none of these, or the folder cannot be made.
    """
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"{path} ends in {path.suffix or 'no suffix'!r}: use {' or '.join(suffixes)}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {path.parent}: {error.strerror or error}") from error


def finish(failed: int, total: int, *, quiet: bool = False) -> None:
    """Leave with exit code 3 when some images failed.

    Raises:
        typer.Exit: with code 3.
    """
    if failed:
        note(f"{failed} of {total} images failed: each has its reason", quiet=quiet)
        raise typer.Exit(3)
