"""Prompts from a file: lines of text, or a column of CSV or JSON lines. No torch."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import UsageError

__all__ = ["read_prompts"]

_COLUMN: Final = "prompt"


def read_prompts(path: Path) -> tuple[str, ...]:
    """The prompts of a file, in its order, blanks around each taken off; one that is there twice counts twice.

    Args:
        path: `.csv` with a header and a column `prompt`; `.jsonl` with a text or an object with `prompt` a line; any
            other file is UTF-8 text, one prompt a line, without blank lines and lines that start with `#`.

    Raises:
        UsageError: when it cannot be read, a row of it has no prompt, or it has none at all.
    """
    suffix = path.suffix.lower()
    reader = {".csv": _csv, ".jsonl": _jsonl}.get(suffix, _lines)
    try:
        prompts = tuple(_checked(path, number, value) for number, value in reader(path))
    except (OSError, UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"the prompts of {path} cannot be read ({reason}): give a UTF-8 text file") from error
    if not prompts:
        raise UsageError(f"{path} has no prompt: write one a line; lines that start with # are comments")
    return prompts


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield number, line


def _csv(path: Path) -> Iterator[tuple[int, object]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, strict=True)
        for row in rows:
            yield rows.line_num, _column(path, rows.line_num, row)


def _jsonl(path: Path) -> Iterator[tuple[int, object]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                row = json.loads(line)
                yield number, _column(path, number, row) if isinstance(row, dict) else row


def _column(path: Path, number: int, row: Mapping[str, Any]) -> object:
    if _COLUMN not in row:
        listed = ", ".join(map(repr, row)) or "nothing"
        raise UsageError(f"{path}, line {number}: no column `{_COLUMN}`, only {listed}: name it so")
    return row[_COLUMN]


def _checked(path: Path, number: int, value: object) -> str:
    """A prompt that a pipeline takes and a PNG's text holds."""
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{path}, line {number}: the prompt is {value!r}, need a text that is not blank")
    if "\0" in value:
        raise UsageError(f"{path}, line {number}: the prompt has a null character, which a PNG's text cannot hold")
    return value.strip()
