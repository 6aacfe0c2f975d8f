"""A file that is there whole or not at all, so that a stopped run leaves the old one or the new one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole"]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place to write beside a file, which takes the file's place when nothing failed, and is gone when something did.

    What was there is replaced and never written into, so that its other names, as hard links, keep their content.

    Args:
        path: the file. Its folder must exist.

    Raises:
        OSError: when the place cannot be written or moved.
    """
    partial = path.with_name(f".{secrets.token_hex(8)}.partial{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
