"""`wherefrom score`: ask a model about images and keep the raw columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.cli import _options as options
from wherefrom.cli._beside import Beside, beside
from wherefrom.cli._folders import Folder, devices_of
from wherefrom.cli._forms import SCORES
from wherefrom.cli._output import emit, emit_json, emit_table, finish
from wherefrom.cli._outputs import Output, Writing
from wherefrom.cli._work import Work, limits_of, listed, made_method, model_options, named
from wherefrom.cli.grouped import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method
    from wherefrom.records.table import ScoreTable

__all__ = ["score"]

_SHOWN = 3  # columns of a person's table; a file has all


@grouped
def score(
    paths: options.PATHS,
    model: options.NEEDED_MODEL,
    method: options.METHOD = options.DEFAULT_METHOD,
    option: options.OPTION = None,
    *,
    folder: Folder,
    force: options.FORCE = False,
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
    """Measure images under a model: a row of numbers for each image, or the reason why there is none."""
    folder.check({"--tile": tile, "--force": force})
    if folder.wanted:
        from wherefrom.engines.scores import ScoreTask

        task = ScoreTask(
            model=model,
            method=made_method(method, option),
            device="auto" if devices_of(device) else device,
            dtype=dtype,
            trust=trust,
            options=model_options(model_option),
            through=through,
            seed=seed,
            batch=batch,
            limits=limits_of(max_pixels, max_bytes),
            store=store,
        )
        folder.run(task, paths, device=device, what="scoring", as_json=as_json, quiet=quiet)
        return
    out = folder.file
    outputs = [] if out is None else [Output("--out", out, SCORES)]
    writing = Writing(outputs=outputs, typed=paths, inputs=[model], store=store, force=force)
    writing.check_names()
    images = listed(paths, quiet=quiet, follow=folder.follow, column=folder.image_column)
    writing.check(images)
    chosen = made_method(method, option)
    from wherefrom.models.load import load_model

    stated = model_options(model_option)
    opened = load_model(model, device=device, dtype=dtype, trust=trust, options=stated, through=through)
    work = Work(store=store, batch=batch, seed=seed, quiet=quiet, limits=limits_of(max_pixels, max_bytes), tile=tile)
    table = work.score(images, model=opened, method=chosen, label="scoring")
    _tell(table, chosen, images, out=out, writing=writing, as_json=as_json)
    finish(len(table.errors), len(table), quiet=quiet)


def _tell(
    table: ScoreTable,
    chosen: Method[Any],
    images: Sequence[Source],
    *,
    out: Path | None,
    writing: Writing,
    as_json: bool,
) -> None:
    """Write the table to its file, and print it."""
    from wherefrom.records.files import save_table

    statistic = _statistic(table, chosen)

    def save(path: Path) -> None:
        save_table(table, path, beside=_known(images, path.parent, statistic))

    if out is not None:
        writing.saved(save, out, images=images)
    if as_json:
        for row in _rows(table, _known(images, Path(), statistic)):
            emit_json(row)
    else:
        _show(table, statistic, out)
        if statistic is None:
            emit(f"{chosen.card.name} learns its statistic from belongings: see `wherefrom attribute`")


def _statistic(table: ScoreTable, method: Method[Any]) -> dict[str, float] | None:
    """The number that is compared by each image's name, where there is one; None for a method that learns it."""
    from wherefrom.judging import statistic_of

    if method.learns:
        return None
    values = statistic_of(method, table, {}).tolist()
    return {facts.name: value for facts, value in zip(table.images, values, strict=True) if isfinite(value)}


def _known(images: Sequence[Source], folder: Path, statistic: Mapping[str, float] | None) -> Beside:
    """What stands beside the scores: path and columns of the manifest, and the statistic."""
    known_of = beside(images, folder)
    if statistic is None:
        return known_of
    return {name: {**row, "statistic": statistic.get(name)} for name, row in known_of.items()}


def _rows(table: ScoreTable, known: Beside) -> Iterator[dict[str, Any]]:
    """A row an image, for JSON."""
    from wherefrom.records.files import columns_of

    own = {"path", "statistic", *columns_of(table)}
    for place, (facts, size) in enumerate(zip(table.images, table.sizes, strict=True)):
        scored = facts.error is None
        more = {key: cell for key, cell in known[facts.name].items() if key not in own}
        yield {
            "path": known[facts.name]["path"],
            "name": facts.name,
            "error": facts.error,
            "statistic": known[facts.name].get("statistic"),
            "size": size,
            "file_digest": facts.file_digest,
            "pixel_digest": facts.pixel_digest,
            "changes": facts.changes,
            "scores": {name: float(table.scores[name][place]) for name in table.scores.names} if scored else None,
            **({"more": more} if more else {}),
        }


def _show(table: ScoreTable, statistic: Mapping[str, float] | None, out: Path | None) -> None:
    """All rows, or with a file only those without a score, and the counts."""
    names = table.scores.names[:_SHOWN]
    rows = [
        (
            facts.name,
            f"{size[1]}x{size[0]}" if size else None,
            *(() if statistic is None else (statistic.get(facts.name),)),
            *(float(table.scores[name][place]) for name in names),
            facts.error,
        )
        for place, (facts, size) in enumerate(zip(table.images, table.sizes, strict=True))
        if out is None or facts.error is not None
    ]
    if rows:
        emit_table(
            ("name", "scored", *(() if statistic is None else ("statistic",)), *names, "error"), rows, folded="error"
        )
    failed = len(table.errors)
    where = f"; {len(table.scores.names)} columns in {out}" if out else ""
    emit(
        f"{len(table) - failed} images scored under {named(table.model)} by {table.method.name}, {failed} failed{where}"
    )
