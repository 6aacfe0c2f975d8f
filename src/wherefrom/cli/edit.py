"""`wherefrom edit`: copies of images as an edit leaves them."""

from __future__ import annotations

from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit, emit_json, finish, note
from wherefrom.cli._outputs import check_folder
from wherefrom.cli._progress import shown
from wherefrom.cli._work import limits_of, listed
from wherefrom.images import edits

__all__ = ["edit"]


def edit(
    paths: options.PATHS,
    name: Annotated[
        str,
        typer.Option("--edit", metavar="EDIT", help=f"{', '.join(edits.forms())}; several are joined by +"),
    ],
    out: options.OUT_DIR,
    seed: options.SEED = 0,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Edit images: JPEG or WebP files where the edit ends in one, else PNG, each with its edit on record.

    A copy depends on its image's pixels, the edit and the seed alone. Files that are there and whole are kept, so a
    stopped run goes on; one that was made otherwise is never replaced.
    """
    chosen = edits.load(name)
    from wherefrom import making

    check_folder("--out-dir", out, paths)
    sources, limits = listed(paths, quiet=quiet), limits_of(max_pixels, max_bytes)
    with shown("editing", quiet=quiet) as report:
        rows = making.edit(sources, chosen, folder=out, seed=seed, limits=limits, progress=report)
    failed = [row for row in rows if row.error is not None]
    if as_json:
        for row in rows:
            emit_json(row)
    else:
        kept = sum(row.kept for row in rows)
        emit(f"{len(rows) - kept - len(failed)} images edited by {chosen}, {kept} were there, in {out}")
    for row in failed:
        note(f"failed: {row.name}: {row.error}")
    finish(len(failed), len(rows), quiet=quiet)
