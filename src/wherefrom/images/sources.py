"""Where images come from: files, folders, globs, manifests and archives become a tuple of named, unopened sources."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from wherefrom.core.errors import UsageError
from wherefrom.images._files import MAX_BYTES, Source, as_source
from wherefrom.images._listing import SUFFIXES, expand

__all__ = ["MAX_BYTES", "SUFFIXES", "Source", "as_source", "load_images"]


def load_images(*paths: str | Path | Source) -> tuple[Source, ...]:
    """The images that paths stand for, in order; reads no image, so a bad one fails later, by itself.

    Args:
        paths: each a file, a folder (recursive, sorted; hidden files and those without an image's suffix left out),
            a glob (each match as if named itself), a manifest (`.csv`, `.jsonl`, `.parquet` with a column `path`,
            relative to the manifest, and perhaps `name`), an uncompressed `.tar` as of webdataset, or a source.

    Returns:
        Sources with unique names; what is named twice is there once.

    Raises:
        UsageError: when a path or glob matches nothing, a manifest or archive cannot be read, or one name stands for
            two images.
    """
    if not paths:
        raise UsageError("no path: name a file, a folder, a glob, a manifest or a .tar")
    return _unique(source for path in paths for source in expand(path))


def _unique(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Each source once, in order of first mention."""
    seen: dict[str, Source] = {}
    for source in sources:
        if seen.setdefault(source.name, source) != source:
            raise UsageError(f"two images are named {source.name!r}: give them different names")
    return tuple(seen.values())
