"""Tables as files, each written whole or not at all: CSV that no spreadsheet computes, JSON lines, Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wherefrom.core.cells import guarded
from wherefrom.core.files import replacing
from wherefrom.core.plain import plain

__all__ = ["parquet_column", "write_csv", "write_json_lines", "write_parquet"]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table as CSV with a header; a text that a spreadsheet could compute is guarded by an apostrophe.

    Args:
        path: the file; replaced if it exists. Its folder must exist.
        columns: their names, in order.
        rows: of cells, one a column; None is an empty cell.

    Raises:
        OSError: when it cannot be written.
    """
    with replacing(path) as place, place.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        for row in (columns, *rows):
            writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])


def write_json_lines(path: Path, rows: Iterable[Any]) -> None:
    """Write values as JSON, each on a line of its own; NaN and infinities become null.

    Args:
        path: the file; replaced if it exists. Its folder must exist.
        rows: dictionaries, or dataclasses, whose fields are named.

    Raises:
        OSError: when it cannot be written.
    """
    with replacing(path) as place, place.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(plain(row), allow_nan=False, separators=(",", ":")) + "\n" for row in rows)


def write_parquet(path: Path, columns: Mapping[str, Any], *, metadata: Mapping[str, str]) -> None:
    """Write a table as Parquet.

    Args:
        path: the file; replaced if it exists. Its folder must exist.
        columns: arrays of pyarrow by the column's name, all of one length; see `parquet_column`.
        metadata: texts by keyword, kept in the schema.

    Raises:
        OSError: when it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with replacing(path) as place:
        pq.write_table(pa.table(dict(columns)).replace_schema_metadata(dict(metadata)), place)


def parquet_column(values: Sequence[Any]) -> Any:
    """Values as a column of one type: their own where they share one, else text.

    Args:
        values: plain values; None is a missing one.
    """
    import pyarrow as pa

    try:
        column = pa.array(values)
    except pa.ArrowException:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
