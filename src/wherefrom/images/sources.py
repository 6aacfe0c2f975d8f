"""Where images come from: files, folders, globs, manifests and archives become a tuple of named, unopened sources."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from wherefrom.core.errors import UsageError
from wherefrom.images.collections.addresses import scheme_of
from wherefrom.images.collections.names import SUFFIXES
from wherefrom.images.collections.places import Listing
from wherefrom.images.files import MAX_BYTES, Cell, Source, file_source, printable
from wherefrom.images.listing import expand

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image as Pillow

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "Cell",
    "Source",
    "as_source",
    "given_images",
    "load_images",
    "printable",
    "stream_images",
]

_NAMED = 5  # missing files that are named one by one

Image: TypeAlias = "str | Path | Source | bytes | npt.NDArray[np.uint8] | Pillow"
"""What stands for images: a path, the bytes of a file, an array, an image of Pillow's, or a source."""


def load_images(
    *paths: Image | Sequence[Image],
    lossless: bool | None = None,
    on_message: Callable[[str], None] | None = None,
    told: Callable[[str], None] | None = None,
    follow: Collection[str] = (),
    column: str | None = None,
) -> tuple[Source, ...]:
    """The images that paths stand for, in order; reads no image, so a bad one fails later, by itself.

    Args:
        paths: each a file, a folder (recursive, sorted; hidden files and those without an image's suffix left out),
            a glob (each match as if named itself), a manifest (`.csv`, `.jsonl`, `.parquet` with a column `path`,
            relative to the manifest, and perhaps `name`; an image in an archive is `ARCHIVE.tar/MEMBER`), an
            uncompressed `.tar` as of webdataset, a table with a column of images (`.parquet`, `.arrow`), a folder of
            shards that img2dataset wrote or of what `datasets` saved, the address of one of these, as
            `s3://bucket/folder/` (extra `remote`), or a source; or an image in memory: the bytes of a file, an array
            `(height, width, 3)` of uint8, an image of Pillow's; or a list of these.
        lossless: whether pixels that are given as arrays were stored without loss before. None: that is not known, so a
            profile of files does not cover them.
        on_message: called with a sentence for whatever is left out, and for files of a manifest that are not there.
        told: the former name of `on_message`, which answers for one version more.
        follow: schemes of addresses that the paths of manifests may have, as `["s3"]`; by default they are files alone.
        column: of a table that holds images; None is the only one there is.

    Returns:
        Sources with unique names; what is named twice is there once.

    Raises:
        UsageError: when a path is empty or not there, a glob matches nothing, a manifest or archive cannot be read, or
            one name stands for two images.
        ImageError: when an array is no 8-bit image.
    """
    if not paths:
        raise UsageError("no path: name a file, a folder, a glob, a manifest or a .tar")
    from wherefrom.images.in_memory import sources_of  # which needs numpy and Pillow

    items = list(sources_of(paths, lossless=lossless))
    if told is not None:
        warnings.warn("load_images(told=) is now called on_message: use that", DeprecationWarning, stacklevel=2)
    listing = _listing(on_message or told, follow, column)
    lost = [str(item) for item in items if not isinstance(item, Source) and _is_lost(item)]
    if len(lost) > 1:
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        raise UsageError(f"no such files or folders: {', '.join(map(printable, lost[:_NAMED]))}{more}")
    listed = [(source, _is_search(item)) for item in items for source in expand(item, listing, check=True)]
    return _unique(_once(listed))


def given_images(images: Image | Iterable[Image]) -> tuple[Source, ...]:
    """The images that were handed over where several are expected: one path by itself, as a folder's, is one too.

    Args:
        images: as for `load_images`.

    Raises:
        UsageError: as `load_images`.
    """
    from wherefrom.images.in_memory import single  # which needs numpy and Pillow

    return load_images(images) if single(images) else load_images(*images)  # type: ignore[arg-type, misc]


def stream_images(
    *paths: str | Path | Source,
    on_message: Callable[[str], None] | None = None,
    follow: Collection[str] = (),
    column: str | None = None,
) -> Iterator[Source]:
    """The same images, listed as they are asked for: millions take no memory. What is named twice is there twice.

    A row of a manifest that names no image, or an archive that breaks off, is an image that cannot be read.

    Args:
        paths: as for `load_images`, but for images in memory.
        on_message: called with a sentence for whatever is left out, once it was listed.
        follow: as for `load_images`.
        column: as for `load_images`.

    Raises:
        UsageError: when a path stands for nothing, or what it lists cannot be read; once that is reached.
    """
    if not paths:
        raise UsageError("no path: name a file, a folder, a glob, a manifest or a .tar")
    listing = replace(_listing(on_message, follow, column), strict=False)
    return (source for path in paths for source in expand(path, listing))


def _listing(on_message: Callable[[str], None] | None, follow: Collection[str], column: str | None) -> Listing:
    """How things are listed.

    Raises:
        UsageError: when one of `follow` is no scheme.
    """
    odd = [scheme for scheme in follow if scheme_of(f"{scheme}://") != scheme]
    if odd:
        raise UsageError(f"follow={odd[0]!r} is no scheme of addresses: name it as s3, gs or https")
    return Listing(on_message=on_message or (lambda _: None), follow=frozenset(follow), column=column)


def as_source(image: Image) -> Source:
    """A source for what a person hands over: a path is named by itself, bytes and pixels by their digest.

    Args:
        image: a path, bytes of a file, an array `(height, width, 3)` of uint8, an image of Pillow's, or a source.

    Raises:
        UsageError: when it is none of these.
    """
    if isinstance(image, Source | str | Path | bytes):
        return file_source(image)
    from wherefrom.images.in_memory import source_of  # which needs numpy and Pillow

    return source_of(image)


def _is_search(path: str | Path | Source) -> bool:
    """Whether images are looked for under a path, and not named by it."""
    if isinstance(path, Source):
        return False
    return os.path.isdir(path) or (not os.path.lexists(path) and glob.has_magic(str(path)))  # noqa: PTH112


def _once(listed: Sequence[tuple[Source, bool]]) -> Iterator[Source]:
    """The images without those that a search found again through a link to their folder."""
    files = [(source, searched, _real(source)) for source, searched in listed]
    direct = {real: _spelled(source) for source, _, real in reversed(files) if real is not None}
    direct |= {real: real for source, _, real in files if real is not None and real == _spelled(source)}
    for source, searched, real in files:
        if not searched or real is None or direct[real] == _spelled(source):
            yield source


def _spelled(source: Source) -> str:
    """The path from the root as it was named, links left as they are."""
    return os.path.abspath(str(source.path))  # noqa: PTH100  (`resolve` would follow them)


def _real(source: Source) -> str | None:
    """Where a file of its own lies, once links to folders are resolved; the file itself may be a link."""
    if source.path is None or source.span is not None:
        return None
    return os.path.join(os.path.realpath(source.path.parent), source.path.name)  # noqa: PTH118  (a text, as above)


def _is_lost(path: str | Path) -> bool:
    if not str(path).strip() or os.path.lexists(path):
        return False
    return not glob.has_magic(str(path)) and (isinstance(path, Path) or scheme_of(path) is None)


def _unique(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Each source once, in order of first mention."""
    seen: dict[str, Source] = {}
    for source in sources:
        if seen.setdefault(source.name, source) != source:
            raise UsageError(f"two images are named {source.name!r}: give them different names")
    return tuple(seen.values())
