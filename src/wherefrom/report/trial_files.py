"""An evaluation as files: JSON, CSV and figures in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.core.files import write_json
from wherefrom.core.tables import write_csv
from wherefrom.evaluation.labelled import Trial
from wherefrom.report.trial_figures import draw_trial, figure_paths

__all__ = ["KIND", "trial_paths", "write_trial"]

KIND: Final = "evaluation"
"""What each file says that it is."""
_TABLES: Final = ("rates.csv", "answers.csv", "images.csv")


def trial_paths(folder: Path, candidates: Sequence[str], edits: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """The files that may be written: numbers, and figures.

    Args:
        folder: of all of them.
        candidates: names.
        edits: names.
    """
    figures = [
        place.with_name(place.name + suffix)
        for place in figure_paths(folder, candidates, edits).values()
        for suffix in (".svg", ".png")
    ]
    return [folder / "evaluation.json", *(folder / name for name in _TABLES)], figures


def write_trial(trial: Trial, folder: Path, *, command: str | None = None) -> list[Path]:
    """Write an evaluation: `evaluation.json`, `rates.csv`, `images.csv`, of several candidates `answers.csv`, figures.

    Args:
        trial: what is written.
        folder: where to; made where it is not there.
        command: that made it, kept in the JSON.

    Returns:
        The files that were written.

    Raises:
        UsageError: when one cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "evaluation.json", trial.document() | {"command": command})
        tables = {
            "rates.csv": trial.to_rows(),
            "answers.csv": _answers(trial),
            "images.csv": [image.to_row() for image in trial.images],
        }
        for name, rows in tables.items():
            if rows:
                _write(folder / name, rows)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror or error}") from error
    written = [folder / name for name, rows in tables.items() if rows]
    return [folder / "evaluation.json", *written, *draw_trial(trial, folder)]


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    write_csv(path, [*columns, "wherefrom"], ([*(row.get(key) for key in columns), KIND] for row in rows))


def _answers(trial: Trial) -> list[dict[str, Any]]:
    """A row an edit, kind and answer."""
    return [
        {
            "edit": edit,
            "kind": kind,
            "answer": answer,
            "count": share.count,
            "images": share.total,
            "share": share.value,
            "low": share.low,
            "high": share.high,
        }
        for edit, kinds in trial.answers.items()
        for kind, answers in kinds.items()
        for answer, share in answers.items()
    ]
