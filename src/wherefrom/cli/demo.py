"""`wherefrom demo`: the main job from beginning to end on the embedded models and on photos that are there anyway."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._forms import NOTES
from wherefrom.cli._output import emit, note
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.cli._showing import ALPHA, Part
from wherefrom.cli._work import Work, made_method, square
from wherefrom.core.errors import UsageError
from wherefrom.core.files import write_text

if TYPE_CHECKING:
    from wherefrom.methods.base import Method

__all__ = ["demo"]

_SEARCH: Final = ("restarts=12", "race=8", "keep=2", "steps=140", "plateau=20")
"""Half of the default search, or less: about a third of a second of one core for an image."""
_SPARE: Final = 1.2
"""Belongings that are made for each that has to be ranked: some are undefined."""
_NOTES: Final = """# What is in this folder

Made by `wherefrom demo`: two models, and for each images, a profile, and what it says of images that it has not seen.

## {model}, an autoencoder, by `{method}`

- `profile/`: what the profile was made from: {belonging} draws of {model}, and as non-belongings tiles of photos, draws
  of {other}, and the same tiles passed through {other}. `profile.json` is the profile.
- `mixed/`: held-out images of each kind, a flat image and a damaged file. `scores.parquet` has what the model was
  asked, `verdicts.csv` what is said of each, `figure.png` shows it.
- `scores.sqlite`: the store of both parts; a second run asks the models nothing.

Ask again: `wherefrom attribute mixed --profile profile.json --store scores.sqlite`

The photos come with scikit-image and scikit-learn and are cut into tiles that do not overlap. Tiles of one photo are
alike: {photos} of them are worth fewer than as many photos, so the bound for photos and the intervals below are too
hopeful. No photo is on both sides. The draws have the colours and shapes of photos, but are none: that they are
told from photos is easy, that they are told from the other decoder's draws is the test.

{summary}

## {generator}, a generator without an encoder, by `{search}`

`generator/` has the same files for a small GAN: its input is searched for by its gradient, from a few random starts,
until its output is near the image in question; a belonging ends nearer than anything else does. The non-belongings are
the photos' tiles, **scaled down** to the generator's size (each file's text says from which size), and small draws of
{model}. Scaling makes photos smooth, and no promise here is about photos that were taken small.

The search is cut short to fit the demo: the defaults of `ronan` search longer and separate better.

{more}
"""


def demo(
    out: Annotated[
        Path, typer.Option("--out-dir", metavar="DIR", parser=typed_path, help="the folder that is left")
    ] = Path("demo-output"),
    count: Annotated[
        int, typer.Option("--count", min=1, help="images of each kind to profile with; a quarter as many to test")
    ] = 100,
    size: Annotated[
        str, typer.Option("--size", metavar="WIDTHxHEIGHT", help="or one side, of the first part; a square")
    ] = "192",
    model: Annotated[str, typer.Option("--model", hidden=True)] = "zoo:kl-f8-a",
    other: Annotated[str, typer.Option("--other", hidden=True)] = "zoo:kl-f8-b",
    generator: Annotated[str, typer.Option("--generator", hidden=True)] = "zoo:dcgan-cifar10",
    search: Annotated[list[str] | None, typer.Option("--search", hidden=True)] = None,
    force: options.FORCE = False,
    method: options.METHOD = options.DEFAULT_METHOD,
    option: options.OPTION = None,
    device: options.DEVICE = "auto",
    quiet: options.QUIET = False,
) -> None:
    """Make images, profile a model, attribute a mixed folder, and leave all of it in a folder. Needs no network.

    Twice: an autoencoder by --method, and a small generator by ronan, which searches for the input of an image.
    """
    started = time.monotonic()
    chosen, searching = made_method(method, option), made_method("ronan", search or _SEARCH)
    side = square(size, least=32)
    _check(count, chosen)
    outputs = [Output("--out-dir", out / "README.md", NOTES), *Part.outputs(out), *Part.outputs(out / "generator")]
    Writing(outputs=outputs, store=out / "scores.sqlite", force=force).check()
    from wherefrom.cli._exhibits import make_exhibits, make_small_exhibits
    from wherefrom.making import made_folder
    from wherefrom.models.load import load_model

    ours, theirs, maker = (load_model(name, device=device) for name in (model, other, generator))
    work = Work(store=made_folder(out) / "scores.sqlite", quiet=quiet)
    made = make_exhibits(out, ours, theirs, count=count, size=side, quiet=quiet)
    first = Part(title="Part 1: an autoencoder, asked twice", made=made, model=ours, method=chosen, out=out)
    said = first.run(work)
    place = made_folder(out / "generator")
    small = make_small_exhibits(
        place, maker, ours, known=max(_needed(), count // 2), count=count, photographed=made, quiet=quiet
    )
    second = Part(title="Part 2: a generator, searched", made=small, model=maker, method=searching, out=place)
    more = second.run(work)
    _leave_notes(out, (first, second), (said, more))
    emit(f"all of it is in {out}, of part 2 in {place}: figure.png, profile.json, scores.parquet, verdicts.csv")
    note(f"{time.monotonic() - started:.0f} seconds", quiet=quiet)


def _check(count: int, method: Method[Any]) -> None:
    """Refuse at once what would fail late.

    Raises:
        UsageError: when too few belongings would be ranked.
    """
    needed = 2 * _needed() if method.learns else _needed()
    if count < needed:
        why = f", of which {method.card.name} learns from one half" if method.learns else ""
        raise UsageError(
            f"--count {count} is too few: alpha={ALPHA:g} needs {_needed()} belongings, as some may be undefined{why}:"
            f" use --count {needed} or more"
        )


def _needed() -> int:
    """Belongings to make where all are ranked."""
    from wherefrom.core.shares import fewest

    return math.ceil(_SPARE * fewest(ALPHA))


def _leave_notes(out: Path, parts: tuple[Part, Part], lines: tuple[list[str], list[str]]) -> None:
    """What is in the folder, and what came out."""
    first, second = parts
    text = _NOTES.format(
        model=first.model.card.name,
        method=first.method.card.name,
        other=first.made.other,
        belonging=len(first.made.belonging),
        photos=len(first.made.pools["photos"]),
        summary=_listed(lines[0]),
        generator=second.model.card.name,
        search=second.method.card.name,
        more=_listed(lines[1]),
    )
    write_text(out / "README.md", text)


def _listed(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
