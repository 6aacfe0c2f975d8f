"""Exit codes, one-line errors, interrupts, broken pipes, and a start without torch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.calling import ROOT, call, command, save_noise
from wherefrom import __version__
from wherefrom.cli.app import COMMANDS
from wherefrom.scoring.store import Store

SLOW = """
import time
from wherefrom.models.toy import Toy

class Slow(Toy):
    def encode(self, images):
        time.sleep(0.2)
        return super().encode(images)
"""


HELP = """
import sys
from wherefrom.cli import run

for command in sys.argv[1:]:
    assert run([command, "--help"]) == 0, command
    heavy = {"torch", "numpy", "PIL", "pyarrow", "rich"} & set(sys.modules)
    assert not heavy, (command, heavy)
"""


def test_every_command_explains_itself_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", HELP, *COMMANDS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(f"Usage: wherefrom {name} " in done.stdout for name in COMMANDS)


def test_a_command_reads_the_files_of_no_other_command() -> None:
    script = "import sys; from wherefrom.cli import run; run(['verify', '--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    read = {name.removeprefix("wherefrom.cli.") for name in done.stdout.split() if name.startswith("wherefrom.cli.")}
    assert read & {module for module, _ in COMMANDS.values()} == {"verify"}


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--version").out == f"wherefrom {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense"], 2, "No such command"),
        (["score", "x.png"], 2, "--model"),
        (["score", "nowhere", "--model", "toy"], 2, "no such file or folder: nowhere"),
        (["score", "README.md", "--model", "toy", "--out", "scores.xls"], 2, ".csv or .parquet"),
        (["score", "README.md", "--model", "toy", "--method", "aerd"], 2, "did you mean 'aedr'"),
        (["score", "README.md", "--model", "toy", "--option", "flor=1"], 2, "no option flor"),
        (["score", "README.md", "--model", "toy", "--option", "flor"], 2, "NAME=VALUE"),
        (["score", "README.md", "--model", "zoo:kl-f9"], 2, "kl-f9"),
        (["score", "README.md", "--model", "./nowhere.pkl"], 2, "does not exist"),
        (["score", "README.md", "--model", "zoo:dcgan-cifar10", "--device", "gpu"], 2, "no device 'gpu'"),
        (["score", "README.md", "--model", "zoo:dcgan-cifar10", "--dtype", "float8"], 2, "no dtype 'float8'"),
        (["score", "", "--model", "toy"], 2, "'' is no path"),
        (["score", "README.md", "", "--model", "toy"], 2, "'' is no path"),
        (["score", "README.md", "--model", "toy", "--out", ""], 2, "'' is no path"),
        (["score", "no.png", "no.jpg", "--model", "nowhere.pt"], 2, "no such files or folders: no.png, no.jpg"),
        (["score", "no.png", "--model", "nowhere.pt"], 2, "no such file or folder: no.png"),
        (["generate", "--out-dir", "x", "--count", "1"], 2, "name one by --model"),
        (["generate", "toy", "--model", "toy", "--out-dir", "x", "--count", "1"], 2, "two models, toy and toy"),
        (["demo", "--size", "96x64", "--out-dir", "x"], 2, "no square"),
        (["score", "README.md", "--model", "collections:OrderedDict"], 1, "--trust"),
        (["generate", "toy", "--out", "x"], 2, "--count N"),
        (["generate", "toy", "--out", "x", "--count", "1", "--size", "big"], 2, "WIDTHxHEIGHT"),
        (["profile", "toy", "--belonging", ".", "--out", "p.parquet"], 2, "use .json"),
        (["profile", "toy", "--belonging", ".", "--foreign", "photos", "--out", "p.json"], 2, "NAME=PATH"),
        (["attribute", "README.md", "--profile", "nowhere.json"], 2, "no file nowhere.json"),
        (["attribute", "README.md", "--profile", "README.md"], 2, "use .json"),
        (["attribute", "README.md", "--profile", "CITATION.cff", "--alpha", "5"], 2, "alpha=5"),
        (["demo", "--size", "100", "--out", "x"], 2, "use 96"),
    ],
)
def test_a_refusal_is_one_line_and_an_exit_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    done = call(capsys, *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err
    if not done.err.startswith("Usage"):
        assert done.err.startswith("error: ")
        assert done.err.count("\n") == 1
    assert not (ROOT / "x").exists()


def fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError("nobody\nthought of this")


def test_a_fault_of_ours_is_one_line_and_says_how_to_see_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, made: Any
) -> None:
    monkeypatch.setattr("wherefrom.scoring.run.score", fail)
    done = call(capsys, "score", made.held, "--model", "toy")
    assert done.code == 1
    assert done.err == "error: ZeroDivisionError: nobody thought of this (wherefrom --debug ... shows where)\n"
    with pytest.raises(ZeroDivisionError):
        call(capsys, "--debug", "score", made.held, "--model", "toy")


def test_an_interrupt_keeps_what_is_stored_and_a_second_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slowly.py").write_text(SLOW)
    store, images = tmp_path / "scores.db", save_noise(tmp_path / "images", range(12), side=16)
    given = ["score", images, "--model", "slowly:Slow", "--trust", "--store", store, "--batch", 1]
    given += ["--method", "reconstruction", "--json"]
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    world = {**os.environ, "PYTHONPATH": paths}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and so
    running = subprocess.Popen(  # would what it starts
        command(*given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=world
    )
    signal.signal(signal.SIGINT, before)
    until = time.monotonic() + 60
    while not store.exists() or kept(store) < 2:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert "scores that are in the store are kept" in err
    assert "Traceback" not in err
    assert 2 <= kept(store) < 12
    monkeypatch.syspath_prepend(str(tmp_path))
    again = call(capsys, *given)
    assert again.code == 0
    assert len(again.rows) == kept(store) == 12


def kept(store: Path) -> int:
    with Store(store) as opened:
        return opened.count()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, typer.Abort])
def test_an_interrupt_outside_of_a_command(
    stop: type[BaseException], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> int:
        raise stop

    monkeypatch.setattr("wherefrom.cli._called", interrupted)
    done = call(capsys, "models")
    assert (done.code, done.err) == (130, "stopped\n")


@pytest.mark.parametrize("asked", [["models", "list", "--json"], ["--version"]], ids=["while writing", "at the end"])
def test_nobody_reading_is_no_traceback(asked: list[str]) -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command(*asked), stdout=writer, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT, env=buffered
    )
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == ""
