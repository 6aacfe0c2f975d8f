"""Manifests: tables with a column `path`, as CSV, JSON lines or Parquet; read row by row."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NoReturn

from wherefrom.core.cells import unguarded
from wherefrom.core.errors import UsageError
from wherefrom.images.collections.addresses import address_place, scheme_of
from wherefrom.images.collections.archives import list_tar
from wherefrom.images.collections.cells import cells, is_cell
from wherefrom.images.collections.places import Listing, LocalPlace, Place
from wherefrom.images.files import Source, printable

__all__ = ["PATH", "list_csv", "list_json_lines", "list_rows", "no_path_column"]

PATH: Final = "path"
"""The column that says where an image is."""
_TAR: Final = ".tar"
_SEPARATORS: Final = (",", ";", "\t")
_HEADER: Final = 2**20  # characters of a header, at most
_ROWS: Final = 4096  # of a Parquet file that are in memory at a time


def list_csv(place: Place, listing: Listing) -> Iterator[Source]:
    """Rows of a CSV with a header; an apostrophe that guards a text against spreadsheets is taken off.

    Columns are separated by commas, or by what spreadsheets of some countries write: semicolons or tabulators.

    Args:
        place: of the manifest.
        listing: which addresses its paths may be.

    Raises:
        UsageError: when it has no column `path`, or a row has none.
    """
    with place.open() as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        first = text.readline(_HEADER)
        separator = next((each for each in _SEPARATORS if PATH in _cells_of(first, each)), _SEPARATORS[0])
        rows = csv.DictReader(chain([first], text), strict=True, delimiter=separator)
        if PATH not in (rows.fieldnames or ()):
            no_path_column(place, rows.fieldnames or ())
        for row in rows:
            plain = {key: unguarded(cell) if isinstance(cell, str) else cell for key, cell in row.items()}
            yield _entry(place, f"line {rows.line_num}", plain, listing)


def _cells_of(header: str, separator: str) -> list[str]:
    """The names of columns; none where the header goes on in the next line."""
    try:
        return next(csv.reader([header], strict=True, delimiter=separator), [])
    except csv.Error:
        return []


def list_json_lines(place: Place, listing: Listing) -> Iterator[Source]:
    """One JSON object a line; empty lines are left out.

    Args:
        place: of the manifest.
        listing: which addresses its paths may be.

    Raises:
        UsageError: when a line is no object, or has no `path`.
    """
    with place.open() as file, io.TextIOWrapper(file, encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = _object(place, number, line)
            except (UsageError, RecursionError) as error:
                yield listing.unreadable(f"{place}, line {number}", error)
                continue
            if number == 1 and row.get("wherefrom") == "table":
                continue  # the head of a table of scores
            if PATH not in row and number == 1:
                no_path_column(place, row)
            yield _entry(place, f"line {number}", row, listing)


def _object(place: Place, number: int, line: str) -> dict[str, Any]:
    """The object of one line."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{place} cannot be read: line {number}: {error}") from error
    if not isinstance(row, dict):
        raise UsageError(f"{place}, line {number}: need an object with `path`, got {type(row).__name__}")
    return row


def list_rows(place: Place, file: Any, listing: Listing) -> Iterator[Source]:
    """Rows of a Parquet file; columns that hold lists, objects or bytes are not read.

    Args:
        place: of the manifest.
        file: the opened `pyarrow.parquet.ParquetFile`, with a column `path`.
        listing: which addresses its paths may be.

    Raises:
        UsageError: when a row has no path.
    """
    columns = [column.name for column in file.schema_arrow if is_cell(column.type)]
    number = 0
    for batch in file.iter_batches(batch_size=_ROWS, columns=columns):
        for row in batch.to_pylist():
            number += 1
            yield _entry(place, f"row {number}", row, listing)


def no_path_column(place: Place, names: Iterable[str]) -> NoReturn:
    """Refuse a table without a column `path`.

    Args:
        place: of the table.
        names: of its columns.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"{place} has no column `path`, only {', '.join(map(repr, names)) or 'nothing'}")


def _entry(manifest: Place, where: str, row: Mapping[str, Any], listing: Listing) -> Source:
    """The image of a row, or what stands for one that names none."""
    try:
        return _named(manifest, where, row, listing)
    except (UsageError, OSError, tarfile.TarError) as error:
        return listing.unreadable(f"{manifest}, {where}", error)


def _named(manifest: Place, where: str, row: Mapping[str, Any], listing: Listing) -> Source:
    """The image of a row; its path is relative to the manifest. What else the row says is kept with it."""
    if PATH not in row:
        no_path_column(manifest, row)
    value, name = row[PATH], row.get("name")
    if not isinstance(value, str) or not value:
        raise UsageError(f"{manifest}, {where}: `path` is {value!r}, need a file's path")
    if name is not None and not isinstance(name, str):
        raise UsageError(f"{manifest}, {where}: `name` is {name!r}, need text")
    given = {key: cell for key, cell in cells(row) if key not in (PATH, "name")}
    scheme = scheme_of(value)
    if scheme is None:
        place = manifest.beside(value)
    elif scheme in listing.follow:
        place = address_place(value)
    else:
        raise UsageError(
            f"{manifest}, {where}: `path` is an address, {value!r}: allow addresses of this kind in manifests by"
            f" --follow {scheme}, in Python by follow=[{scheme!r}]"
        )
    if isinstance(place, LocalPlace) and _TAR in value.lower():
        inside = _inside_archive(manifest, where, place)
        if inside is not None:
            return replace(inside, name=printable(name or str(place)), columns=given)
    return place.source(name=printable(name or str(place)), columns=given)


def _inside_archive(manifest: Place, where: str, place: LocalPlace) -> Source | None:
    """The member of an archive that `ARCHIVE.tar/MEMBER` stands for; None for a path of no archive's member."""
    path = place.path
    archive = next((above for above in path.parents if above.suffix.lower() == _TAR), None)
    if archive is None or path.exists() or not archive.is_file():
        return None
    members = _members(LocalPlace(archive), archive.stat().st_mtime_ns)
    inside = printable(path.relative_to(archive).as_posix())
    if inside not in members:
        raise UsageError(f"{manifest}, {where}: {printable(archive)} has no image {inside!r}")
    return members[inside]


@lru_cache(maxsize=4)
def _members(archive: LocalPlace, _: int) -> Mapping[str, Source]:
    """The images of an archive by their names in it; read again when the archive changed."""
    return {str(source.member): source for source in list_tar(archive, Listing())}
