"""Verdicts and attributions as tables, JSON and files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from wherefrom.cli._beside import Beside
from wherefrom.cli._output import emit_table, note
from wherefrom.core.errors import UsageError
from wherefrom.core.files import write_json
from wherefrom.core.plain import plain
from wherefrom.core.tables import parquet_column, write_csv, write_json_lines, write_parquet
from wherefrom.records.rows import attribution_row, flat_rows, verdict_row

if TYPE_CHECKING:
    from wherefrom.records.verdict import Attribution, Verdict

__all__ = [
    "attribution_row",
    "note_warnings",
    "save_rows",
    "show_attributions",
    "show_verdicts",
    "under_conditions",
    "verdict_row",
    "with_path",
]

_KIND: Final = "verdict"
"""What each row says that it is."""
_NOTHING: Final[Beside] = MappingProxyType({})


def show_verdicts(verdicts: Sequence[Verdict], *, title: str | None = None) -> None:
    """Print a row an image.

    Args:
        verdicts: one an image.
        title: above the table.
    """
    chosen = under_conditions(verdicts)
    rows = [
        (
            verdict.image.name,
            str(verdict.outcome),
            *((", ".join(verdict.conditions),) if chosen else ()),
            verdict.statistic,
            verdict.p_belonging,
            max(verdict.p_foreign.values(), default=None),
            verdict.reason,
        )
        for verdict in verdicts
    ]
    headers = ("name", "outcome", *chosen, "statistic", "p belonging", "p foreign", "reason")
    emit_table(headers, rows, title=title, folded="reason")


def under_conditions(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """The header of a column for the conditions that verdicts rest on; none where all images are as they were given."""
    return ("conditions",) if any(verdict.conditions not in ((), ("none",)) for verdict in verdicts) else ()


def show_attributions(attributions: Sequence[Attribution], names: Sequence[str]) -> None:
    """Print a row an image, with an outcome a candidate.

    Args:
        attributions: one an image.
        names: the candidates' names, in the order of each attribution's verdicts.
    """
    rows = [
        (item.image.name, item.answer, *(str(verdict.outcome) for verdict in item.verdicts), item.reason)
        for item in attributions
    ]
    emit_table(("name", "answer", *names, "reason"), rows, folded="reason")


def note_warnings(verdicts: Iterable[Verdict]) -> None:
    """Say once on stderr what speaks against verdicts, with a count where it is of some images only."""
    judged = list(verdicts)
    for warning, count in Counter(warning for verdict in judged for warning in verdict.warnings).items():
        note(f"warning: {warning}" if count == len(judged) else f"warning: {count} of {len(judged)} images: {warning}")


def save_rows(rows: Sequence[Mapping[str, Any]], path: Path, *, beside: Beside = _NOTHING) -> None:
    """Write verdicts; the suffix says how. In `.csv` and `.parquet` every candidate of an image is a row.

    In `.csv` a text that a spreadsheet could take for a formula starts with an apostrophe; see `wherefrom.core.cells`.

    Args:
        rows: of `verdict_row` or `attribution_row`.
        beside: what else is said of an image, by its name: `path`, with which the file is a manifest too, and further
            columns. One that a verdict has itself is left out.
        path: replaced when it exists, whole or not at all.

    Raises:
        UsageError: when the file cannot be written.
    """
    try:
        _WRITERS[path.suffix.lower()](rows, path, beside)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _table(rows: Sequence[Mapping[str, Any]], beside: Beside) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and flat rows; the last column says that this program made the row."""
    flat = flat_rows(rows)
    own = {key: None for row in flat for key in row}
    known = [beside.get(row["name"], {}) for row in flat]
    more = dict.fromkeys(key for row in known for key in row if key not in {*own, "wherefrom"})
    first = ["path"] if "path" in more else []
    whole_rows = [
        row | {key: columns.get(key) for key in more} | {"wherefrom": _KIND}
        for row, columns in zip(flat, known, strict=True)
    ]
    return [*first, *own, *(key for key in more if key != "path"), "wherefrom"], whole_rows


def with_path(row: Mapping[str, Any], beside: Beside) -> dict[str, Any]:
    """A row of JSON that says who made it, and is a row of a manifest too.

    Args:
        row: of `verdict_row` or `attribution_row`.
        beside: what else is said of an image, by its name.
    """
    known = dict(beside.get(row["name"], {}))
    start = {"path": known.pop("path")} if "path" in known else {}
    more = {key: cell for key, cell in known.items() if key not in row}
    return {"wherefrom": _KIND, **start, **row, **({"more": more} if more else {})}


def _csv(rows: Sequence[Mapping[str, Any]], path: Path, beside: Beside) -> None:
    columns, flat = _table(rows, beside)
    write_csv(path, columns, ([row.get(key) for key in columns] for row in flat))


def _parquet(rows: Sequence[Mapping[str, Any]], path: Path, beside: Beside) -> None:
    import pyarrow as pa

    columns, flat = _table(rows, beside)
    columns.remove("wherefrom")  # the schema says it
    numbers = {"statistic", "threshold", "p_belonging", "alpha", "beta"}
    kinds = {key: pa.float64() for key in columns if key in numbers or key.startswith(("p_foreign:", "log10_lr"))}
    kinds |= dict.fromkeys(("width", "height", "seed"), pa.int64())
    arrays: dict[str, Any] = {}
    for key in columns:
        cells = [row.get(key) for row in flat]
        arrays[key] = pa.array(cells, kinds[key]) if key in kinds else parquet_column(cells)
    write_parquet(path, arrays, metadata={"wherefrom": json.dumps({"wherefrom": _KIND})})


def _json(rows: Sequence[Mapping[str, Any]], path: Path, beside: Beside) -> None:
    write_json(path, plain([with_path(row, beside) for row in rows]))


def _jsonl(rows: Sequence[Mapping[str, Any]], path: Path, beside: Beside) -> None:
    write_json_lines(path, (with_path(row, beside) for row in rows))


_WRITERS: Final[Mapping[str, Callable[[Sequence[Mapping[str, Any]], Path, Beside], None]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json,
    ".jsonl": _jsonl,
}
