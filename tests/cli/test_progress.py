"""Progress on stderr: words, a bar on a terminal, sparse lines elsewhere, nothing when quiet."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from tests.cli.calling import call
from wherefrom.cli._progress import shown, words
from wherefrom.inversion.results import Step
from wherefrom.scoring.progress import Progress

HALF = Progress(done=120, total=400, errors=2, cached=3, images_per_second=4.217, seconds_left=66.4)


class Terminal(io.StringIO):
    """A stderr that says that it is one."""

    def isatty(self) -> bool:
        return True


def test_the_words_of_a_run() -> None:
    assert words(HALF) == "120 of 400, 2 failed, 3 from the store, 4.22 images/s, 1:06 left"
    unknown = Progress(done=5, total=None, errors=0, cached=0, images_per_second=None, seconds_left=None)
    assert words(unknown) == "5"


def test_the_words_of_a_search() -> None:
    search = Step(settled=2, images=8, step=120, steps=400, searching=4, loss=0.01)
    during = replace(HALF, search=search)
    assert words(during) == (
        "120 of 400, 2 failed, 3 from the store, searching 4, step 120 of 400, 4.22 images/s, 1:06 left"
    )
    over = replace(during, done=400, seconds_left=0.0)
    assert words(over) == "400 of 400, 2 failed, 3 from the store, 4.22 images/s"


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with shown("scoring photos") as report:
        assert report is not None
        report(HALF)
    assert "scoring photos" in terminal.getvalue()
    assert "120 of 400" in terminal.getvalue()
    assert "4.22 images/s, 1:06 left" in terminal.getvalue()


def test_a_file_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("wherefrom.cli._progress.time.monotonic", lambda: now[0])
    with shown("scoring") as report:
        assert report is not None
        for now[0] in (0.0, 10.0, 31.0, 40.0, 62.0):
            report(HALF)
    assert capsys.readouterr().err == f"scoring: {words(HALF)}\n" * 2


def test_quiet_is_quiet(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with shown("scoring", quiet=True) as report:
        assert report is None
    assert call(capsys, "score", made.held, "--model", "toy", "--quiet").err == ""
