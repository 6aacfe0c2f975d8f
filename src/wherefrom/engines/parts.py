"""Parts of the output: files of rows, written whole or not at all, and what a folder of them holds.

    FOLDER/status=scored/NAME.parquet      every row without an error; never written again
    FOLDER/status=failed/NAME.parquet      of images with an error, which a later run may ask about again

The rows of one image are always in one file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import StoreError
from wherefrom.core.files import replacing
from wherefrom.engines.tasks import Row

__all__ = [
    "FAILED",
    "KEY",
    "SCORED",
    "alone",
    "clear_unfinished",
    "is_alone",
    "keep_only",
    "keys_in",
    "parts_in",
    "path_of",
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


def path_of(rows: Path, status: str, name: str) -> Path:
    """Where the rows of one status of a chunk are.

    Args:
        rows: the folder of the rows.
        status: `SCORED` or `FAILED`.
        name: of the chunk.
    """
    return rows / status / f"{name}{_SUFFIX}"


def write_rows(path: Path, rows: Sequence[Row] | Any, schema: Any) -> None:
    """Write rows as Parquet, compressed by Zstandard, whole or not at all.

    Args:
        path: of the file; its folder is made.
        rows: by column, or a `pyarrow.Table`.
        schema: of the rows.

    Raises:
        StoreError: when it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=schema)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as place:
            pq.write_table(table, place, compression="zstd")
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


def alone(schema: Any) -> Any:
    """The schema of failed rows of a chunk of which no image was scored: no other file has to say that all is there.

    Args:
        schema: of the rows.
    """
    return schema.with_metadata({**(schema.metadata or {}), _ALONE: b"yes"})


def is_alone(path: Path) -> bool:
    """Whether failed rows are all that there is of their chunk.

    Args:
        path: of a part.

    Raises:
        StoreError: when it is no whole part.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return _ALONE in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException) as error:
        raise _no_part(path, error) from error


def _no_part(path: Path, error: Exception) -> StoreError:
    return StoreError(f"{path} is no whole part of rows ({error}): remove it, and its images are asked again")


def parts_in(folder: Path) -> Iterator[Path]:
    """The files of one status, sorted by name; none where there is no folder. Files that are being written are hidden.

    Args:
        folder: `SCORED` or `FAILED` in the folder of the rows.
    """
    if folder.is_dir():
        yield from sorted(path for path in folder.glob(f"*{_SUFFIX}") if not path.name.startswith("."))


def keys_in(path: Path) -> list[bytes]:
    """The keys of the images in a file, each once, in order.

    Args:
        path: of a part.

    Raises:
        StoreError: when it is no whole part.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            column = file.read(columns=[KEY]).column(KEY)
    except (OSError, KeyError, pa.ArrowException) as error:
        raise _no_part(path, error) from error
    return list(dict.fromkeys(column.to_pylist()))


def keep_only(path: Path, keys: Collection[bytes]) -> None:
    """Take rows out of a part; a part without any is removed.

    Args:
        path: of the part.
        keys: of the images whose rows stay.

    Raises:
        StoreError: when it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read()
    wanted = pa.array(list(keys), table.schema.field(KEY).type)
    left = table.filter(pc.is_in(table.column(KEY), value_set=wanted))
    if left.num_rows:
        write_rows(path, left, table.schema)
    else:
        path.unlink()


def clear_unfinished(rows: Path) -> None:
    """Remove what a process was writing when it ended. To be called while nobody writes.

    Args:
        rows: the folder of the rows.
    """
    for status in (SCORED, FAILED):
        for path in (rows / status).glob(f".*.partial{_SUFFIX}"):
            path.unlink(missing_ok=True)
