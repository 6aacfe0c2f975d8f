"""Tables that hold the images themselves: a column of bytes in Parquet or Arrow, as of Hugging Face's `datasets`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.collections.cells import cells, is_cell
from wherefrom.images.collections.manifests import PATH, list_rows
from wherefrom.images.collections.names import SUFFIXES
from wherefrom.images.collections.places import Listing, LocalPlace, Place
from wherefrom.images.files import Source, printable, way_to_raise

__all__ = ["Cell", "list_arrow", "list_parquet"]

_ROWS: Final = 4096  # of which what is said is in memory at a time


@dataclass(frozen=True, slots=True)
class Cell:
    """Where the bytes of an image are: a cell of a table.

    The part of the table that it is in is read whole, and the two last read ones are kept; rows are asked for in order.

    Attributes:
        place: of the file.
        column: that holds images.
        part: the row group of a Parquet file, or 0 of an Arrow file.
        row: in this part.
        number: in the whole file, from 0.
    """

    place: Place
    column: str
    part: int
    row: int
    number: int

    def __str__(self) -> str:
        """The file, the row and the column."""
        return f"{self.place}/{self.number}/{self.column}"

    def read(self, max_bytes: int) -> bytes:
        """The bytes of the cell.

        Args:
            max_bytes: the limit.

        Raises:
            ImageError: when there are none, they cannot be read, or are over the limit.
        """
        import pyarrow as pa

        try:
            cell = _column(self.place, self.column, self.part)[self.row]
        except (OSError, pa.ArrowException, IndexError) as error:
            raise ImageError(f"row {self.number} of {self.place} cannot be read: {error}") from error
        within = cell
        if pa.types.is_struct(cell.type) and cell.is_valid:
            within = cell["bytes"]
        if not within.is_valid:
            raise ImageError(f"row {self.number} of {self.place} holds no image{_only_path(cell)}")
        data = within.as_buffer()
        if data.size > max_bytes:
            way_out = way_to_raise("max_bytes", data.size)
            raise ImageError(f"{data.size:,} bytes are over the limit of {max_bytes:,} bytes: {way_out}")
        return bytes(data.to_pybytes())


def _only_path(cell: Any) -> str:
    """What a row has in place of bytes, where it has something."""
    value = cell.as_py()
    if not isinstance(value, dict) or not value.get("path"):
        return ""
    return (
        f", only the path {printable(value['path'])!r}: give a manifest with a column `path` of these files, or write"
        " the table with its images embedded"
    )


@lru_cache(maxsize=2)
def _column(place: Place, column: str, part: int) -> Any:
    """The images of one part of a table."""
    import pyarrow.parquet as pq

    if place.suffix == ".arrow":
        assert isinstance(place, LocalPlace)
        return _arrow_table(place).column(column)
    with place.open() as file, pq.ParquetFile(file) as table:
        return table.read_row_group(part, columns=[column]).column(column)


def list_parquet(place: Place, listing: Listing) -> Iterator[Source]:
    """Rows of a Parquet file: a manifest where it has a column `path`, else the images of a column that holds them.

    Args:
        place: of the file.
        listing: which column is meant, where there are several, and which addresses a manifest's paths may be.

    Raises:
        UsageError: when it has neither, or several columns with images.
        OSError: when it cannot be read.
    """
    import pyarrow.parquet as pq

    with _explained(place), place.open() as opened, pq.ParquetFile(opened) as file:
        schema = file.schema_arrow
        if listing.column is None and PATH in schema.names and is_cell(schema.field(PATH).type):
            yield from list_rows(place, file, listing)
            return
        column = _image_column(place, schema, listing)
        beside = [each.name for each in schema if each.name != column and is_cell(each.type)]
        number = 0
        for part in range(file.num_row_groups):
            row = 0
            for batch in file.iter_batches(batch_size=_ROWS, row_groups=[part], columns=beside):
                for given in _rows(batch, beside):
                    yield _image(Cell(place, column, part, row, number), given)
                    row, number = row + 1, number + 1


def list_arrow(place: Place, listing: Listing) -> Iterator[Source]:
    """The images of a column of an Arrow file, in either of its forms, as `datasets` keeps them on a disk.

    Args:
        place: of the file, on this machine.
        listing: which column is meant, where there are several.

    Raises:
        UsageError: when no column holds images, several do, or the file is not on this machine.
        OSError: when it cannot be read.
    """
    if not isinstance(place, LocalPlace):
        raise UsageError(f"{place} is an Arrow file that is not on this machine: copy it here, or give Parquet")
    with _explained(place):
        table = _arrow_table(place)
        column = _image_column(place, table.schema, listing)
        beside = [each.name for each in table.schema if each.name != column and is_cell(each.type)]
        number = 0
        for batch in table.select(beside or [column]).to_batches(max_chunksize=_ROWS):
            for given in _rows(batch, beside):
                yield _image(Cell(place, column, 0, number, number), given)
                number += 1


def _image(cell: Cell, given: dict[str, Any]) -> Source:
    """A row's image; a column `name` names it."""
    name = given.pop("name", None)
    named = name if isinstance(name, str) and name else f"{cell.place}/{cell.number}"
    return Source(name=printable(named), locator=cell, columns=given)


def _rows(batch: Any, beside: list[str]) -> Iterator[dict[str, Any]]:
    """What a batch says of its images beside them."""
    if not beside:
        yield from ({} for _ in range(batch.num_rows))
        return
    for row in batch.to_pylist():
        yield dict(cells(row))


def _image_column(place: Place, schema: Any, listing: Listing) -> str:
    """The column that holds images: the one that was named, or the only one there is."""
    found = [each.name for each in schema if _holds_images(each, _image_features(schema))]
    if listing.column is not None:
        if listing.column not in schema.names:
            there = ", ".join(map(repr, schema.names))
            raise UsageError(f"{place} has no column {listing.column!r}, only {there}")
        if not _is_bytes(schema.field(listing.column).type):
            raise UsageError(f"{place}: the column {listing.column!r} holds no bytes")
        return listing.column
    if len(found) == 1:
        return str(found[0])
    there = ", ".join(map(repr, schema.names)) or "nothing"
    if found:
        many = ", ".join(map(repr, found))
        raise UsageError(f"{place} has several columns of images, {many}: name one by --image-column")
    raise UsageError(
        f"{place} has no column `path`, only {there}, and none of them is known to hold images: name one by"
        " --image-column"
    )


def _image_features(schema: Any) -> frozenset[str]:
    """The columns that `datasets` says are images."""
    try:
        said = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = said.get("info", {}).get("features", {})
        return frozenset(name for name, kind in features.items() if kind.get("_type") == "Image")
    except (ValueError, AttributeError):
        return frozenset()


def _holds_images(field: Any, stated: frozenset[str]) -> bool:
    """Whether a column holds images: it says so, has the form of `datasets`, or is named like a suffix, as `jpg`."""
    import pyarrow.types as types

    if not _is_bytes(field.type):
        return False
    return field.name in stated or types.is_struct(field.type) or f".{field.name}" in SUFFIXES


def _is_bytes(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_struct(kind):
        return any(child.name == "bytes" and _is_bytes(child.type) for child in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


@lru_cache(maxsize=2)
def _arrow_table(place: LocalPlace) -> Any:
    """An Arrow file, mapped into memory and not read."""
    import pyarrow as pa

    mapped = pa.memory_map(str(place.path))
    try:
        return pa.ipc.open_file(mapped).read_all()
    except pa.ArrowInvalid:
        mapped.seek(0)
        return pa.ipc.open_stream(mapped).read_all()


@contextmanager
def _explained(place: Place) -> Iterator[None]:
    """Arrow's errors as one of the file's."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise UsageError(f"{place} cannot be read: {error}") from error
