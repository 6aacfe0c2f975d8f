"""Paths to sources: folders, globs, manifests and archives are listed here, and no image is read."""

from __future__ import annotations

import csv
import glob
import json
import os
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from wherefrom.core.cells import unguarded
from wherefrom.core.errors import UsageError
from wherefrom.images.files import Cell, Source, printable

__all__ = ["SUFFIXES", "OnMessage", "expand"]

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".tif", ".tiff"}
    | {".bmp", ".dib", ".gif", ".avif", ".heic", ".heif"}
)
"""Suffixes, in lower case, of what is taken from a folder or an archive. A file named by itself may have any."""
OnMessage = Callable[[str], None]
_KINDS = 5  # suffixes or names that are said one by one


def _ignore(_: str) -> None:
    """Where nobody listens."""


Lister = Callable[[Path, OnMessage], Iterator[Source]]


def expand(path: str | Path | Source, on_message: OnMessage = _ignore) -> Iterable[Source]:
    """What one argument stands for.

    Args:
        path: the argument.
        on_message: called with a sentence on what is left out of it and why, and on listed files that are not there.

    Raises:
        UsageError: when it stands for nothing, or what it lists cannot be read.
    """
    if isinstance(path, Source):
        return (path,)
    if not str(path).strip():
        raise UsageError(f"{str(path)!r} is no path: name an image or a folder, and . for this folder")
    place = Path(path)
    lister = _LISTERS.get(place.suffix.lower())
    if os.path.lexists(place):
        if os.path.isdir(place) and not _is_image(place.name):  # noqa: PTH112  (never raises, whatever the name)
            return _folder(place, on_message)
        if not place.exists():
            raise UsageError(f"{printable(path)} is a link to what is not there: {printable(os.readlink(place))}")  # noqa: PTH115  (a `str`)
        return _listed(place, lister, on_message) if lister else (Source(name=printable(path), path=place),)
    if glob.has_magic(str(path)):
        return _glob(str(path), on_message)
    raise UsageError(f"no such file or folder: {printable(path)}")


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _glob(pattern: str, on_message: OnMessage) -> list[Source]:
    """Every match as if it had been named itself, sorted."""
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  (keeps the path as it was given)
    if not matches:
        raise UsageError(f"no file matches {pattern!r}")
    return [source for match in matches for source in expand(match, on_message)]


def _folder(folder: Path, on_message: OnMessage) -> list[Source]:
    """Every entry below a folder that is named like an image, sorted by path; hidden ones are left out."""
    passed = _LeftOut()
    images = sorted(_walk(folder, passed), key=lambda path: path.parts)
    left_out = passed.words()
    if not images:
        raise UsageError(
            f"no image in the folder {printable(folder)}: looked for {' '.join(sorted(SUFFIXES))}"
            + (f", and left out {left_out}" if left_out else "")
        )
    if left_out:
        on_message(
            f"left out of the folder {printable(folder)}: {left_out}; a file named by itself may be called anything"
        )
    return [Source(name=printable(path), path=path) for path in images]


@dataclass(slots=True)
class _LeftOut:
    """What a folder or archive holds that is not taken, counted by the reason."""

    hidden: int = 0
    other: Counter[str] = field(default_factory=Counter)

    def take(self, name: str) -> bool:
        """Whether an entry of this name is taken; counts those that are not."""
        if name.startswith("."):
            self.hidden += 1
            return False
        if not _is_image(name):
            self.other[PurePosixPath(name).suffix.lower()] += 1
            return False
        return True

    def words(self) -> str:
        """How many, and why; nothing where nothing was passed over."""
        reasons = [f"{self.hidden} hidden (the name starts with a dot)"] if self.hidden else []
        reasons += [f"{self.other['']} without a suffix"] if self.other[""] else []
        others = sorted((suffix, count) for suffix, count in self.other.items() if suffix)
        if others:
            kinds = ", ".join(f"{suffix} {count}" for suffix, count in others[:_KINDS])
            more = ", ..." if len(others) > _KINDS else ""
            total = sum(count for _, count in others)
            reasons.append(f"{total} with a suffix that is no image's ({kinds}{more})")
        return ", ".join(reasons)


def _walk(folder: Path, passed: _LeftOut) -> Iterator[Path]:
    """Entries named like images, links to folders followed, none entered twice, this one included."""
    entered: set[tuple[int, int]] = set()
    _first_visit(folder, entered)
    for here, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
        named = [name for name in folders if _is_image(name) and not name.startswith(".")]
        named += [name for name in files if passed.take(name)]
        yield from (Path(here, name) for name in named)
        passed.hidden += sum(name.startswith(".") for name in folders)
        folders[:] = [name for name in folders if not (name.startswith(".") or _is_image(name))]
        folders[:] = [name for name in folders if _first_visit(Path(here, name), entered)]


def _first_visit(folder: Path, entered: set[tuple[int, int]]) -> bool:
    """Whether a folder was not entered before, by another link or in a loop of links."""
    status = folder.stat()
    key = (status.st_dev, status.st_ino)
    fresh = key not in entered
    entered.add(key)
    return fresh


def _refuse(error: OSError) -> None:
    raise UsageError(f"the folder {printable(error.filename)} cannot be listed: {error.strerror}") from error


def _listed(path: Path, lister: Lister, on_message: OnMessage) -> list[Source]:
    """What a manifest or archive lists."""
    if not path.is_file():
        raise UsageError(f"{printable(path)} is not a regular file")
    try:
        sources = list(lister(path, on_message))
    except (OSError, tarfile.TarError, UnicodeDecodeError, csv.Error, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{printable(path)} cannot be read: {error}") from error
    if not sources:
        raise UsageError(f"{printable(path)} lists no image")
    lost = [source.name for source in sources if source.path is not None and not source.path.exists()]
    if lost:
        named = ", ".join(lost[:_KINDS]) + (", ..." if len(lost) > _KINDS else "")
        on_message(f"{len(lost)} of {len(sources)} files that {printable(path)} lists are not there: {named}")
    return sources


def _tar(path: Path, on_message: OnMessage) -> Iterator[Source]:
    """Members named like images, each by its offset; members of one name are told apart by `#2`, `#3` and so on."""
    counts: dict[str, int] = {}
    passed = _LeftOut()
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            if not member.isfile() or not passed.take(PurePosixPath(member.name).name):
                continue
            if member.issparse():
                raise UsageError(f"{printable(path)}: {member.name} is stored sparse: repack without --sparse")
            counts[member.name] = counts.get(member.name, 0) + 1
            count = counts[member.name]
            label = printable(member.name if count == 1 else f"{member.name}#{count}")
            span = (member.offset_data, member.size)
            yield Source(name=f"{printable(path)}/{label}", path=path, span=span, member=label)
    if passed.words():
        on_message(f"left out of {printable(path)}: {passed.words()}")


def _csv(path: Path, _: OnMessage) -> Iterator[Source]:
    """Rows of a CSV with a header; an apostrophe that guards a text against spreadsheets is taken off."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, strict=True)
        if "path" not in (rows.fieldnames or ()):
            _no_path_column(path, rows.fieldnames or ())
        for row in rows:
            yield _entry(path, f"line {rows.line_num}", {key: _text(value) for key, value in row.items()})


def _text(cell: Any) -> Any:
    return unguarded(cell) if isinstance(cell, str) else cell


def _jsonl(path: Path, _: OnMessage) -> Iterator[Source]:
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
            if number == 1 and row.get("wherefrom") == "table":
                continue  # the head of a table of scores
            if "path" not in row:
                _no_path_column(path, row)
            yield _entry(path, f"line {number}", row)


def _parquet(path: Path, _: OnMessage) -> Iterator[Source]:
    """Rows of a Parquet file; columns that hold lists, objects or bytes are not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if "path" not in names:
                _no_path_column(path, names)
            columns = [column.name for column in file.schema_arrow if _is_cell(column.type)]
            rows = file.read(columns=columns).to_pylist()
    except pa.ArrowException as error:
        raise UsageError(f"{printable(path)} cannot be read: {error}") from error
    for number, row in enumerate(rows, start=1):
        yield _entry(path, f"row {number}", row)


def _no_path_column(path: Path, names: Iterable[str]) -> None:
    raise UsageError(f"{printable(path)} has no column `path`, only {', '.join(map(repr, names)) or 'nothing'}")


def _is_cell(kind: Any) -> bool:
    """Whether a Parquet column's type is text, a number, yes or no: what a cell of a table can be."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    is_text = types.is_string(kind) or types.is_large_string(kind)
    return bool(is_text or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))


def _entry(manifest: Path, where: str, row: Mapping[str, Any]) -> Source:
    """A row of a manifest; its path is relative to the manifest. What else it says is kept with the image."""
    value, name = row["path"], row.get("name")
    if not isinstance(value, str) or not value:
        raise UsageError(f"{printable(manifest)}, {where}: `path` is {value!r}, need a file's path")
    if name is not None and not isinstance(name, str):
        raise UsageError(f"{printable(manifest)}, {where}: `name` is {name!r}, need text")
    place = manifest.parent / value
    columns = {key: cell for key, cell in _cells(row) if key not in ("path", "name")}
    archive = next((above for above in place.parents if above.suffix.lower() == ".tar"), None)
    if archive is None or place.exists() or not archive.is_file():
        return Source(name=printable(name or place), path=place, columns=columns)
    members = _members(archive, archive.stat().st_mtime_ns)
    inside = printable(place.relative_to(archive).as_posix())
    if inside not in members:
        raise UsageError(f"{printable(manifest)}, {where}: {printable(archive)} has no image {inside!r}")
    return replace(members[inside], name=printable(name or place), columns=columns)


def _cells(row: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    """The cells of a row that a table can hold; an object `more` stands for the cells in it."""
    for key, cell in row.items():
        if key == "more" and isinstance(cell, dict):
            yield from _cells(cell)
        elif key and (cell is None or isinstance(cell, str | int | float)):
            yield key, cell


@lru_cache(maxsize=4)
def _members(archive: Path, _: int) -> Mapping[str, Source]:
    """The images of an archive by their names in it; read again when the archive changed."""
    return {str(source.member): source for source in _listed(archive, _tar, _ignore)}


_LISTERS: Mapping[str, Lister] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
    ".tar": _tar,
}
