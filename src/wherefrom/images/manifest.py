"""A manifest of images that were made: JSON lines, each with `path` relative to it, as `load_images` reads them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wherefrom.core.errors import UsageError

__all__ = ["add_rows"]


def add_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to a manifest, whole or not at all: a row of the same `path` is replaced, others are kept; sorted.

    Args:
        path: the manifest; one that cannot be read is written anew. Its folder must exist.
        rows: each with `path`.

    Raises:
        UsageError: when it cannot be written.
    """
    held = _rows(path) | {str(row["path"]): dict(row) for row in rows}
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        lines = (json.dumps(held[name], ensure_ascii=False) for name in sorted(held))
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        return {str(row["path"]): row for row in rows}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
