"""`wherefrom demo`: the main job from beginning to end on the embedded models and on photos that are there anyway."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._forms import NOTES
from wherefrom.cli._measuring import Part
from wherefrom.cli._output import emit, note
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.cli._progress import shown
from wherefrom.cli._reporting import typed_command
from wherefrom.cli._showing import ALPHA, Shown, show_part, write_few
from wherefrom.cli._work import made_method, square
from wherefrom.core.errors import UsageError
from wherefrom.core.files import write_text
from wherefrom.core.processors import usable

if TYPE_CHECKING:
    from wherefrom.cli._exhibits import Counts, Exhibits
    from wherefrom.methods.base import Method

__all__ = ["demo"]

_SPARE: Final = 1.2
"""Belongings that are made for each that has to be ranked: some are undefined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    """How long the demo may take.

    Attributes:
        size: pixels a side, of the first part.
        search: options of the second part's search.
        share: images of a pool for each image of a kind to test with.
        many: whether the first part has as many belongings as a pool has images, in place of a third.
    """

    size: str
    search: tuple[str, ...]
    share: int
    many: bool


_QUICK: Final = _Scale(
    size="48", search=("restarts=2", "race=3", "keep=1", "steps=100", "plateau=4"), share=12, many=False
)
_FULL: Final = _Scale(
    size="192", search=("restarts=12", "race=8", "keep=2", "steps=140", "plateau=20"), share=4, many=True
)
"""The search is half of the default one, or less."""
_NOTES: Final = """# What is in this folder

Made by `wherefrom demo`: two models, and for each images, a profile, and what it says of images that it has not seen.

## {model}, an autoencoder, by `{method}`

- `profile/`: what the profile was made from: {belonging} draws of {model}, and as non-belongings tiles of photos, and
  images of {other}: half are its draws, half are tiles that it passed. `profile.json` is the profile.
- `mixed/`: held-out images of each kind, a flat image and a damaged file. `scores.parquet` has what the model was
  asked, `verdicts.csv` what is said of each, `figure.png` shows it.
- `report/`: pages for people on one image of each kind; `index.html` lists them.
- `scores.sqlite`: the store of both parts; a second run asks the models nothing.

Ask again: `wherefrom attribute mixed --profile profile.json --store scores.sqlite`

The photos come with scikit-image and `wherefrom`, and are cut into tiles that do not overlap. Tiles of one photo are
alike: {photos} of them are worth fewer than as many photos, so the bound for photos and the intervals below are too
hopeful. No photo is on both sides. The draws have the colours and shapes of photos, but are none: that they are
told from photos is easy, that they are told from the other decoder's draws is the test.

{summary}

## {generator}, a generator without an encoder, by `{search}`

`generator/` has the same files for a small GAN: its input is searched for by its gradient, from a few random starts,
until its output is near the image in question; a belonging ends nearer than anything else does. The non-belongings are
the photos' tiles, **scaled down** to the generator's size (each file's text says from which size), and draws of
{rival}, another model of small images. Scaling makes photos smooth, and no promise here is about photos that were
taken small.

The search is cut short to fit the demo: the defaults of `ronan` search longer and separate better.

{more}
"""


def demo(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out-dir", metavar="DIR", parser=typed_path, help="the folder that is left")
    ] = Path("demo-output"),
    full: Annotated[
        bool, typer.Option("--full", help="larger images, more of them, and a longer search: minutes in place of one")
    ] = False,
    count: Annotated[
        int, typer.Option("--count", min=1, help="images of each pool to profile with; fewer of each kind to test")
    ] = 100,
    size: Annotated[
        str | None,
        typer.Option(
            "--size", metavar="WIDTHxHEIGHT", help="or one side, of the first part; a square; default 48, full 192"
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, max=2, help="parts at once, each in its own process; default 2 where it helps"),
    ] = None,
    model: Annotated[str, typer.Option("--model", hidden=True)] = "zoo:kl-f8-a",
    other: Annotated[str, typer.Option("--other", hidden=True)] = "zoo:kl-f8-b",
    generator: Annotated[str, typer.Option("--generator", hidden=True)] = "zoo:dcgan-cifar10",
    rival: Annotated[str, typer.Option("--rival", hidden=True)] = "zoo:vae-cifar10",
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
    scale = _FULL if full else _QUICK
    chosen, searching = made_method(method, option), made_method("ronan", search or scale.search)
    side = square(size or scale.size, least=32)
    _check(count, chosen)
    outputs = [Output("--out-dir", out / "README.md", NOTES), *Part.outputs(out), *Part.outputs(out / "generator")]
    Writing(outputs=outputs, store=out / "scores.sqlite", force=force).check()
    plan = _Plan(out=out, scale=scale, count=count, side=side, device=device)
    parts = plan.parts(_Asked(model, other, chosen), _Asked(generator, rival, searching))
    made = _measured(parts, jobs=jobs or min(2, usable()), quiet=quiet)
    said = [show_part(part.title, exhibits, part.out) for part, exhibits in zip(parts, made, strict=True)]
    _leave_notes(out, made, said)
    files = "profile.json, scores.parquet, verdicts.csv and README.md, which says what each file is"
    emit(f"where to look: {out / 'figure.png'}, of part 2 {out / 'generator' / 'figure.png'}; beside them {files}")
    place = write_few(said[0], out / "report", command=typed_command(context))
    note(f"{time.monotonic() - started:.0f} seconds", quiet=quiet)
    emit("a report on one image of each kind, to be opened in a browser:")
    emit(str(place))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A model that is profiled, another one, and what the first is asked."""

    model: str
    other: str
    method: Method[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """What is made in both parts.

    Attributes:
        out: the demo's folder.
        scale: how long it may take.
        count: images of each pool.
        side: pixels a side, of the first part.
        device: where models run.
    """

    out: Path
    scale: _Scale
    count: int
    side: int
    device: str

    def parts(self, first: _Asked, second: _Asked) -> tuple[Part, Part]:
        """Both parts, with the tiles of photos that they share.

        Raises:
            UsageError: as `make_tiles`.
        """
        from wherefrom.cli._exhibits import make_exhibits, make_small_exhibits, make_tiles

        many, few = (self._counts(asked.method) for asked in (first, second))
        many = replace(many, belonging=self.count) if self.scale.many else many
        tiles, small = make_tiles(self.out, counts=many, size=self.side), self.out / "generator"
        make, make_small = partial(make_exhibits, counts=many), partial(make_small_exhibits, counts=few)
        return (
            self._part(
                "Part 1: an autoencoder, asked twice", first, partial(make, out=self.out, tiles=tiles), self.out
            ),
            self._part("Part 2: a generator, searched", second, partial(make_small, out=small, tiles=tiles), small),
        )

    def _part(self, title: str, asked: _Asked, make: Callable[..., Exhibits], out: Path) -> Part:
        return Part(
            title=title,
            make=make,
            model=asked.model,
            other=asked.other,
            method=asked.method,
            device=self.device,
            out=out,
            store=self.out / "scores.sqlite",
        )

    def _counts(self, method: Method[Any]) -> Counts:
        """How many images of each kind: a quarter as many belongings as a pool has, where so few are enough."""
        from wherefrom.cli._exhibits import Counts

        known = max(_needed(method), self.count // 4)
        return Counts(belonging=known, pool=self.count, tests=max(1, self.count // self.scale.share))


def _measured(parts: tuple[Part, Part], *, jobs: int, quiet: bool) -> list[Exhibits]:
    """Measure the parts, at the same time with two jobs; returns the images of each."""
    if jobs > 1:
        from wherefrom.cli._at_once import at_once

        note("both parts run at the same time, each in a process of its own", quiet=quiet)
        return at_once({part.title.partition(":")[0]: part.measure for part in parts}, quiet=quiet)
    return [part.measure(lambda label: shown(label, quiet=quiet)) for part in parts]


def _check(count: int, method: Method[Any]) -> None:
    """Refuse at once what would fail late.

    Raises:
        UsageError: when too few belongings would be ranked.
    """
    needed = _needed(method)
    if count < needed:
        why = f", of which {method.card.name} learns from one half" if method.learns else ""
        raise UsageError(
            f"--count {count} is too few: alpha={ALPHA:g} needs {_needed()} belongings, as some may be undefined{why}:"
            f" use --count {needed} or more"
        )


def _needed(method: Method[Any] | None = None) -> int:
    """Belongings to make where all are ranked, or half of them where the method learns from the other half."""
    from wherefrom.core.shares import fewest

    ranked = math.ceil(_SPARE * fewest(ALPHA))
    return 2 * ranked if method is not None and method.learns else ranked


def _leave_notes(out: Path, exhibits: Sequence[Exhibits], said: Sequence[Shown]) -> None:
    """What is in the folder, and what came out."""
    (made, small), (first, second) = exhibits, said
    text = _NOTES.format(
        model=first.profile.model.name,
        method=first.profile.method.name,
        other=made.other,
        belonging=len(made.belonging),
        photos=len(made.pools["photos"]),
        summary=_listed(first.lines),
        generator=second.profile.model.name,
        rival=small.other,
        search=second.profile.method.name,
        more=_listed(second.lines),
    )
    write_text(out / "README.md", text)


def _listed(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
