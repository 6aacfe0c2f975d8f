"""A manifest of images that were made: JSON lines, each with `path` relative to it, as `load_images` reads them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wherefrom.core.errors import UsageError
from wherefrom.core.tables import write_json_lines

__all__ = ["add_rows", "check_manifest"]


def add_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to a manifest, whole or not at all: a row of the same `path` is replaced, others are kept; sorted.

    Args:
        path: the manifest. Its folder must exist.
        rows: each with `path`.

    Raises:
        UsageError: when what is there is no such manifest, or it cannot be written.
    """
    all_rows = _rows(path) | {str(row["path"]): dict(row) for row in rows}
    try:
        write_json_lines(path, (all_rows[name] for name in sorted(all_rows)))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def check_manifest(path: Path) -> None:
    """Refuse a place where rows could not be added.

    Raises:
        UsageError: when something is there and is no manifest of images that were made.
    """
    _rows(path)


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    """The rows by path; none where there is no file."""
    if not os.path.lexists(path):
        return {}
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").split("\n") if line]
        by_path = {str(row["path"]): row for row in rows}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{path} is there and is no manifest with `path` a line: remove it ({error})") from error
    if len(by_path) < len(rows) or not rows:
        raise UsageError(f"{path} is there and is no manifest that was made here: name another folder, or remove it")
    return by_path
