"""Score tables as Parquet: one column a fact and a score, the cards in the schema's metadata. Imported when touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import ProfileError
from wherefrom.core.tables import parquet_column, write_parquet
from wherefrom.records._parsing import AGAIN, check_header, parse, place_of
from wherefrom.records._stored import Facts, Size
from wherefrom.records._tables import TABLE, head_of, known_beside, table_of
from wherefrom.records.rows import PREFIX, SIZE, Beside
from wherefrom.records.table import ScoreTable

__all__ = ["read", "write"]

_KEY: Final = b"wherefrom"
_TYPES: Final = {
    "name": pa.string(),
    "error": pa.string(),
    "file_digest": pa.string(),
    "pixel_digest": pa.string(),
    "bytes": pa.int64(),
    "format": pa.string(),
    "width": pa.int64(),
    "height": pa.int64(),
    "orientation": pa.int64(),
    "jpeg_quality": pa.float64(),
    "jpeg_tables": pa.list_(pa.list_(pa.int64())),
    "lossy": pa.bool_(),
    "changes": pa.list_(pa.string()),
    "scored_digest": pa.string(),
    "origin": pa.string(),
    "origin_decoder": pa.string(),
    "jpeg_grid": pa.bool_(),
    "appearance": pa.struct(
        {"code": pa.string(), "brightness": pa.float64(), "contrast": pa.float64(), "content": pa.float64()}
    ),
    "trailing_bytes": pa.int64(),
}
_LATER: Final = ("scored_digest", "origin", "origin_decoder", "jpeg_grid", "appearance", "trailing_bytes")
"""Columns that files of earlier versions lack."""
_FACTS: Final = TypeAdapter(tuple[Facts, ...])
_SIZES: Final = TypeAdapter(tuple[Size, ...])


def write(table: ScoreTable, path: Path, beside: Beside) -> None:
    """Write a table; scores are columns `score.NAME`, and what is known beside it further columns.

    Args:
        table: to write.
        path: replaced when it exists.
        beside: what else the file says of an image, by its name.
    """
    rows = _FACTS.dump_python(table.images, mode="json")
    columns: dict[str, Any] = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in _TYPES.items()}
    for place, name in enumerate(SIZE):
        columns[name] = pa.array([None if size is None else size[place] for size in table.sizes], pa.int64())
    columns |= {PREFIX + name: pa.array(table.scores[name], pa.float64()) for name in table.scores.names}
    known = known_beside(table, beside)
    columns |= {
        key: parquet_column([row.get(key) for row in known])
        for key in dict.fromkeys(key for row in known for key in row)
    }
    metadata = {_KEY.decode(): json.dumps(head_of(table), allow_nan=False)}
    write_parquet(path, columns, metadata=metadata)


def read(path: Path) -> ScoreTable:
    """The table that `write` wrote.

    Args:
        path: of the file.

    Raises:
        ProfileError: when it is no Parquet file, or not one of ours, or damaged.
    """
    try:
        arrow = pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ProfileError(f"no whole Parquet file ({error}): {AGAIN}") from error
    head = (arrow.schema.metadata or {}).get(_KEY)
    if head is None:
        raise ProfileError("its metadata has no cards of wherefrom: it was written by another program")
    check_header(head, "table")
    return _table(head, arrow)


def _table(head: bytes, arrow: Any) -> ScoreTable:
    stored = parse(TABLE, head)
    try:
        there = [name for name in _TYPES if name not in _LATER or name in arrow.column_names]
        images = _FACTS.validate_python(arrow.select(there).to_pylist())
        pairs = zip(*(arrow.column(name).to_pylist() for name in SIZE), strict=True)
        sizes = _SIZES.validate_python([None if pair == (None, None) else pair for pair in pairs])
        scores = {name: _score(arrow, PREFIX + name) for name in stored.columns}
    except ValidationError as error:
        raise ProfileError(place_of(error)) from error
    except (pa.ArrowException, KeyError) as error:
        raise ProfileError(f"a column is missing or of another type ({error}): {AGAIN}") from error
    return replace(table_of(stored, ()), images=images, sizes=sizes, scores=Scores(scores))


def _score(arrow: Any, name: str) -> Vector:
    column = arrow.column(name)
    if column.type != pa.float64():
        raise ProfileError(f"at column {name}: of type {column.type}, not double: {AGAIN}")
    values: Vector = column.to_numpy()
    return values
