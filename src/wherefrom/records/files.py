"""Score tables and profiles as files: JSON, JSON lines, CSV and Parquet by suffix, with a schema number.

A file is written beside its place and moved there, so that a stopped run leaves the old one or the new one. What is
read is checked before anything is believed: a damaged or foreign file is a `ProfileError` with the place. Nothing here
loads pydantic before a file is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from wherefrom.core.errors import ProfileError, UsageError, WherefromError
from wherefrom.core.files import json_bytes, write_json
from wherefrom.records.profile import Profile
from wherefrom.records.rows import FACTS, PREFIX, SIZE, Beside
from wherefrom.records.table import ScoreTable

__all__ = [
    "columns_of",
    "load_profile",
    "load_table",
    "profile_from_bytes",
    "profile_to_bytes",
    "save_profile",
    "save_table",
    "table_from_bytes",
    "table_to_bytes",
]

_TABLES: Final = (".json", ".jsonl", ".parquet")
_FOR_PEOPLE: Final = ".csv"
_PROFILES: Final = (".json",)


def save_table(table: ScoreTable, path: str | Path, *, beside: Beside = MappingProxyType({})) -> None:
    """Write a score table; the suffix says how: `.json`, `.jsonl`, `.parquet`, or `.csv`, which keeps no cards.

    In `.csv` and `.parquet` scores are columns `score.NAME`. In `.csv` a text that a spreadsheet could take for a
    formula starts with an apostrophe; see `wherefrom.core.cells`.

    Args:
        table: to write.
        path: replaced when it exists, whole or not at all.
        beside: what else the file says of an image, by its name: `path`, with which the file is a manifest too, and
            further columns. One that a table has itself is left out.

    Raises:
        UsageError: when the suffix is none of these, or the file cannot be written.
    """
    path = Path(path)
    suffix = _suffix(path, (*_TABLES, _FOR_PEOPLE))
    there = set(columns_of(table))
    more = {name: {key: cell for key, cell in row.items() if key not in there} for name, row in beside.items()}
    with _writing(path):
        _writer(suffix)(table, path, more)


def columns_of(table: ScoreTable) -> tuple[str, ...]:
    """The names of the columns that a file holds of a table by itself."""
    return (*FACTS, *SIZE, *(PREFIX + name for name in table.scores.names), "wherefrom")


def load_table(path: str | Path) -> ScoreTable:
    """The score table that `save_table` wrote, to the last bit.

    Raises:
        UsageError: when the suffix is none of `.json`, `.jsonl`, `.parquet`, or there is no such file.
        ProfileError: when the file is damaged, or of another kind or schema; the message names the place.
    """
    path = Path(path)
    read = _reader(_suffix(path, _TABLES))
    with _reading(path):
        return read(path)


def save_profile(profile: Profile, path: str | Path) -> None:
    """Write a profile as `.json`, its digest included.

    One of images as they were given, and of no other condition, is written as earlier versions did, who can read it.

    Raises:
        UsageError: when the suffix is another, or the file cannot be written.
    """
    path = Path(path)
    _suffix(path, _PROFILES)
    from wherefrom.records._profiles import profile_to_json

    with _writing(path):
        write_json(path, profile_to_json(profile), indent=None)


def load_profile(path: str | Path) -> Profile:
    """The profile that `save_profile` wrote; its digest is worked out again and compared.

    Raises:
        UsageError: when the suffix is not `.json`, or there is no such file.
        ProfileError: when the file is damaged or changed, or of another kind or schema; the message names the place.
    """
    path = Path(path)
    _suffix(path, _PROFILES)
    from wherefrom.records._profiles import profile_from_json

    with _reading(path):
        return profile_from_json(path.read_bytes())


def table_to_bytes(table: ScoreTable) -> bytes:
    """What `save_table` writes to a `.json` file, for whoever keeps it elsewhere than in a file of its own."""
    from wherefrom.records._tables import table_to_json

    return json_bytes(table_to_json(table, {}), indent=None)


def table_from_bytes(data: bytes) -> ScoreTable:
    """The score table of a `.json` file, given the file's bytes.

    Raises:
        ProfileError: as `load_table`; the message does not name the file.
    """
    from wherefrom.records._tables import table_from_json

    return table_from_json(data)


def profile_to_bytes(profile: Profile) -> bytes:
    """What `save_profile` writes."""
    from wherefrom.records._profiles import profile_to_json

    return json_bytes(profile_to_json(profile), indent=None)


def profile_from_bytes(data: bytes) -> Profile:
    """The profile of a file, given the file's bytes; its digest is worked out again and compared.

    Raises:
        ProfileError: as `load_profile`; the message does not name the file.
    """
    from wherefrom.records._profiles import profile_from_json

    return profile_from_json(data)


def _suffix(path: Path, known: Sequence[str]) -> str:
    """How a file ends, in small letters.

    Raises:
        UsageError: when it is none of these.
    """
    suffix = path.suffix.lower()
    if suffix not in known:
        hint = ", a table for people that keeps no cards" if suffix == _FOR_PEOPLE else ""
        raise UsageError(f"{path} ends in {suffix or 'no suffix'!r}{hint}: use {' or '.join(known)}")
    return suffix


def _writer(suffix: str) -> Callable[[ScoreTable, Path, Beside], None]:
    """What writes a table to a file of this suffix."""
    if suffix == ".parquet":
        from wherefrom.records import _parquet

        return _parquet.write
    from wherefrom.records import _tables

    return {".json": _tables.write_as_json, ".jsonl": _tables.write_as_lines, ".csv": _tables.write_as_csv}[suffix]


def _reader(suffix: str) -> Callable[[Path], ScoreTable]:
    """What reads a table from a file of this suffix."""
    if suffix == ".parquet":
        from wherefrom.records import _parquet

        return _parquet.read
    from wherefrom.records import _tables

    return {".json": _tables.read_json, ".jsonl": _tables.read_json_lines}[suffix]


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """A file that cannot be written is the user's error."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Every refusal names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError(f"no file {path}") from error
    except OSError as error:
        raise ProfileError(f"cannot read {path}: {error.strerror or error}") from error
    except WherefromError as error:
        raise ProfileError(f"cannot read {path}: {error}") from error
