"""Score tables and profiles as files: JSON, JSON lines, CSV and Parquet by suffix, with a schema number.

A file is written beside its place and moved there, so that a stopped run leaves the old one or the new one. What is
read is checked against `_schema` before anything is believed: a damaged or foreign file is a `ProfileError` with the
place.
"""

from __future__ import annotations

import codecs
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from wherefrom.core.errors import ProfileError, UsageError, WherefromError
from wherefrom.core.files import write_json
from wherefrom.core.tables import write_csv, write_json_lines
from wherefrom.records import _encoding as encoding
from wherefrom.records._encoding import FACTS, PREFIX, SIZE
from wherefrom.records.profile import UNEDITED, Profile
from wherefrom.records.table import ScoreTable

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["columns_of", "load_profile", "load_table", "save_profile", "save_table"]

PartT = TypeVar("PartT", bound="BaseModel")


def save_table(table: ScoreTable, path: str | Path, *, beside: encoding.Beside = MappingProxyType({})) -> None:
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
    own = set(columns_of(table))
    more = {name: {key: cell for key, cell in row.items() if key not in own} for name, row in beside.items()}
    _by_suffix(Path(path), _WRITERS)(table, Path(path), more)


def columns_of(table: ScoreTable) -> tuple[str, ...]:
    """The names of the columns that a file holds of a table by itself."""
    return (*FACTS, *SIZE, *(PREFIX + name for name in table.scores.names), "wherefrom")


def load_table(path: str | Path) -> ScoreTable:
    """The score table that `save_table` wrote, to the last bit.

    Raises:
        UsageError: when the suffix is none of `.json`, `.jsonl`, `.parquet`, or there is no such file.
        ProfileError: when the file is damaged, or of another kind or schema; the message names the place.
    """
    read = _by_suffix(Path(path), _READERS)
    with _reading(Path(path)):
        return read(Path(path))


def save_profile(profile: Profile, path: str | Path) -> None:
    """Write a profile as `.json`, its digest included.

    One of images as they were given, and of no other condition, is written as earlier versions did, who can read it.

    Raises:
        UsageError: when the suffix is another, or the file cannot be written.
    """
    _by_suffix(Path(path), {".json": None})
    plain = profile.edit == UNEDITED and not profile.further
    head = {
        "wherefrom": "profile",
        "schema": encoding.SCHEMA if plain else encoding.CONDITIONS_SCHEMA,
        "version": profile.version,
        "digest": profile.digest,
    }
    each = [{"edit": edit, "version": one.version, **_condition(one)} for edit, one in profile.conditions.items()]
    content = {**head, **(_condition(profile) if plain else {"conditions": each})}
    with _writing(Path(path)):
        write_json(Path(path), content, indent=None)


def _condition(profile: Profile) -> dict[str, Any]:
    """One condition, as `ConditionFile` reads it."""
    return {
        "model": profile.model.to_json(),
        "method": profile.method.to_json(),
        "measure": profile.measure.to_json(),
        "seed": profile.seed,
        "fit": {name: encoding.pack(values) for name, values in profile.fit.items()},
        "ranked": profile.ranked,
        "statistic": profile.statistic.tolist(),
        "foreign_statistic": {name: encoding.numbers(values) for name, values in profile.foreign_statistic.items()},
        "coverage": dataclasses.asdict(profile.coverage),
        "audit": [dataclasses.asdict(finding) for finding in profile.audit.findings],
        "omitted": [encoding.plain(dataclasses.asdict(omission)) for omission in profile.omitted],
        "belonging": encoding.packed_to_json(profile.belonging),
        "foreign": {name: encoding.packed_to_json(table) for name, table in profile.foreign.items()},
    }


def load_profile(path: str | Path) -> Profile:
    """The profile that `save_profile` wrote; its digest is worked out again and compared.

    Raises:
        UsageError: when the suffix is not `.json`, or there is no such file.
        ProfileError: when the file is damaged or changed, or of another kind or schema; the message names the place.
    """
    from wherefrom.records import _schema as schema

    _by_suffix(Path(path), {".json": None})
    with _reading(Path(path)):
        data = Path(path).read_bytes()
        number = _check_header(data, "profile", (encoding.SCHEMA, encoding.CONDITIONS_SCHEMA))
        kind: type[schema.ProfileFile] | type[schema.ConditionsFile]
        kind = schema.ProfileFile if number == encoding.SCHEMA else schema.ConditionsFile
        stored: schema.ProfileFile | schema.ConditionsFile = _parse(kind, data)
        profile = stored.profile()
        if profile.digest != stored.digest:
            raise ProfileError(
                f"its content has digest {profile.digest[:12]}, not {stored.digest[:12]}: it was changed"
            )
    return profile


ValueT = TypeVar("ValueT")


def _by_suffix(path: Path, choices: Mapping[str, ValueT]) -> ValueT:
    suffix = path.suffix.lower()
    if suffix not in choices:
        hint = ", a table for people that keeps no cards" if suffix == ".csv" else ""
        raise UsageError(f"{path} ends in {suffix or 'no suffix'!r}{hint}: use {' or '.join(choices)}")
    return choices[suffix]


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


def _parse(kind: type[PartT], data: bytes, place: str = "") -> PartT:
    """One part of a file, or the first place that is wrong with it."""
    from pydantic import ValidationError

    try:
        return kind.model_validate_json(data.removeprefix(codecs.BOM_UTF8), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join([*([place] if place else []), *(str(step) for step in first["loc"])])
        raise ProfileError(f"at {where or 'its start'}: {first['msg']}") from error


def _check_header(data: bytes, kind: str, schemas: Sequence[int] = (encoding.SCHEMA,)) -> int:
    """The schema number, once kind and number are seen to be known and before the rest is looked at."""
    from wherefrom.records import _schema as schema

    header = _parse(schema.HeaderFile, data)
    if header.wherefrom != kind:
        raise ProfileError(f"it holds a {header.wherefrom[:40]!r}, not a {kind}")
    if header.schema_number not in schemas:
        raise ProfileError(
            f"its schema is {header.schema_number}, this version reads {' and '.join(map(str, schemas))}: "
            "use the version of wherefrom that wrote it, or make the file again"
        )
    return header.schema_number


def _write_json(table: ScoreTable, path: Path, beside: encoding.Beside) -> None:
    content = {**encoding.head_to_json(table), "rows": encoding.rows_to_json(table, beside)}
    with _writing(path):
        write_json(path, content, indent=None)


def _read_json(path: Path) -> ScoreTable:
    from wherefrom.records import _schema as schema

    data = path.read_bytes()
    _check_header(data, "table")
    return _parse(schema.TableFile, data).table()


def _write_jsonl(table: ScoreTable, path: Path, beside: encoding.Beside) -> None:
    head = {**encoding.head_to_json(table), "count": len(table)}
    with _writing(path):
        write_json_lines(path, [head, *encoding.rows_to_json(table, beside)])


def _read_jsonl(path: Path) -> ScoreTable:
    from wherefrom.records import _schema as schema

    head, *lines = path.read_bytes().splitlines() or [b""]
    _check_header(head, "table")
    table = _parse(schema.TableFile, head, "line 1")
    if table.count != len(lines):
        raise ProfileError(f"it has {len(lines)} rows, its first line says {table.count}: it was cut off or joined")
    rows = tuple(_parse(schema.RowFile, line, f"line {place}") for place, line in enumerate(lines, start=2))
    return table.model_copy(update={"rows": rows}).table()


def _write_parquet(table: ScoreTable, path: Path, beside: encoding.Beside) -> None:
    from wherefrom.records import _parquet

    with _writing(path):
        _parquet.write(table, path, beside)


def _read_parquet(path: Path) -> ScoreTable:
    from wherefrom.records import _parquet

    metadata, table = _parquet.read(path)
    _check_header(metadata, "table")
    return table()


def _write_csv(table: ScoreTable, path: Path, beside: encoding.Beside) -> None:
    facts = [name for name in FACTS if name != "jpeg_tables"]
    more = list(dict.fromkeys(["path", *(key for row in beside.values() for key in row)] if beside else []))
    scores = [PREFIX + name for name in table.scores.names]
    rows = []
    for row, known in zip(encoding.rows_to_json(table, {}), _known(table, beside), strict=True):
        image = {**row["image"], "changes": "; ".join(row["image"]["changes"])}
        first, *rest = [known.get(key) for key in more] or [None]
        cells = [image[name] for name in facts]
        cells = [*([first] if more else []), *cells, *(row["size"] or (None, None)), *row["scores"], *rest, "table"]
        rows.append(cells)
    with _writing(path):
        write_csv(path, [*more[:1], *facts, *SIZE, *scores, *more[1:], "wherefrom"], rows)


def _known(table: ScoreTable, beside: encoding.Beside) -> Iterator[Mapping[str, Any]]:
    """What is said of each image beside its facts."""
    return (encoding.plain(beside.get(image.name, {})) for image in table.images)


_WRITERS: Final[Mapping[str, Callable[[ScoreTable, Path, encoding.Beside], None]]] = {
    ".json": _write_json,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
    ".csv": _write_csv,
}
_READERS: Final[Mapping[str, Callable[[Path], ScoreTable]]] = {
    ".json": _read_json,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
