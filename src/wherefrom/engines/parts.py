"""Parts of the output: files of rows, written whole or not at all, and what a folder of them holds.

    FOLDER/rows/status=scored/NAME.parquet      every row without an error; never written again
    FOLDER/rows/status=failed/NAME.parquet      of images with an error, which a later run may ask about again

The rows of one image are always in one file.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from wherefrom.core.errors import StoreError
from wherefrom.engines.folders import ROWS, Folder
from wherefrom.engines.tasks import Row

__all__ = [
    "FAILED",
    "KEY",
    "SCORED",
    "alone",
    "chunks_in",
    "clear_unfinished",
    "is_alone",
    "keep_only",
    "keys_in",
    "name_of",
    "write_rows",
]

SCORED: Final = "status=scored"
"""The folder of rows without an error, as Hive partitions are named;"""
FAILED: Final = "status=failed"
"""... and of rows of images with one."""
KEY: Final = "key"
"""The column that tells images apart: see `wherefrom.engines.keys`."""
_SUFFIX: Final = ".parquet"
_ALONE: Final = b"wherefrom.alone"


def name_of(status: str, chunk: str) -> str:
    """The file of the rows of one status of a chunk, by its path in the folder.

    Args:
        status: `SCORED` or `FAILED`.
        chunk: its name.
    """
    return f"{ROWS}/{status}/{chunk}{_SUFFIX}"


def write_rows(folder: Folder, name: str, rows: Sequence[Row] | Any, schema: Any) -> None:
    """Write rows as Parquet, compressed by Zstandard, whole or not at all.

    Args:
        folder: where to.
        name: of the file; see `name_of`.
        rows: by column, or a `pyarrow.Table`.
        schema: of the rows.

    Raises:
        StoreError: when it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=schema)
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    folder.write(name, file.getvalue())


def alone(schema: Any) -> Any:
    """The schema of failed rows of a chunk of which no image was scored: no other file has to say that all is there.

    Args:
        schema: of the rows.
    """
    return schema.with_metadata({**(schema.metadata or {}), _ALONE: b"yes"})


def is_alone(folder: Folder, name: str) -> bool:
    """Whether failed rows are all that there is of their chunk.

    Args:
        folder: of the part.
        name: of its file.

    Raises:
        StoreError: when it is no whole part.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with folder.open(name) as file:
            return _ALONE in (pq.read_schema(file).metadata or {})
    except (OSError, pa.ArrowException) as error:
        raise _no_part(folder, name, error) from error


def _no_part(folder: Folder, name: str, error: Exception) -> StoreError:
    return StoreError(f"{folder}/{name} is no whole part of rows ({error}): remove it, and its images are asked again")


def chunks_in(folder: Folder, status: str) -> Iterator[str]:
    """The names of the chunks that have rows of one status, sorted. Files that are being written are hidden.

    Args:
        folder: of the job.
        status: `SCORED` or `FAILED`.

    Raises:
        StoreError: when the folder cannot be listed.
    """
    for name in map(PurePosixPath, folder.names(f"{ROWS}/{status}")):
        if name.suffix == _SUFFIX and not name.name.startswith("."):
            yield name.stem


def keys_in(folder: Folder, name: str) -> list[bytes]:
    """The keys of the images in a file, each once, in order.

    Args:
        folder: of the part.
        name: of its file.

    Raises:
        StoreError: when it is no whole part.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with folder.open(name) as opened, pq.ParquetFile(opened) as file:
            column = file.read(columns=[KEY]).column(KEY)
    except (OSError, KeyError, pa.ArrowException) as error:
        raise _no_part(folder, name, error) from error
    return list(dict.fromkeys(column.to_pylist()))


def keep_only(folder: Folder, name: str, keys: Collection[bytes]) -> None:
    """Take rows out of a part; a part without any is removed.

    Args:
        folder: of the part.
        name: of its file.
        keys: of the images whose rows stay.

    Raises:
        StoreError: when it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with folder.open(name) as opened, pq.ParquetFile(opened) as file:
        table = file.read()
    wanted = pa.array(list(keys), table.schema.field(KEY).type)
    left = table.filter(pc.is_in(table.column(KEY), value_set=wanted))
    if left.num_rows:
        write_rows(folder, name, left, table.schema)
    else:
        folder.remove(name)


def clear_unfinished(folder: Folder) -> None:
    """Remove what a process was writing when it ended. To be called while nobody writes.

    Args:
        folder: of the job.
    """
    for status in (SCORED, FAILED):
        folder.clear_unfinished(f"{ROWS}/{status}")
