"""Records as plain rows, and rows as Arrow tables and data frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from wherefrom.core.errors import MissingExtra
from wherefrom.core.extras import require
from wherefrom.core.facts import ImageFacts
from wherefrom.core.plain import plain

if TYPE_CHECKING:
    from wherefrom.core.arrays import Scores

__all__ = [
    "FACTS",
    "FLAT_FACTS",
    "PREFIX",
    "SIZE",
    "UNSAID",
    "Beside",
    "arrow",
    "attribution_row",
    "flat",
    "flat_rows",
    "frame",
    "readable",
    "table_rows",
    "verdict_row",
]

Beside: TypeAlias = Mapping[str, Mapping[str, str | int | float | bool | None]]
"""What else a file says of an image, by its name: `path`, and further columns."""

FACTS: Final = tuple(item.name for item in fields(ImageFacts))
"""Columns of a table's file: of the image's file,"""
FLAT_FACTS: Final = tuple(name for name in FACTS if name not in ("jpeg_tables", "appearance"))
"""... those that are one value each, which rows without nesting have;"""
UNSAID: Final = ("appearance", "trailing_bytes")
"""... those that a file leaves out where there is nothing to say;"""
SIZE: Final = ("scored_height", "scored_width")
"""of what was scored,"""
PREFIX: Final = "score."
"""and, with this in front of their names, the scores."""
_FACTS_OF_VERDICTS: Final = ("file_digest", "pixel_digest", "format", "width", "height", "changes")
_NESTED: Final = ("image", "p_foreign", "method_options", "rule_options", "stability")


class Table(Protocol):
    """What is read here of a `ScoreTable`, which in turn asks for its rows; so with the two classes below."""

    @property
    def images(self) -> Sequence[ImageFacts]: ...
    @property
    def sizes(self) -> Sequence[tuple[int, int] | None]: ...
    @property
    def scores(self) -> Scores: ...


class OfImage(Protocol):
    """What is read here of a `Verdict` by its name; all its other fields are taken as they are."""

    @property
    def image(self) -> ImageFacts: ...


class OfCandidates(OfImage, Protocol):
    """What is read here of an `Attribution`."""

    @property
    def answer(self) -> str: ...
    @property
    def supported(self) -> Sequence[str]: ...
    @property
    def reason(self) -> str: ...
    @property
    def verdicts(self) -> Sequence[OfImage]: ...


def verdict_row(verdict: OfImage) -> dict[str, Any]:
    """A verdict as JSON has it: all fields, those of the image's file under `image`."""
    row = plain(verdict)
    for nested in ("jpeg_tables", "appearance"):
        row["image"].pop(nested)
    return {
        "name": verdict.image.name,
        **{key: row[key] for key in row if key != "image"},
        "error": verdict.image.error,
        "image": row["image"],
    }


def attribution_row(attribution: OfCandidates, names: Sequence[str]) -> dict[str, Any]:
    """An attribution as JSON has it, its verdicts by the candidates' names.

    Args:
        attribution: of one image.
        names: the candidates' names, in the order of its verdicts.
    """
    return {
        "name": attribution.image.name,
        "answer": attribution.answer,
        "supported": list(attribution.supported),
        "reason": attribution.reason,
        "error": attribution.image.error,
        "verdicts": {name: verdict_row(verdict) for name, verdict in zip(names, attribution.verdicts, strict=True)},
    }


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `verdict_row` without nesting: a column a pool, options as JSON, and some facts of the file."""
    return {
        **{key: _cell(value) for key, value in row.items() if key not in _NESTED},
        "method_options": json.dumps(row["method_options"], sort_keys=True),
        "rule_options": json.dumps(row["rule_options"], sort_keys=True),
        **{f"p_foreign:{pool}": value for pool, value in row["p_foreign"].items()},
        **{key: _cell(row["image"][key]) for key in _FACTS_OF_VERDICTS},
    }


def _cell(value: Any) -> Any:
    """A value without nesting: several texts as one."""
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def flat_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows without nesting: of an attribution, one a candidate."""
    flattened: list[dict[str, Any]] = []
    for row in rows:
        if "verdicts" in row:
            flattened += [
                {"name": row["name"], "answer": row["answer"], "candidate": name, **flat(verdict)}
                for name, verdict in row["verdicts"].items()
            ]
        else:
            flattened.append(flat(row))
    return flattened


def table_rows(table: Table) -> list[dict[str, Any]]:
    """A row an image: the facts of its file, the size that was scored, and a column `score.NAME` a score."""
    columns = {PREFIX + name: table.scores[name].tolist() for name in table.scores.names}
    return [
        {
            **{name: plain(getattr(facts, name)) for name in FLAT_FACTS},
            **dict(zip(SIZE, size or (None, None), strict=True)),
            **{name: column[place] for name, column in columns.items()},
        }
        for place, (facts, size) in enumerate(zip(table.images, table.sizes, strict=True))
    ]


def readable(row: Mapping[str, Any]) -> dict[str, Any]:
    r"""A row with text that every format can hold: bytes of a file name that are no UTF-8 are shown as `\xff`."""
    return {
        name: value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if isinstance(value, str)
        else value
        for name, value in row.items()
    }


def arrow(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as a `pyarrow.Table`; a column that a row lacks is null there."""
    import pyarrow as pa

    names = list(dict.fromkeys(key for row in rows for key in row))
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})


def frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as a `pandas.DataFrame`.

    Raises:
        MissingExtra: when pandas is not installed.
    """
    try:
        pandas = require("pandas", "pandas")
    except MissingExtra as error:
        raise MissingExtra(f"{error}; to_rows() and to_arrow() give the same without it") from error
    return pandas.DataFrame([dict(row) for row in rows])
