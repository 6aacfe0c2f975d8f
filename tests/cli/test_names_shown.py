"""A file's name acts on nothing: no terminal, no row of a table, no line of a note, an error or a CSV."""

from __future__ import annotations

import csv
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from wherefrom.cli import run
from wherefrom.core.cells import unguarded

HOSTILE = "a\x1b[2J\n  b.png  SUPPORTED\r\u202egnp.\u2066x\x07\x9b31m.png"
ACTS = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u202e", "\u2066"} - {"\n"}


@pytest.fixture
def hostile(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an image and a broken file whose names act on a terminal."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(made.held / "noise-100.png", folder / HOSTILE)
    (folder / f"bad{HOSTILE}").write_text("no image")
    return folder


def calls(made: Any) -> list[list[str]]:
    again = f"in/{HOSTILE}"
    pools = ["--belonging", str(made.belonging), "--pool", f"po\x1b[31mol=in/{HOSTILE}", "--method", "aedr"]
    return [
        ["score", "in", "--model", "toy"],
        ["score", "in", "--model", "toy", "--json"],
        ["score", "in", "--model", "toy", "--out", f"o{HOSTILE}.csv"],
        ["attribute", "in", "--profile", str(made.profile), "--alpha", "0.1"],
        ["attribute", "in", "--profile", str(made.profile), "--alpha", "0.1", "--json"],
        ["edit", "in", "--edit", "jpeg:75", "--out-dir", f"o{HOSTILE}"],
        ["generate", "--model", "toy", "--from", "in", "--out-dir", f"g{HOSTILE}", "--json"],
        ["profile", "--model", "toy", *pools, "--out", "p.json"],
        ["duplicates", "--belonging", "in", "--pool", f"po\x1b[31mol={again}"],
        ["duplicates", "--belonging", "in", "--pool", f"po\x1b[31mol={again}", "--json"],
        ["score", f"nowhere{HOSTILE}", "--model", "toy"],
        ["score", "in", "--model", f"nowhere{HOSTILE}"],
        ["attribute", "in", "--profile", f"in/{HOSTILE}"],
        ["attribute", "in", "--profile", f"{HOSTILE}.json"],
        ["score", "in", "--model", "toy", "--out", f"in/{HOSTILE}"],
        [HOSTILE],
        ["score", "in", f"--{HOSTILE}"],
        ["models", "info", HOSTILE],
        ["models", "options", HOSTILE],
    ]


def test_nothing_that_acts_is_printed(hostile: Path, made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for typed in calls(made):
        done = call(capsys, *typed)
        assert done.out + done.err, typed
        assert not ACTS & {*done.out, *done.err}, typed
        for line in (done.out + done.err).split("\n"):
            assert not line.lstrip().startswith("b.png"), "no row was forged"


def test_a_name_comes_back_from_json_and_csv_as_it_was(
    hostile: Path, made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in (["score", "in", "--model", "toy"], ["attribute", "in", "--profile", made.profile, "--alpha", 0.1]):
        done = call(capsys, *given, "--json", "--out", "s.csv", "--force")
        names = [f"in/{HOSTILE}", f"in/bad{HOSTILE}"]
        assert [json.loads(line)["name"] for line in done.out.split("\n") if line] == names
        text = Path("s.csv").read_bytes().decode()
        assert len(text.splitlines()) == 3, "a row is one line for every program"
        assert not ACTS - {"\r"} & {*text}
        rows = list(csv.DictReader(text.splitlines()))
        assert [unguarded(row["name"]) for row in rows] == [unguarded(row["path"]) for row in rows] == names
        again = call(capsys, "score", "s.csv", "--model", "toy", "--json")
        assert [json.loads(line)["name"] for line in again.out.split("\n") if line] == names


def test_a_warning_of_a_library_acts_on_nothing_and_the_hubs_retries_are_not_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(_: object) -> int:
        logging.getLogger("some.library").warning("of %s", HOSTILE)
        logging.getLogger("huggingface_hub.utils._http").warning("Retrying in 1s [Retry 1/5].")
        return 0

    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr("wherefrom.cli._called", warn)
    assert run([]) == 0
    said = capsys.readouterr().err
    assert said.startswith("warning: of a\\x1b[2J\\x0a")
    assert said.count("\n") == 1
    assert "Retry" not in said
