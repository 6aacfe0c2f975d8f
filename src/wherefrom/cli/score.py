"""`wherefrom score`: ask a model about images and keep the raw columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import check_out, emit, emit_json, emit_table, finish
from wherefrom.cli._work import Work, limits_of, made_method, model_options, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.records.table import ScoreTable

__all__ = ["score"]

_SHOWN = 3  # columns of a person's table; a file has all


def score(
    paths: options.PATHS,
    model: Annotated[str, typer.Option("--model", help="the model to ask; see `wherefrom models`")],
    method: options.METHOD = options.DEFAULT_METHOD,
    option: options.OPTION = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="all columns: .parquet, .csv, .json or .jsonl")
    ] = None,
    model_option: options.MODEL_OPTION = None,
    through: options.THROUGH = None,
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    store: options.STORE = None,
    batch: options.BATCH = None,
    seed: options.SEED = 0,
    trust: options.TRUST = False,
    tile: options.TILE = None,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Ask a model about images: a row of raw numbers an image, or the reason why there is none."""
    check_out(out, (".parquet", ".csv", ".json", ".jsonl"))
    from wherefrom.images.sources import load_images

    images = load_images(*paths)
    chosen = made_method(method, option)
    from wherefrom.models.locate import load_model
    from wherefrom.records.files import save_table

    given = model_options(model_option)
    opened = load_model(model, device=device, dtype=dtype, trust=trust, options=given, through=through)
    work = Work(store=store, batch=batch, seed=seed, quiet=quiet, limits=limits_of(max_pixels, max_bytes), tile=tile)
    table = work.score(images, model=opened, method=chosen, label="scoring")
    if out is not None:
        save_table(table, out)
    if as_json:
        for row in _rows(table):
            emit_json(row)
    else:
        _show(table, out)
    finish(len(table.errors), len(table), quiet=quiet)


def _rows(table: ScoreTable) -> Iterator[dict[str, Any]]:
    """A row an image, for JSON."""
    for place, (facts, size) in enumerate(zip(table.images, table.sizes, strict=True)):
        scored = facts.error is None
        yield {
            "name": facts.name,
            "error": facts.error,
            "size": size,
            "file_digest": facts.file_digest,
            "pixel_digest": facts.pixel_digest,
            "changes": facts.changes,
            "scores": {name: float(table.scores[name][place]) for name in table.scores.names} if scored else None,
        }


def _show(table: ScoreTable, out: Path | None) -> None:
    """All rows, or with a file only those without a score, and the counts."""
    names = table.scores.names[:_SHOWN]
    rows = [
        (
            facts.name,
            f"{size[1]}x{size[0]}" if size else None,
            *(float(table.scores[name][place]) for name in names),
            facts.error,
        )
        for place, (facts, size) in enumerate(zip(table.images, table.sizes, strict=True))
        if out is None or facts.error is not None
    ]
    if rows:
        emit_table(("name", "scored", *names, "error"), rows, folded="error")
    failed = len(table.errors)
    where = f"; {len(table.scores.names)} columns in {out}" if out else ""
    emit(
        f"{len(table) - failed} images scored under {named(table.model)} by {table.method.name}, {failed} failed{where}"
    )
