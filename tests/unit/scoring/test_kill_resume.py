"""A run that is killed and started again, and two runs side by side, give the rows of one undisturbed run."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.unit.scoring import standins
from tests.unit.scoring.forked import start_process
from tests.unit.scoring.standins import write_images
from wherefrom.core.errors import StoreError
from wherefrom.scoring.store import Store

if sys.platform == "win32":
    pytest.skip("kill -9 and processes that are forked are POSIX's", allow_module_level=True)

COUNT = 100


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    write_images(folder, COUNT)
    return folder


@pytest.fixture(scope="module")
def undisturbed(images: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("undisturbed")
    standins.main(str(images), str(place / "s.db"), str(place / "log"), str(place / "rows"), "0")
    return (place / "rows").read_text()


def start(images: Path, store: Path, log: Path, output: Path, seconds: float = 0.01) -> BaseProcess:
    return start_process(standins.main, str(images), str(store), str(log), str(output), str(seconds))


def start_together(images: Path, store: Path, logs: list[Path], outputs: list[Path]) -> list[BaseProcess]:
    """Several at work at one time, however long each takes to come up."""
    for log in logs:
        log.with_suffix(".wait").touch()
    processes = [start(images, store, log, output) for log, output in zip(logs, outputs, strict=True)]
    while not all(log.with_suffix(".ready").exists() for log in logs):
        assert all(process.is_alive() for process in processes)
        time.sleep(0.01)
    for log in logs:
        log.with_suffix(".wait").unlink()
    return processes


def finish(process: BaseProcess) -> None:
    process.join(timeout=120)
    assert process.exitcode == 0


def kept(store: Path) -> int:
    if not store.exists():
        return 0
    with suppress(StoreError), Store(store) as opened:
        return opened.count()
    return 0


def asked(*logs: Path) -> Counter[str]:
    return Counter(line for log in logs for line in log.read_text().splitlines())


def test_killed_twice_and_started_again(images: Path, undisturbed: str, tmp_path: Path) -> None:
    store, log, output = tmp_path / "s.db", tmp_path / "log", tmp_path / "rows"
    for stop in (20, 55):
        process = start(images, store, log, output)
        while kept(store) < stop:
            assert process.is_alive(), "it ended before it was killed"
            time.sleep(0.03)  # opening the store takes longer than scoring an image
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert stop <= kept(store) < COUNT
        assert not output.exists()
    finish(start(images, store, log, output))
    assert output.read_text() == undisturbed
    assert len(undisturbed.splitlines()) == len(set(undisturbed.splitlines())) == COUNT
    assert kept(store) == COUNT
    times = asked(log)
    assert len(times) == COUNT
    assert sum(times.values()) <= COUNT + 2 * 4  # what was lost is at most the batch in hand, at each kill
    standins.main(str(images), str(store), str(tmp_path / "again"), str(output), "0")
    assert output.read_text() == undisturbed
    assert not (tmp_path / "again").exists(), "a second run asks nothing"


def test_two_processes_on_one_store(images: Path, undisturbed: str, tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    logs, outputs = [tmp_path / "log1", tmp_path / "log2"], [tmp_path / "rows 1", tmp_path / "rows 2"]
    for process in start_together(images, store, logs, outputs):
        finish(process)
    assert [output.read_text() for output in outputs] == [undisturbed] * 2
    assert kept(store) == COUNT
    assert set(asked(*logs).values()) == {1}, "an image was asked twice"
    assert len(asked(*logs)) == COUNT
    assert all(len(asked(log)) > COUNT / 5 for log in logs), "the work was not shared"


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="the death of a process is seen in Linux's /proc")
def test_one_of_two_is_killed_and_the_other_takes_over(images: Path, undisturbed: str, tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    logs, outputs = [tmp_path / "log1", tmp_path / "log2"], [tmp_path / "rows 1", tmp_path / "rows 2"]
    victim, heir = start_together(images, store, logs, outputs)
    while not logs[0].exists() or kept(store) < 30:
        assert victim.is_alive()
        time.sleep(0.03)
    victim.kill()
    victim.join()
    finish(heir)
    assert outputs[1].read_text() == undisturbed
    assert kept(store) == COUNT
    assert sum(asked(*logs).values()) <= COUNT + 4
