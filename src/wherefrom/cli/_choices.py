"""`wherefrom methods` and `wherefrom rules`: which there are, and what the options of one are."""

from __future__ import annotations

import json
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit, emit_json, emit_table

if TYPE_CHECKING:
    from wherefrom.core.card import Fact

__all__ = ["methods", "rules"]

_NAME = Annotated[str, typer.Argument(metavar="NAME", help="one that `list` names")]


def _app(what: str, says: str, flag: str) -> typer.Typer:
    """The commands `list` and `info NAME` for one kind of choice.

    Args:
        what: `methods` or `rules`.
        says: what one of them does, for the help.
        flag: the option that passes one of their options, as `--option`.
    """
    command = typer.Typer(
        no_args_is_help=False,
        invoke_without_command=True,
        rich_markup_mode=None,
        help=f"Which {what} there are ({says}), and which options one of them has.",
    )

    @command.callback()
    def default(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            list_all()

    @command.command("list", help=f"List the {what}, with what each says of itself.")
    def list_all(as_json: options.Json = False) -> None:
        _list(_module(what), what, as_json=as_json)

    @command.command("info", help=f"Show the options of one: what each takes, its default and what it means ({flag}).")
    def info(name: _NAME, as_json: options.Json = False) -> None:
        _info(_module(what), name, flag, as_json=as_json)

    return command


def _module(what: str) -> ModuleType:
    """The package of the choices, imported when it is asked for."""
    from wherefrom import methods, rules

    return {"methods": methods, "rules": rules}[what]


def _list(registry: Any, what: str, *, as_json: bool) -> None:
    rows = [(name, registry.describe(name).title) for name in registry.names()]
    if as_json:
        for name, title in rows:
            emit_json({"name": name, "title": title})
        return
    emit_table((what.removesuffix("s"), "what it does"), rows, folded="what it does")
    emit(f"The options of one: `wherefrom {what} info NAME`.")


def _info(registry: Any, name: str, flag: str, *, as_json: bool) -> None:
    described = registry.describe(name)
    if as_json:
        emit_json({"name": name, **_plain(described)})
        return
    emit(f"{name}: {described.title}")
    if described.text:
        emit(described.text)
    if not described.options:
        emit(f"{name} has no options.")
        return
    rows = [
        (option.name, option.takes, "must be said" if option.required else written(option.default), option.meaning)
        for option in described.options
    ]
    emit_table(("option", "takes", "default", "what it means"), rows, folded="what it means")
    emit(f"An option is given as {flag} NAME=VALUE, which may be repeated; None is written null.")


def _plain(described: Any) -> dict[str, Any]:
    options = [
        {
            "name": option.name,
            "takes": option.takes,
            "required": option.required,
            "default": option.default,
            "meaning": option.meaning,
        }
        for option in described.options
    ]
    return {"title": described.title, "text": described.text, "options": options}


def written(value: Fact) -> str:
    """A value as it is written on the command line."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else "" if value == () else json.dumps(value)


methods = _app("methods", "what is asked of a model", "--option")
rules = _app("rules", "where to cut between belongings and the rest", "--rule-option")
