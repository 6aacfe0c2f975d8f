"""`wherefrom bench`: the papers' tables, and ours, on the embedded models and on what is given beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wherefrom.bench import FEWEST, Setting, run_tables, usable
from wherefrom.cli import _options as options
from wherefrom.cli._forms import BENCH, BENCH_FIGURE
from wherefrom.cli._output import emit, emit_json, emit_table, note
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.cli._work import square
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.bench import TableRun

__all__ = ["bench"]

_ALL: Final = "all"
_QUICK: Final = 24
"""Images of each kind in a quick run: enough for a cut at alpha 0.05 where a few statistics are undefined."""
_AT_ONCE: Final = 4
"""Tables at once in a quick run, at most, where there are as many processors."""
_SMALL: Final = 64
"""Pixels a side in a quick run."""


def bench(
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="which; `all` for all")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="few images, short searches; without a TABLE, all")] = False,
    count: Annotated[int | None, typer.Option("--count", min=FEWEST, help="images of each kind; default 100")] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size", metavar="WIDTHxHEIGHT", help="or one side, of latent models; a square; default 192, quick 64"
        ),
    ] = None,
    cifar10: Annotated[
        Path | None,
        typer.Option("--cifar10", metavar="DIR", parser=typed_path, help="CIFAR-10 as train.parquet and test.parquet"),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option("--photos", metavar="DIR", parser=typed_path, help="photos, for real images")
    ] = None,
    tiles: Annotated[bool, typer.Option("--tiles", help="cut photos into tiles; for sizes that few have")] = False,
    decoder: Annotated[
        list[str] | None, typer.Option("--decoder", metavar="MODEL", help="a further latent model; repeat it")
    ] = None,
    generator: Annotated[
        list[str] | None, typer.Option("--generator", metavar="MODEL", help="a further generator; repeat it")
    ] = None,
    ask: Annotated[
        list[str] | None, typer.Option("--ask", metavar="MODEL", help="ask this model alone; repeat it")
    ] = None,
    edit: Annotated[
        list[str] | None,
        typer.Option("--edit", metavar="NAME", help="for tables of edits: only this one, as jpeg:90; repeat it"),
    ] = None,
    alike: Annotated[
        bool, typer.Option("--alike", help="for tables of edits: skip profiles of unedited images (saves time)")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="tables at once, each in its own process; default 1, quick up to 4"),
    ] = None,
    work: Annotated[
        Path, typer.Option("--work", metavar="DIR", parser=typed_path, help="images and scores, to go on from")
    ] = Path("bench-work"),
    out: Annotated[
        Path, typer.Option("--out-dir", metavar="DIR", parser=typed_path, help="a JSON and a figure a table")
    ] = Path("bench-output"),
    force: options.FORCE = False,
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Run the papers' tables and our own, and print the figures beside the papers'. Without a TABLE, list them.

    Images and scores are kept in --work: a run that was stopped goes on, and a second one asks the models nothing.
    """
    from wherefrom import bench as registry

    if not tables and not quick:
        _list(registry.names(), as_json=as_json)
        return
    chosen = list(registry.names()) if not tables or _ALL in tables else [name.replace("-", "_") for name in tables]
    for name in chosen:
        registry.load(name)  # a name that is none ends the call before anything is made
    from wherefrom.cli._progress import shown
    from wherefrom.images import edits
    from wherefrom.making import made_folder

    _check_outputs(
        out, chosen, [path for path in (cifar10, photos) if path], [*(decoder or ()), *(generator or ())], force
    )
    _check_asked(ask or [], [*(decoder or ()), *(generator or ())])
    if tiles and photos is None:
        raise UsageError("--tiles cuts up photos of a folder: give --photos DIR too, or leave it out")
    setting = Setting(
        work=made_folder(work),
        count=count or (_QUICK if quick else 100),
        quick=quick,
        size=square(size or str(_SMALL if quick else 192), least=64),
        cifar10=cifar10,
        photos=photos,
        tiles=tiles,
        decoders=tuple(decoder or ()),
        generators=tuple(generator or ()),
        asked=tuple(ask or ()),
        edits=tuple(str(edits.load(name)) for name in edit or ()),
        alike=alike,
        device=device,
        dtype=dtype,
        shown=lambda label: shown(label, quiet=quiet),
    )
    made_folder(out)
    for table_run in run_tables(chosen, setting, out, jobs=jobs or (min(usable(), _AT_ONCE) if quick else 1)):
        _tell(table_run, out, as_json=as_json)
        note(f"{table_run.name}: {table_run.seconds:.0f} seconds", quiet=quiet)


def _check_outputs(out: Path, names: list[str], read: list[Path], models: list[str], force: bool) -> None:
    """Refuse tables and figures in the place of other files, before anything is made."""
    documents = [Output("--out-dir", out / f"{name}.json", BENCH) for name in names]
    figures = [Output("--out-dir", out / f"{name}.png", BENCH_FIGURE) for name in names]
    Writing(outputs=[*documents, *figures], typed=[str(path) for path in read], inputs=models, force=force).check()


def _check_asked(names: list[str], further: list[str]) -> None:
    """Refuse a model that is neither embedded nor given."""
    from wherefrom.models.sources import zoo

    there = [*(f"zoo:{name}" for name in zoo.names()), *further]
    for name in names:
        if name not in there:
            raise UsageError(f"--ask {name} is none of {', '.join(there)}: name it by --decoder or --generator too")


def _list(names: tuple[str, ...], *, as_json: bool) -> None:
    """Every table's name and what it asks."""
    from wherefrom import bench as registry

    rows = [(name.replace("_", "-"), registry.load(name).title, registry.load(name).paper or "ours") for name in names]
    if as_json:
        for name, title, paper in rows:
            emit_json({"table": name, "title": title, "paper": paper})
        return
    emit_table(("table", "asks", "paper"), rows, folded="asks")


def _tell(table_run: TableRun, out: Path, *, as_json: bool) -> None:
    """A table as it is shown."""
    document = table_run.document
    if as_json:
        emit_json(document)
        return
    lines = [f"## {document['title']}", "", f"`{document['command']}`", "", *table_run.markdown.split("\n")]
    lines += [f"- left out: {what}" for what in document["left out"]]
    for line in [*lines, "", f"{out / table_run.name}.json{' and .png' if document['rules'] else ''}", ""]:
        emit(line)
