"""A score table as a file, and back: JSON, JSON lines, CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter

from wherefrom.core.arrays import Scores
from wherefrom.core.errors import ProfileError
from wherefrom.core.files import write_json
from wherefrom.core.tables import write_csv, write_json_lines
from wherefrom.records._parsing import AGAIN, check_header, parse
from wherefrom.records._stored import Row, TableFile
from wherefrom.records.rows import FLAT_FACTS, PREFIX, SIZE, UNSAID, Beside, readable
from wherefrom.records.table import ScoreTable

__all__ = [
    "TABLE",
    "head_of",
    "known_beside",
    "read_json",
    "read_json_lines",
    "table_from_json",
    "table_of",
    "table_to_json",
    "write_as_csv",
    "write_as_json",
    "write_as_lines",
]

TABLE: Final = TypeAdapter(TableFile)
"""A table, or its head."""
_ROW: Final = TypeAdapter(Row)
_ROWS: Final = TypeAdapter(tuple[Row, ...])
_OF_MANIFESTS: Final = {"__all__": {"path", "name", "more"}}
"""Fields of a row that say nothing where nothing is known beside the image."""


def write_as_json(table: ScoreTable, path: Path, beside: Beside) -> None:
    """Write a table as one JSON object.

    Args:
        table: to write.
        path: replaced when it exists.
        beside: what else the file says of an image, by its name.
    """
    write_json(path, table_to_json(table, beside), indent=None)


def table_to_json(table: ScoreTable, beside: Beside) -> dict[str, Any]:
    """What the file of a table holds as one JSON object.

    Args:
        table: to write.
        beside: what else the file says of an image, by its name.
    """
    return {**head_of(table), "rows": _rows(table, beside)}


def write_as_lines(table: ScoreTable, path: Path, beside: Beside) -> None:
    """Write a table as JSON lines: the cards first, then a line an image.

    Args:
        table: to write.
        path: replaced when it exists.
        beside: what else the file says of an image, by its name.
    """
    write_json_lines(path, [{**head_of(table), "count": len(table)}, *_rows(table, beside)])


def write_as_csv(table: ScoreTable, path: Path, beside: Beside) -> None:
    """Write a table for people and spreadsheets; it has no cards, so that it cannot be read again.

    A fact of `UNSAID` has a column where at least one image has it.

    Args:
        table: to write.
        path: replaced when it exists.
        beside: what else the file says of an image, by its name.
    """
    more = list(dict.fromkeys(["path", *(key for row in beside.values() for key in row)] if beside else []))
    scores = [PREFIX + name for name in table.scores.names]
    stored, rows = list(_rows(table, {})), []
    names = [name for name in FLAT_FACTS if name not in UNSAID or any(name in row["image"] for row in stored)]
    for row, known in zip(stored, known_beside(table, beside), strict=True):
        image = {**row["image"], "changes": "; ".join(row["image"]["changes"])}
        first, *rest = [known.get(key) for key in more] or [None]
        cells = [image.get(name) for name in names]
        cells = [*([first] if more else []), *cells, *(row["size"] or (None, None)), *row["scores"], *rest, "table"]
        rows.append(cells)
    write_csv(path, [*more[:1], *names, *SIZE, *scores, *more[1:], "wherefrom"], rows)


def read_json(path: Path) -> ScoreTable:
    """The table that `write_as_json` wrote.

    Args:
        path: of the file.

    Raises:
        ProfileError: when it is damaged, or of another kind or schema.
    """
    return table_from_json(path.read_bytes())


def table_from_json(data: bytes) -> ScoreTable:
    """The table that a file holds as one JSON object.

    Args:
        data: the file.

    Raises:
        ProfileError: when it is damaged, or of another kind or schema.
    """
    check_header(data, "table")
    stored = parse(TABLE, data)
    return table_of(stored, stored.rows)


def read_json_lines(path: Path) -> ScoreTable:
    """The table that `write_as_lines` wrote.

    Args:
        path: of the file.

    Raises:
        ProfileError: when it is damaged or cut off, or of another kind or schema.
    """
    first, *lines = path.read_bytes().splitlines() or [b""]
    check_header(first, "table")
    head = parse(TABLE, first, "line 1")
    if head.count != len(lines):
        raise ProfileError(
            f"it has {len(lines)} rows, its first line says {head.count}: it was cut off or joined: {AGAIN}"
        )
    return table_of(head, [parse(_ROW, line, f"line {place}") for place, line in enumerate(lines, start=2)])


def head_of(table: ScoreTable) -> dict[str, Any]:
    """What files say of a whole table, without its rows.

    Args:
        table: to write.
    """
    head = TableFile(
        model=table.model, method=table.method, measure=table.measure, seed=table.seed, columns=table.scores.names
    )
    written: dict[str, Any] = TABLE.dump_python(head, mode="json", exclude={"count", "rows"})
    return written


def table_of(head: TableFile, rows: Sequence[Row]) -> ScoreTable:
    """A table as the package has it.

    Args:
        head: what a file says of the whole.
        rows: the rows, in order.

    Raises:
        ProfileError: when a row has too few or too many numbers.
    """
    for place, row in enumerate(rows):
        if len(row.scores) != len(head.columns):
            raise ProfileError(f"at rows.{place}: {len(row.scores)} numbers for {len(head.columns)} columns: {AGAIN}")
    grid = np.array([row.scores for row in rows], dtype=np.float64).reshape(len(rows), len(head.columns))
    return ScoreTable(
        images=tuple(row.image for row in rows),
        sizes=tuple(row.size for row in rows),
        scores=Scores({name: grid[:, place] for place, name in enumerate(head.columns)}),
        model=head.model,
        method=head.method,
        measure=head.measure,
        seed=head.seed,
    )


def known_beside(table: ScoreTable, beside: Beside) -> list[Mapping[str, Any]]:
    """What is said of each image beside its facts.

    Args:
        table: of the images.
        beside: what else is known of an image, by its name.
    """
    return [readable(beside.get(image.name, {})) for image in table.images]


def _rows(table: ScoreTable, beside: Beside) -> list[dict[str, Any]]:
    """The rows as files hold them: each a row of a manifest too, where something is known beside the image."""
    names = table.scores.names
    grid = table.scores.matrix(names) if names else np.empty((len(table), 0))
    rows = tuple(
        Row(image=image, size=size, scores=grid[place])
        for place, (image, size) in enumerate(zip(table.images, table.sizes, strict=True))
    )
    written = _ROWS.dump_python(rows, mode="json", exclude=_OF_MANIFESTS)
    return [
        {**_manifest_row(image.name, dict(known)), **row}
        for image, known, row in zip(table.images, known_beside(table, beside), written, strict=True)
    ]


def _manifest_row(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """What a manifest says of an image; nothing where nothing is known beside its name."""
    return {"path": known.pop("path", None), **readable({"name": name}), "more": known} if known else {}
