from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from wherefrom.cli.grouped import grouped


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    alpha: Annotated[float, typer.Option("--alpha", help="of misses")] = 0.05
    whole: Annotated[bool, typer.Option("--all")] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    path: Annotated[str, typer.Option("--path")]
    alpha: Annotated[float, typer.Option("--other-alpha")] = 0.1


def test_a_group_is_built_from_what_was_typed_and_else_from_its_defaults() -> None:
    app, seen = typer.Typer(), []

    @app.command()
    @grouped
    def show(name: str, bounds: Bounds, quiet: Annotated[bool, typer.Option("--quiet")] = False) -> None:
        seen.append((name, bounds, quiet))

    assert CliRunner().invoke(app, ["a", "--alpha", "0.2", "--quiet"]).exit_code == 0
    assert CliRunner().invoke(app, ["b", "--all"]).exit_code == 0
    assert seen == [("a", Bounds(alpha=0.2), True), ("b", Bounds(whole=True), False)]
    assert "of misses" in CliRunner().invoke(app, ["--help"]).output


def test_what_a_group_needs_must_be_given() -> None:
    app = typer.Typer()

    @app.command()
    @grouped
    def show(needed: Needed) -> None:
        raise AssertionError(needed)

    assert CliRunner().invoke(app, []).exit_code == 2


def test_two_options_of_one_name_are_refused_when_the_command_is_written() -> None:
    with pytest.raises(TypeError, match="two options of one name"):

        @grouped
        def show(bounds: Bounds, needed: Needed) -> None: ...
