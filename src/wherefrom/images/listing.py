"""Paths to sources, one after another: folders, globs, manifests, archives and tables; no image is read."""

from __future__ import annotations

import csv
import glob
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wherefrom.core.errors import UsageError
from wherefrom.images.collections.addresses import list_address, scheme_of
from wherefrom.images.collections.archives import list_tar
from wherefrom.images.collections.layouts import layout_of
from wherefrom.images.collections.manifests import list_csv, list_json_lines
from wherefrom.images.collections.names import SUFFIXES, Passed, is_image
from wherefrom.images.collections.places import Lister, Listing, LocalPlace, Place
from wherefrom.images.collections.tables import list_arrow, list_parquet
from wherefrom.images.files import Source, printable

__all__ = ["expand"]

_NAMED: Final = 5  # files that are not there, said one by one
_LISTERS: Final[Mapping[str, Lister]] = {
    ".arrow": list_arrow,
    ".csv": list_csv,
    ".jsonl": list_json_lines,
    ".parquet": list_parquet,
    ".tar": list_tar,
}


def expand(path: str | Path | Source, listing: Listing, *, check: bool = False) -> Iterator[Source]:
    """The images that one argument stands for, in order, listed as they are asked for.

    Args:
        path: the argument.
        listing: how: who is told what is left out, a sentence a folder or archive, and what may be followed.
        check: whether it is said too which listed files are not there; each is looked for.

    Raises:
        UsageError: when it stands for nothing, or what it lists cannot be read.
    """
    if isinstance(path, Source):
        yield path
        return
    if not str(path).strip():
        raise UsageError(f"{str(path)!r} is no path: name an image or a folder, and . for this folder")
    place = Path(path)
    if os.path.lexists(place):
        yield from _there(path, place, listing, check=check)
    elif isinstance(path, str) and scheme_of(path) is not None:
        for address in list_address(path, listing):
            lister = _LISTERS.get(address.suffix)
            if lister:
                yield from _listed(address, lister, listing, check=False)
            else:
                yield address.source(name=str(address), columns={})
    elif glob.has_magic(str(path)):
        yield from _glob(str(path), listing, check=check)
    else:
        raise UsageError(f"no such file or folder: {printable(path)}")


def _there(path: str | Path, place: Path, listing: Listing, *, check: bool) -> Iterator[Source]:
    """What a path on this machine stands for."""
    if os.path.isdir(place) and not is_image(place.name):  # noqa: PTH112  (never raises, whatever the name)
        layout = layout_of(place)
        if layout is None:
            yield from _folder(place, listing)
        else:
            yield from _listed(LocalPlace(place), layout, listing, check=check)
        return
    if not place.exists():
        raise UsageError(f"{printable(path)} is a link to what is not there: {printable(os.readlink(place))}")  # noqa: PTH115  (a `str`)
    lister = _LISTERS.get(place.suffix.lower())
    if lister is None:
        yield Source(name=printable(path), path=place)
        return
    if not place.is_file():
        raise UsageError(f"{printable(path)} is not a regular file")
    yield from _listed(LocalPlace(place), lister, listing, check=check)


def _glob(pattern: str, listing: Listing, *, check: bool) -> Iterator[Source]:
    """Every match as if it had been named itself, sorted."""
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  (keeps the path as it was given)
    if not matches:
        raise UsageError(f"no file matches {pattern!r}")
    for match in matches:
        yield from expand(match, listing, check=check)


def _folder(folder: Path, listing: Listing) -> Iterator[Source]:
    """Every entry below a folder that is named like an image, sorted by path; hidden ones are left out."""
    passed, found = Passed(), False
    for path in _walk(folder, passed):
        found = True
        yield Source(name=printable(path), path=path)
    left_out = passed.words()
    if not found:
        raise UsageError(
            f"no image in the folder {printable(folder)}: looked for {' '.join(sorted(SUFFIXES))}"
            + (f", and left out {left_out}" if left_out else "")
        )
    if left_out:
        listing.on_message(
            f"left out of the folder {printable(folder)}: {left_out}; a file named by itself may be called anything"
        )


def _walk(folder: Path, passed: Passed) -> Iterator[Path]:
    """Entries named like images, links to folders followed, none entered twice, this one included."""
    entered: set[tuple[int, int]] = set()
    _first_visit(folder, entered)
    open_folders = [iter(_entries(folder, passed, entered))]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif entry.is_folder:
            open_folders.append(iter(_entries(entry.path, passed, entered)))
        else:
            yield entry.path


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    is_folder: bool


def _entries(folder: Path, passed: Passed, entered: set[tuple[int, int]]) -> Iterator[_Entry]:
    """What is taken of one folder, sorted by name: images, and folders that were not entered before."""
    try:
        with os.scandir(folder) as there:
            named = sorted((entry.name, _is_folder(entry)) for entry in there)
    except OSError as error:
        raise UsageError(f"the folder {printable(error.filename)} cannot be listed: {error.strerror}") from error
    taken = []
    for name, is_folder in named:
        path = Path(folder, name)
        if is_folder and name.startswith("."):
            passed.hidden += 1
        elif is_folder and not is_image(name):
            if _first_visit(path, entered):
                taken.append(_Entry(path, is_folder=True))
        elif is_folder or passed.take(name):
            taken.append(_Entry(path, is_folder=False))
    yield from taken


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle, say
        return False


def _first_visit(folder: Path, entered: set[tuple[int, int]]) -> bool:
    """Whether a folder was not entered before, by another link or in a loop of links."""
    status = folder.stat()
    key = (status.st_dev, status.st_ino)
    fresh = key not in entered
    entered.add(key)
    return fresh


def _listed(place: Place, lister: Lister, listing: Listing, *, check: bool) -> Iterator[Source]:
    """What a manifest, an archive, a table or the folder of another program lists."""
    count, lost, names = 0, 0, list[str]()
    try:
        for source in lister(place, listing):
            count += 1
            if check and source.path is not None and not source.path.exists():
                lost += 1
                names += [source.name] if len(names) < _NAMED else []
            yield source
    except (OSError, tarfile.TarError, UnicodeDecodeError, csv.Error, json.JSONDecodeError, RecursionError) as error:
        count += 1
        yield listing.unreadable(str(place), UsageError(f"{place} cannot be read: {_why(error)}"))
    if not count:
        raise UsageError(f"{place} lists no image")
    if lost:
        named = ", ".join(names) + (", ..." if lost > _NAMED else "")
        listing.on_message(f"{lost} of {count} files that {place} lists are not there: {named}")


def _why(error: Exception) -> str:
    """Why a list cannot be read, with the way out where a text is in another encoding."""
    if isinstance(error, UnicodeDecodeError):
        return f"its byte {error.start} is not UTF-8: save it as UTF-8, which spreadsheets call CSV UTF-8"
    return str(error)
