"""The program's commands, one file each; a command's file is read when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Final

import typer

from wherefrom.cli._output import emit
from wherefrom.core.version import VERSION

__all__ = ["COMMANDS", "program"]

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("demo", "demo"),
    "models": ("models", "app"),
    "methods": ("_choices", "methods"),
    "rules": ("_choices", "rules"),
    "check": ("check", "check"),
    "map": ("map_image", "map_images"),
    "generate": ("generate", "generate"),
    "duplicates": ("duplicates", "duplicates"),
    "profile": ("profile", "profile"),
    "card": ("card", "card"),
    "attribute": ("attribute", "attribute"),
    "report": ("report", "report"),
    "verify": ("verify", "verify"),
    "export": ("export", "export"),
    "metadata": ("metadata", "metadata"),
    "score": ("score", "score"),
    "evaluate": ("evaluate", "evaluate"),
    "edit": ("edit", "edit"),
    "serve": ("serve", "serve"),
    "bench": ("bench", "bench"),
}
"""By the command's name, in the order of the help: the module of `wherefrom.cli` and the name in it, which is a
function or a group of commands."""


def program(only: str | None = None) -> typer.Typer:
    """The program.

    Args:
        only: the one command that it has, by a name of `COMMANDS`, which saves importing the others; None: all.
    """
    app = typer.Typer(
        name="wherefrom",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: it is there in a third of the time
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in COMMANDS if only is None else (only,):
        module, attribute = COMMANDS[name]
        command = getattr(import_module(f"wherefrom.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _version(asked: bool) -> None:
    if asked:
        emit(f"wherefrom {VERSION}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version and leave")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback of an error")] = False,
) -> None:
    """Did this generative model make this image? An answer with known error rates.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some images failed. The verdict is never the exit code.
    """
