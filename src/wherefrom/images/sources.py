"""Where images come from: files, folders, globs, manifests and archives become a tuple of named, unopened sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from wherefrom.core.errors import UsageError
from wherefrom.images._files import MAX_BYTES, Source, as_source
from wherefrom.images._listing import SUFFIXES, expand
from wherefrom.images._memory import sources_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image as Pillow

__all__ = ["MAX_BYTES", "SUFFIXES", "Source", "as_source", "load_images"]

Image: TypeAlias = "str | Path | Source | bytes | npt.NDArray[np.uint8] | Pillow"
"""What stands for images: a path, the bytes of a file, an array, an image of Pillow's, or a source."""


def load_images(*paths: Image | Sequence[Image], lossless: bool | None = None) -> tuple[Source, ...]:
    """The images that paths stand for, in order; reads no image, so a bad one fails later, by itself.

    Args:
        paths: each a file, a folder (recursive, sorted; hidden files and those without an image's suffix left out),
            a glob (each match as if named itself), a manifest (`.csv`, `.jsonl`, `.parquet` with a column `path`,
            relative to the manifest, and perhaps `name`), an uncompressed `.tar` as of webdataset, or a source; or
            an image in memory: the bytes of a file, an array `(height, width, 3)` of uint8, an image of Pillow's; or a
            list of these.
        lossless: whether pixels that are given as arrays were stored without loss before. None: that is not known, so a
            profile of files does not cover them.

    Returns:
        Sources with unique names; what is named twice is there once.

    Raises:
        UsageError: when a path or glob matches nothing, a manifest or archive cannot be read, or one name stands for
            two images.
        ImageError: when an array is no 8-bit image.
    """
    if not paths:
        raise UsageError("no path: name a file, a folder, a glob, a manifest or a .tar")
    return _unique(source for path in sources_of(paths, lossless=lossless) for source in expand(path))


def _unique(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Each source once, in order of first mention."""
    seen: dict[str, Source] = {}
    for source in sources:
        if seen.setdefault(source.name, source) != source:
            raise UsageError(f"two images are named {source.name!r}: give them different names")
    return tuple(seen.values())
