"""What is written to files: plain values that JSON can hold, as `_schema` reads them."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, TypeAlias

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.facts import ImageFacts
from wherefrom.records.table import ScoreTable

__all__ = [
    "CONDITIONS_SCHEMA",
    "FACTS",
    "PREFIX",
    "SCHEMA",
    "SIZE",
    "Beside",
    "facts_to_json",
    "head_to_json",
    "numbers",
    "pack",
    "packed_to_json",
    "plain",
    "rows_to_json",
]

Beside: TypeAlias = Mapping[str, Mapping[str, str | int | float | bool | None]]
"""What else a file says of an image, by its name: `path`, and further columns."""

FACTS: Final = tuple(item.name for item in fields(ImageFacts))
"""Columns of a table's file: of the image's file,"""
SIZE: Final = ("scored_height", "scored_width")
"""of what was scored,"""
PREFIX: Final = "score."
"""and, with this in front of their names, the scores."""
SCHEMA: Final = 1
"""Raised when a file of the last version can no longer be read as one of this."""
CONDITIONS_SCHEMA: Final = 2
"""Of a profile that holds conditions, which versions that know `SCHEMA` alone refuse by this number."""


def _number(value: float) -> float | str | None:
    """A number as JSON can say it."""
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else "inf" if value > 0 else "-inf"


def numbers(values: Vector) -> list[float | str | None]:
    """A column as JSON can say it."""
    return [_number(value) for value in values.tolist()]


def pack(values: Vector) -> str:
    """A column as text, to the last bit."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode("ascii")


def facts_to_json(facts: ImageFacts) -> dict[str, Any]:
    """The facts as `FactsFile` reads them."""
    return plain({item.name: getattr(facts, item.name) for item in fields(ImageFacts)})


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    r"""The same with text that every format can hold: bytes of a file name that are no UTF-8 are shown as `\xff`."""
    return {
        name: value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if isinstance(value, str)
        else value
        for name, value in row.items()
    }


def packed_to_json(table: ScoreTable) -> dict[str, Any]:
    """A table as `PackedTableFile` reads it."""
    return {
        "method": table.method.to_json(),
        "images": [facts_to_json(facts) for facts in table.images],
        "sizes": table.sizes,
        "columns": {name: pack(table.scores[name]) for name in table.scores.names},
    }


def head_to_json(table: ScoreTable) -> dict[str, Any]:
    """A table as `TableFile` reads it, without its rows."""
    return {
        "wherefrom": "table",
        "schema": SCHEMA,
        "model": table.model.to_json(),
        "method": table.method.to_json(),
        "measure": table.measure.to_json(),
        "seed": table.seed,
        "columns": table.scores.names,
    }


def _manifest_row(name: str, beside: Beside) -> dict[str, Any]:
    """What a manifest says of an image; nothing where nothing is known beside its name."""
    known = plain(beside.get(name, {}))
    if not known:
        return {}
    return {"path": known.pop("path", None), **plain({"name": name}), "more": known}


def rows_to_json(table: ScoreTable, beside: Beside) -> Sequence[Mapping[str, Any]]:
    """The rows as `RowFile` reads them: each a row of a manifest too, where its path is known."""
    columns = [numbers(table.scores[name]) for name in table.scores.names]
    return [
        {
            **_manifest_row(facts.name, beside),
            "image": facts_to_json(facts),
            "size": size,
            "scores": [column[row] for column in columns],
        }
        for row, (facts, size) in enumerate(zip(table.images, table.sizes, strict=True))
    ]
