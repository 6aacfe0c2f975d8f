"""Jobs in processes of their own: what they return, what they say, and that none outlives the others' end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from wherefrom.cli import _at_once, _board
from wherefrom.cli._at_once import at_once
from wherefrom.cli._progress import Show
from wherefrom.core.errors import UsageError, WherefromError
from wherefrom.scoring.progress import Meter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and process numbers are POSIX's")


def _counted(show: Show, *, total: int) -> int:
    with show("counting") as report:
        meter = Meter(report=report, total=total)
        meter.add(total)
        meter.tell()
    return total


def _endless(show: Show, *, number: Path) -> None:
    """Says its process number, and that it is at it, and does not end by itself."""
    number.with_suffix(".part").write_text(str(os.getpid()))
    number.with_suffix(".part").rename(number)
    with show("waiting"):
        time.sleep(600)


def _fails(_: Show, *, number: Path, error: Callable[[], Exception]) -> None:
    _wait_for(number)
    raise error()


def _dies(_: Show, *, number: Path) -> None:
    _wait_for(number)
    os.kill(os.getpid(), signal.SIGKILL)


def _interrupted(_: Show) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "went on"


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def _is_gone(number: Path) -> bool:
    try:
        os.kill(int(number.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


class _Odd(Exception):
    """An error that cannot be read back from a pickle."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


def test_results_are_in_the_order_of_the_jobs() -> None:
    assert at_once({"many": partial(_counted, total=7), "few": partial(_counted, total=3)}, quiet=True) == [7, 3]


def test_a_line_says_what_each_is_at(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(_board, "_EVERY", 0.0)
    at_once({"one": partial(_counted, total=7)}, quiet=False)
    lines = capsys.readouterr().err.splitlines()
    assert "one: counting" in lines
    assert any(line.startswith("one: counting, 7 of 7") for line in lines)
    assert lines[-1] == "one: done"


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        (partial(UsageError, "name another"), UsageError, r"^name another\n"),
        (partial(_Odd, "an odd", "one"), WherefromError, r"^_Odd: an odd one\n"),
    ],
)
def test_an_error_of_one_is_raised_and_ends_the_other(
    tmp_path: Path, error: Callable[[], Exception], raised: type[Exception], said: str
) -> None:
    number = tmp_path / "number"
    with pytest.raises(raised, match=said) as caught:
        at_once(
            {"endless": partial(_endless, number=number), "fails": partial(_fails, number=number, error=error)},
            quiet=True,
        )
    assert any("in _fails" in note for note in caught.value.__notes__), "for --debug, where it arose"
    assert _is_gone(number)


def test_one_that_is_killed_is_named_and_ends_the_other(tmp_path: Path) -> None:
    number = tmp_path / "number"
    with pytest.raises(WherefromError, match="'dies' was ended from outside"):
        at_once({"endless": partial(_endless, number=number), "dies": partial(_dies, number=number)}, quiet=True)
    assert _is_gone(number)


def test_an_interrupt_ends_all_and_is_the_parents_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number, before = tmp_path / "number", signal.getsignal(signal.SIGINT)

    def interrupt(*_: object, **__: object) -> None:
        _wait_for(number)
        raise KeyboardInterrupt

    assert at_once({"itself": _interrupted}, quiet=True) == ["went on"]
    monkeypatch.setattr(_at_once, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        at_once({"endless": partial(_endless, number=number)}, quiet=True)
    assert _is_gone(number)
    assert signal.getsignal(signal.SIGINT) is before
