"""Every way out that a message names is there: options, commands, names of the package."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.main import get_command

import wherefrom as wf
from tests.cli.calling import ROOT, call
from wherefrom import methods, rules
from wherefrom.cli._renamed import _OLD
from wherefrom.cli.app import program
from wherefrom.models.toy import Toy

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)
OF_OTHERS = {"--head", "--include", "--revision", "--sparse"}  # of `ray start`, `hf download` and tar
FORMER = {old for names in _OLD.values() for old in names}  # still taken, see cli/_renamed.py


@functools.cache
def texts() -> tuple[tuple[str, str], ...]:
    """Each text of the package that is no documentation, with its file; what is filled in is left out."""
    return tuple(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "src" / "wherefrom").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def commands() -> dict[str, Any]:
    """Every command by its whole name."""

    def below(group: Any, name: str) -> Iterator[tuple[str, Any]]:
        for key, command in getattr(group, "commands", {}).items():
            whole = f"{name} {key}".strip()
            yield whole, command
            yield from below(command, whole)

    every = get_command(program())
    return {"": every, **dict(below(every, ""))}


def test_every_option_that_a_text_names_exists() -> None:
    options = [item for command in commands().values() for item in command.params]
    there = {flag for item in options for flag in (*item.opts, *item.secondary_opts)} | {"--help"}
    assert {"--rule-option", "--max-pixels", "--store"} <= there
    named = {(place, flag) for place, text in texts() for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text)}
    assert len(named) > 50
    assert {(place, flag) for place, flag in named if flag not in there | OF_OTHERS | FORMER} == set()


def test_every_command_that_a_text_names_exists() -> None:
    there = set(commands())
    named = {
        (place, found)
        for place, text in texts()
        for found in re.findall(r"`wherefrom ([a-z]+(?: (?:list|info|options|convert|digest))?)", text)
    }
    assert {"models", "methods info", "rules info"} <= {found for _, found in named}
    assert {(place, found) for place, found in named if found not in there} == set()


def test_every_name_of_the_package_that_a_text_names_exists() -> None:
    for place, text in texts():
        for dotted in re.findall(r"wherefrom(?:\.[A-Za-z_]\w*)+", text):
            module, _, last = dotted.rpartition(".")
            try:
                importlib.import_module(dotted)
            except ImportError:
                assert hasattr(importlib.import_module(module), last), f"{place}: {dotted}"


def test_a_fixed_cut_is_given_by_an_option(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["attribute", made.held, "--profile", made.profile, *BOUNDS, "--rule", "fixed", "--json"]
    done = call(capsys, *given, "--rule-option", "cut=1.3")
    assert done.code == 0, done.err
    assert {row["threshold"] for row in done.rows} == {1.3}
    assert {row["outcome"] for row in done.rows if "noise" in row["name"]} == {"EXCLUDED"}
    assert all((row["outcome"] != "EXCLUDED") == (row["statistic"] < 1.3) for row in done.rows)
    assert "SUPPORTED" in {row["outcome"] for row in done.rows}


def test_a_fixed_rule_without_a_cut_says_how_to_give_one_before_anything_is_asked(
    made: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the model was asked")

    monkeypatch.setattr("wherefrom.models.toy.Toy.encode", refuse)
    done = call(capsys, "attribute", made.held, "--profile", made.profile, "--rule", "fixed")
    assert (done.code, done.out) == (2, "")
    assert "--rule-option cut=1.2" in done.err
    said = re.search(r"in Python as (.*)$", done.err.strip())
    assert said is not None
    assert eval(said[1], {"rules": rules}) == rules.load("fixed", {"cut": 1.2})


@pytest.mark.parametrize(
    ("option", "said"), [("cut", "--rule-option 'cut' is no NAME=VALUE"), ("cuts=1", "has no option cuts: it has cut")]
)
def test_a_rule_option_that_is_none(option: str, said: str, made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["attribute", made.held, "--profile", made.profile, "--rule", "fixed"]
    done = call(capsys, *given, "--rule-option", option)
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize("what", ["methods", "rules"])
def test_choices_are_listed_and_each_option_is_explained(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    shelf: Any = {"methods": methods, "rules": rules}[what]
    listed = call(capsys, what, "list", "--json")
    assert [row["name"] for row in listed.rows] == list(shelf.names())
    assert all(row["title"] for row in listed.rows)
    person = call(capsys, what)
    assert person.code == 0
    for name in shelf.names():
        assert f"  {name} " in person.out
        (about,) = call(capsys, what, "info", name, "--json").rows
        for option in about["options"]:
            assert option["meaning"], (name, option)
            assert option["takes"]
        shown = call(capsys, what, "info", name)
        assert shown.code == 0
        for option in about["options"]:
            assert f"  {option['name']} " in shown.out
    refused = call(capsys, what, "info", "nothing")
    assert (refused.code, "no " in refused.err) == (2, True)


def test_an_option_is_shown_with_type_default_and_meaning() -> None:
    (adjustment, *_, floor, _) = methods.describe("aedr").options
    assert adjustment.takes == "one of none, homogeneity, residual, bands"
    assert (adjustment.default, adjustment.required) == ("none", False)
    assert adjustment.meaning.startswith("`none`: t. `homogeneity`")
    assert (floor.takes, floor.meaning.endswith("default 8-bit rounding.")) == ("float", True)
    (cut,) = rules.describe("fixed").options
    assert (cut.takes, cut.default) == ("float or null", None)


@pytest.mark.parametrize(("flag", "bound"), [("--max-pixels", 1000), ("--max-bytes", 100)])
def test_a_limit_is_raised_as_its_message_says(
    flag: str, bound: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "x.png"
    Image.fromarray(np.full((200, 320, 3), 7, dtype=np.uint8)).save(image)
    refused = call(capsys, "score", image, "--model", "toy", "--method", "aedr", "--json", flag, bound)
    assert refused.code == 3
    said = re.search(rf"{flag} (\d+) or in Python by limits=(Limits\(\w+=\d+\))", refused.rows[0]["error"])
    assert said is not None
    assert call(capsys, "score", image, "--model", "toy", "--method", "aedr", flag, said[1]).code == 0
    assert call(capsys, "edit", image, "--edit", "jpeg:90", "--out", tmp_path / "e", flag, bound).code == 3
    assert call(capsys, "edit", image, "--edit", "jpeg:90", "--out", tmp_path / "e", flag, said[1]).code == 0
    passed = ["generate", "toy", "--from", image, "--out", tmp_path / "g"]
    assert call(capsys, *passed, flag, bound).code == 3
    assert call(capsys, *passed, flag, said[1]).code == 0
    raised = eval(said[2], {"Limits": wf.Limits})
    table = wf.score([image], model=Toy(), method=wf.methods.load("aedr"), limits=raised)
    assert not table.errors
    assert wf.Limits() == wf.Limits(max_pixels=100_000_000, max_bytes=256 * 2**20)


@pytest.mark.parametrize("command", ["score", "profile", "attribute", "edit", "generate"])
def test_every_command_that_reads_images_can_raise_the_limits(command: str) -> None:
    flags = {flag for item in commands()[command].params for flag in item.opts}
    assert {"--max-pixels", "--max-bytes"} <= flags


@pytest.mark.parametrize(
    ("arguments", "said", "unsaid"),
    [
        (["score", "x", "--model", "toy"], "no score is kept, since no --store FILE was given", "run again"),
        (["score", "x", "--model", "toy", "--", "--store"], "no score is kept", "run again"),
        (["score", "x", "--model", "toy", "--out", "s.csv"], "no score is kept", "run again"),
        (["score", "x", "--model", "toy", "--out", "rows"], "rows that are written are kept in the folder", "no score"),
        (["attribute", "x", "--profile", "p", "--out=s3://b/rows"], "rows that are written are kept", "no --store"),
        (
            ["attribute", "x", "--profile", "p", "--out", "r.d", "--engine", "ray"],
            "rows that are written",
            "no --store",
        ),
        (["report", "x", "--profile", "p", "--store", "s"], "are kept, run again to go on, with --force", "no --store"),
        (["evaluate", "--profile", "p"], "no score is kept, since no --store FILE was given", "run again"),
        (["check", "x", "--model", "toy"], "no score is kept, since no --store FILE was given", "run again"),
        (["map", "x", "--model", "toy"], "maps that are whole are kept in the folder of --out-dir", "run again"),
        (["attribute", "x", "--profile", "p", "--store=s"], "scores that are in the store are kept", "no --store"),
        (["--debug", "profile", "toy", "--store", "s"], "scores that are in the store are kept", "no --store"),
        (["generate", "toy"], "files that are whole are kept in the folder of --out-dir", "store"),
        (["edit", "x"], "files that are whole are kept in the folder of --out-dir", "store"),
        (["bench", "all"], "kept in --work", "store"),
        (["demo"], "in the folder of --out-dir, with the scores", "store"),
        (["models"], "stopped", "kept"),
    ],
)
def test_what_is_left_of_a_stopped_command_is_said_truthfully(
    arguments: list[str],
    said: str,
    unsaid: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_: object) -> int:
        raise typer.Abort

    monkeypatch.setattr("wherefrom.cli._called", interrupted)
    done = call(capsys, *arguments)
    assert done.code == 130
    assert said in done.err
    assert unsaid not in done.err


def test_a_pattern_that_the_shell_made_many_of_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    many = [f"images/{number:05}.png" for number in range(1000)]
    done = call(capsys, "profile", "toy", "--out", "p.json", "--belonging", *many)
    assert done.code == 2
    assert "Got unexpected extra argument(s) (images/00001.png images/00002.png" in done.err
    assert "put a pattern into quotes" in done.err
    assert len(done.err) < 1000


@pytest.mark.parametrize("command", ["attribute", "report"])
def test_a_profile_among_the_images_is_refused(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    image, out = min(made.held.glob("toy*")), tmp_path / "r"
    more = ("--out-dir", out) if command == "report" else ()
    done = call(capsys, command, image, "--profile", made.profile, made.profile, *more)
    assert done.code == 2
    assert f"{made.profile} is a profile, and stands where images are named" in done.err
    assert not out.exists()
