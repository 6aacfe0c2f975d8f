"""Paths to sources: folders, globs, manifests and archives are listed here, and no image is read."""

from __future__ import annotations

import csv
import glob
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from wherefrom.core.cells import unguarded
from wherefrom.core.errors import UsageError
from wherefrom.images._files import Source, printable

__all__ = ["SUFFIXES", "expand"]

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".tif", ".tiff"}
    | {".bmp", ".dib", ".gif", ".avif", ".heic", ".heif"}
)
"""Suffixes, in lower case, of what is taken from a folder or an archive. A file named by itself may have any."""


def expand(path: str | Path | Source) -> Iterable[Source]:
    """What one argument stands for.

    Raises:
        UsageError: when it stands for nothing, or what it lists cannot be read.
    """
    if isinstance(path, Source):
        return (path,)
    place = Path(path)
    lister = _LISTERS.get(place.suffix.lower())
    if os.path.lexists(place):
        if os.path.isdir(place) and not _is_image(place.name):  # noqa: PTH112  (never raises, whatever the name)
            return _folder(place)
        return _listed(place, lister) if lister else (Source(name=printable(path), path=place),)
    if glob.has_magic(str(path)):
        return _glob(str(path))
    if _is_image(place.name):
        return (Source(name=printable(path), path=place),)  # not there: a row with its error, not the end of the run
    raise UsageError(f"no such file or folder: {printable(path)}")


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _glob(pattern: str) -> list[Source]:
    """Every match as if it had been named itself, sorted."""
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  (keeps the path as it was given)
    if not matches:
        raise UsageError(f"no file matches {pattern!r}")
    return [source for match in matches for source in expand(match)]


def _folder(folder: Path) -> list[Source]:
    """Every entry below a folder that is named like an image, sorted by path; hidden ones are left out."""
    found = sorted(_walk(folder), key=lambda path: path.parts)
    if not found:
        raise UsageError(f"no image in the folder {printable(folder)}: looked for {' '.join(sorted(SUFFIXES))}")
    return [Source(name=printable(path), path=path) for path in found]


def _walk(folder: Path) -> Iterator[Path]:
    """Entries named like images, links to folders followed, none entered twice."""
    entered: set[tuple[int, int]] = set()
    for here, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
        named = [name for name in (*folders, *files) if _is_image(name) and not name.startswith(".")]
        yield from (Path(here, name) for name in named)
        folders[:] = [name for name in folders if not (name.startswith(".") or _is_image(name))]
        folders[:] = [name for name in folders if _first_visit(Path(here, name), entered)]


def _first_visit(folder: Path, entered: set[tuple[int, int]]) -> bool:
    """Whether a folder was not entered before, by another link or in a loop of links."""
    found = folder.stat()
    key = (found.st_dev, found.st_ino)
    fresh = key not in entered
    entered.add(key)
    return fresh


def _refuse(error: OSError) -> None:
    raise UsageError(f"the folder {printable(error.filename)} cannot be listed: {error.strerror}") from error


def _listed(path: Path, lister: Callable[[Path], Iterator[Source]]) -> list[Source]:
    """What a manifest or archive lists."""
    if not path.is_file():
        raise UsageError(f"{printable(path)} is not a regular file")
    try:
        sources = list(lister(path))
    except (OSError, tarfile.TarError, UnicodeDecodeError, csv.Error, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{printable(path)} cannot be read: {error}") from error
    if not sources:
        raise UsageError(f"{printable(path)} lists no image")
    return sources


def _tar(path: Path) -> Iterator[Source]:
    """Members named like images, each by its offset; members of one name are told apart by `#2`, `#3` and so on."""
    counts: dict[str, int] = {}
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            base = PurePosixPath(member.name).name
            if not member.isfile() or base.startswith(".") or not _is_image(base):
                continue
            if member.issparse():
                raise UsageError(f"{printable(path)}: {member.name} is stored sparse: repack without --sparse")
            name = printable(f"{path}/{member.name}")
            counts[name] = counts.get(name, 0) + 1
            label = name if counts[name] == 1 else f"{name}#{counts[name]}"
            yield Source(name=label, path=path, span=(member.offset_data, member.size))


def _csv(path: Path) -> Iterator[Source]:
    """Rows of a CSV with a header; an apostrophe that guards a text against spreadsheets is taken off."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, strict=True)
        if "path" not in (rows.fieldnames or ()):
            _no_path_column(path, rows.fieldnames or ())
        for row in rows:
            yield _entry(path, f"line {rows.line_num}", {key: _text(value) for key, value in row.items()})


def _text(cell: Any) -> Any:
    return unguarded(cell) if isinstance(cell, str) else cell


def _jsonl(path: Path) -> Iterator[Source]:
    """One JSON object a line; empty lines are left out."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not isinstance(row, dict):
                raise UsageError(
                    f"{printable(path)}, line {number}: need an object with `path`, got {type(row).__name__}"
                )
            if "path" not in row:
                _no_path_column(path, row)
            yield _entry(path, f"line {number}", row)


def _parquet(path: Path) -> Iterator[Source]:
    """Rows of a Parquet file; columns other than `path` and `name` are not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if "path" not in names:
                _no_path_column(path, names)
            columns = [name for name in ("path", "name") if name in names]
            rows = file.read(columns=columns).to_pylist()
    except pa.ArrowException as error:
        raise UsageError(f"{printable(path)} cannot be read: {error}") from error
    for number, row in enumerate(rows, start=1):
        yield _entry(path, f"row {number}", row)


def _no_path_column(path: Path, names: Iterable[str]) -> None:
    raise UsageError(f"{printable(path)} has no column `path`, only {', '.join(map(repr, names)) or 'nothing'}")


def _entry(manifest: Path, where: str, row: Mapping[str, Any]) -> Source:
    """A row of a manifest; its path is relative to the manifest."""
    value, name = row["path"], row.get("name")
    if not isinstance(value, str) or not value:
        raise UsageError(f"{printable(manifest)}, {where}: `path` is {value!r}, need a file's path")
    if name is not None and not isinstance(name, str):
        raise UsageError(f"{printable(manifest)}, {where}: `name` is {name!r}, need text")
    place = manifest.parent / value
    return Source(name=printable(name or place), path=place)


_LISTERS: Mapping[str, Callable[[Path], Iterator[Source]]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
    ".tar": _tar,
}
