"""`wherefrom generate`: images that a model made, to profile it with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit, emit_json, finish, note
from wherefrom.cli._progress import shown
from wherefrom.cli._work import model_options
from wherefrom.core.errors import UsageError

__all__ = ["generate"]


def generate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="the model to ask; see `wherefrom models`")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="where the PNG files go")],
    count: Annotated[int | None, typer.Option("--count", min=1, help="how many; of photos, by default all")] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WIDTHxHEIGHT", help="in pixels; by default the model's own")
    ] = None,
    photos: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="PATH", help="pass these images through the model: round trips, no draws"),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch", min=1, help="images at a time; by default 1, or what a generator computes together anyway"
        ),
    ] = None,
    model_option: options.MODEL_OPTION = None,
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    seed: options.SEED = 0,
    trust: options.TRUST = False,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Make images with a model, as 8-bit PNG: belongings, to profile it with.

    Image i depends on the seed and on i alone. Files that are there and whole are kept, so a stopped run goes on. Each
    file's text says which decoder made it, from which seed.
    """
    wanted = _size(size)
    if photos is None and count is None:
        raise UsageError("how many images? give --count N, or photos to pass through the model by --from PATH")
    if photos is not None and wanted is not None:
        raise UsageError("--size goes with draws: a round trip keeps the size of its photo")
    from wherefrom.cli._making import draws, made_folder, round_trips
    from wherefrom.images.sources import load_images
    from wherefrom.models.locate import load_model

    sources = load_images(*photos)[:count] if photos is not None else ()
    folder = made_folder(out)
    opened: Any = load_model(model, device=device, dtype=dtype, trust=trust, options=model_options(model_option))
    with shown("making images", quiet=quiet) as report:
        if photos is not None:
            made = round_trips(opened, sources, folder=folder, report=report)
        else:
            together = batch or int(getattr(opened, "width", 1))
            made = draws(
                opened, folder=folder, places=range(count or 0), seed=seed, size=wanted, batch=together, report=report
            )
    if as_json:
        for image in made:
            emit_json(image)
    else:
        kept = sum(image.kept for image in made)
        failed = sum(image.error is not None for image in made)
        kind = "draws" if photos is None else "round trips"
        emit(f"{len(made) - kept - failed} {kind} made by {opened.card.name}, {kept} were there, in {folder}")
    for image in made:
        if image.error is not None:
            note(f"failed: {image.source}: {image.error}")
    finish(sum(image.error is not None for image in made), len(made), quiet=quiet)


def _size(text: str | None) -> tuple[int, int] | None:
    """`(height, width)` of what a person writes as WIDTHxHEIGHT, or as one side of a square."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)(?:[xX](\d+))?", text.strip())
    if found is None or int(found[1]) < 1:
        raise UsageError(f"--size {text!r} is no WIDTHxHEIGHT in pixels, as 512x512")
    return int(found[2] or found[1]), int(found[1])
