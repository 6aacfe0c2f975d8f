"""The program's commands, one file each."""

from __future__ import annotations

from typing import Annotated

import typer

from wherefrom.cli import (
    _choices,
    attribute,
    bench,
    card,
    check,
    demo,
    duplicates,
    edit,
    evaluate,
    export,
    generate,
    map_image,
    metadata,
    models,
    profile,
    report,
    score,
    serve,
    verify,
)
from wherefrom.cli._output import emit
from wherefrom.core.version import VERSION

__all__ = ["app"]

app = typer.Typer(
    name="wherefrom",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: it is there in a third of the time
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        emit(f"wherefrom {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version and leave")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback of an error")] = False,
) -> None:
    """Did this generative model make this image? An answer with known error rates.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some images failed. The verdict is never the exit code.
    """


app.command()(demo.demo)
app.add_typer(models.app, name="models")
app.add_typer(_choices.methods, name="methods")
app.add_typer(_choices.rules, name="rules")
app.command()(check.check)
app.command("map")(map_image.map_images)
app.command()(generate.generate)
app.command()(duplicates.duplicates)
app.command()(profile.profile)
app.command()(card.card)
app.command()(attribute.attribute)
app.command()(report.report)
app.command()(verify.verify)
app.command()(export.export)
app.command()(metadata.metadata)
app.command()(score.score)
app.command()(evaluate.evaluate)
app.command()(edit.edit)
app.command()(serve.serve)
app.command()(bench.bench)
