"""Verdicts and attributions as tables, JSON and files."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.cli._output import emit_table, note
from wherefrom.core.cells import guarded
from wherefrom.core.errors import UsageError
from wherefrom.records.rows import attribution_row, flat_rows, verdict_row

if TYPE_CHECKING:
    from wherefrom.records.verdict import Attribution, Verdict

__all__ = [
    "SUFFIXES",
    "attribution_row",
    "note_warnings",
    "save_rows",
    "show_attributions",
    "show_verdicts",
    "verdict_row",
]


def show_verdicts(verdicts: Sequence[Verdict], *, title: str | None = None) -> None:
    """Print a row an image."""
    rows = [
        (
            verdict.image.name,
            str(verdict.outcome),
            verdict.statistic,
            verdict.p_belonging,
            max(verdict.p_foreign.values(), default=None),
            verdict.reason,
        )
        for verdict in verdicts
    ]
    emit_table(
        ("name", "outcome", "statistic", "p belonging", "p foreign", "reason"), rows, title=title, folded="reason"
    )


def show_attributions(found: Sequence[Attribution], names: Sequence[str]) -> None:
    """Print a row an image, with an outcome a candidate."""
    rows = [
        (item.image.name, item.answer, *(str(verdict.outcome) for verdict in item.verdicts), item.reason)
        for item in found
    ]
    emit_table(("name", "answer", *names, "reason"), rows, folded="reason")


def note_warnings(verdicts: Iterable[Verdict]) -> None:
    """Say once on stderr what speaks against verdicts, with a count where it is of some images only."""
    judged = list(verdicts)
    for warning, count in Counter(said for verdict in judged for said in verdict.warnings).items():
        note(f"warning: {warning}" if count == len(judged) else f"warning: {count} of {len(judged)} images: {warning}")


def save_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write verdicts; the suffix says how. In `.csv` and `.parquet` every candidate of an image is a row.

    In `.csv` a text that a spreadsheet could take for a formula starts with an apostrophe; see `wherefrom.core.cells`.

    Args:
        rows: of `verdict_row` or `attribution_row`.
        path: replaced when it exists, whole or not at all.

    Raises:
        UsageError: when the file cannot be written.
    """
    with _written(path) as place:
        _WRITERS[path.suffix.lower()](rows, place)


def _table(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and flat rows."""
    flat = flat_rows(rows)
    return list(dict.fromkeys(key for row in flat for key in row)), flat


def _csv(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    columns, flat = _table(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(
            {key: guarded(value) if isinstance(value, str) else value for key, value in row.items()} for row in flat
        )


def _parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns, flat = _table(rows)
    numbers = {"statistic", "threshold", "p_belonging", "alpha", "beta"}
    kinds = {
        key: pa.float64()
        if key in numbers or key.startswith("p_foreign:")
        else pa.int64()
        if key in ("width", "height", "seed")
        else pa.string()
        for key in columns
    }
    pq.write_table(pa.Table.from_pylist(flat, schema=pa.schema(kinds.items())), path)


def _json(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    path.write_text(json.dumps(list(rows), allow_nan=False, indent=1) + "\n", encoding="utf-8")


def _jsonl(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    path.write_text("".join(json.dumps(row, allow_nan=False) + "\n" for row in rows), encoding="utf-8")


_WRITERS: Final[Mapping[str, Callable[[Sequence[Mapping[str, Any]], Path], None]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json,
    ".jsonl": _jsonl,
}
SUFFIXES: Final = tuple(_WRITERS)
"""Of files that `save_rows` writes."""


@contextmanager
def _written(path: Path) -> Iterator[Path]:
    """A place to write beside the file, moved onto it at the end."""
    place = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield place
        place.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        place.unlink(missing_ok=True)
