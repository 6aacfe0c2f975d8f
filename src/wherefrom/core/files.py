"""Files that are there whole or not at all: whatever stops a run, the old file is there or the new one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

__all__ = ["check_folder_takes", "json_bytes", "replacing", "write_bytes", "write_json", "write_text"]


_TRIAL: Final = bytes(4096)  # what every file takes of a disk at least


def check_folder_takes(folder: Path) -> None:
    """Write a small file and remove it, since a folder does not say itself whether its disk is read-only or full.

    Args:
        folder: which exists.

    Raises:
        OSError: when a file cannot be written there.
    """
    trial = folder / f".{secrets.token_hex(8)}.partial"
    with trial.open("xb") as file:
        try:
            file.write(_TRIAL)
            file.flush()
            os.fsync(file.fileno())
        finally:
            trial.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place to write beside a file, which takes the file's place when nothing failed, and is gone when something did.

    What was written is on the disk before it takes the place, so that a loss of power leaves the old file or the new
    one and never an empty one; the folder is not synced, so it may be the old one for some seconds. What was there is
    replaced and never written into, so that its other names, as hard links, keep their content.

    Args:
        path: the file. Its folder must exist.

    Raises:
        OSError: when the place cannot be written or moved.
    """
    partial = path.with_name(f".{secrets.token_hex(8)}.partial{path.suffix}")
    try:
        yield partial
        _sync(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    Args:
        path: the file; replaced if it exists. Its folder must exist.
        data: all of it.

    Raises:
        OSError: when it cannot be written.
    """
    with replacing(path) as place:
        place.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8 with Unix line ends, whole or not at all.

    Args:
        path: the file; replaced if it exists. Its folder must exist.
        text: all of it.

    Raises:
        OSError: when it cannot be written.
    """
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any, *, indent: int | None = 1) -> None:
    """Write a value as JSON in ASCII with a line end, whole or not at all.

    Args:
        path: the file; replaced if it exists. Its folder must exist.
        value: plain; see `wherefrom.core.plain`.
        indent: spaces a level; None writes one line without spaces.

    Raises:
        OSError: when it cannot be written.
        ValueError: when a number is NaN or infinite, which JSON cannot hold.
    """
    write_bytes(path, json_bytes(value, indent=indent))


def json_bytes(value: Any, *, indent: int | None = 1) -> bytes:
    """What `write_json` writes.

    Args:
        value: plain; see `wherefrom.core.plain`.
        indent: spaces a level; None writes one line without spaces.

    Raises:
        ValueError: when a number is NaN or infinite, which JSON cannot hold.
    """
    separators = (",", ":") if indent is None else None
    return (json.dumps(value, allow_nan=False, indent=indent, separators=separators) + "\n").encode("ascii")


def _sync(path: Path) -> None:
    """Have what the system keeps in memory of a file written to the disk."""
    with path.open("r+b") as file:  # Windows syncs only what may be written
        os.fsync(file.fileno())
