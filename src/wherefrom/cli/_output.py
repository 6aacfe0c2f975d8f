"""What goes to stdout (tables, JSON lines) and to stderr (notes): each a line, and nothing in it acts on a terminal."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import typer

from wherefrom.core.plain import plain
from wherefrom.core.visible import visible

__all__ = ["closed_pipe", "emit", "emit_json", "emit_table", "finish", "note", "number", "plain", "share"]

_UNWRAPPED: Final = 100_000  # columns, where the output is no terminal: a row is a line


def emit(text: str) -> None:
    """Write one line to stdout, whatever names are in it; leaves quietly when nobody reads any more."""
    _write(visible(text))


def _write(text: str) -> None:
    """Write lines of which every part is known to act on nothing."""
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
    """Write a value as one line of JSON; a character that shows nothing is escaped in it, and read as itself."""
    text = json.dumps(plain(value), allow_nan=False, ensure_ascii=False)
    _write("".join(c if visible(c) == c else json.dumps(c)[1:-1] for c in text))


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
    above = None if title is None else Text(visible(title), style="bold")
    table = Table(box=box.SIMPLE_HEAD, title=above, title_justify="left")
    for place, header in enumerate(headers):
        right = any(isinstance(row[place], int | float) for row in cells)
        fold = header == folded
        table.add_column(
            Text(visible(header)), justify="right" if right else "left", overflow="fold", no_wrap=not fold and right
        )
    for row in cells:
        table.add_row(*(Text(visible(number(cell)), style=_STYLES.get(str(cell), "")) for cell in row))
    with console.capture() as captured:
        console.print(table)
    _write("\n".join(line.rstrip() for line in captured.get().removesuffix("\n").split("\n")))


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
    """Write one line to stderr, whatever names are in it, unless notes are not wanted.

    Args:
        text: one line.
        quiet: whether notes are not wanted.
    """
    if not quiet:
        print(visible(text), file=sys.stderr)


def finish(failed: int, total: int, *, quiet: bool = False) -> None:
    """Leave with exit code 3 when some images failed.

    Args:
        failed: how many images have no result.
        total: how many there were.
        quiet: whether notes are not wanted.

    Raises:
        typer.Exit: with code 3.
    """
    if failed:
        note(f"{failed} of {total} images failed: each has its reason", quiet=quiet)
        raise typer.Exit(3)
