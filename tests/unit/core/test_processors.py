"""How many processors a process counts on, and how its threads wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wherefrom import cli
from wherefrom.core import processors

LISTED = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, LISTED),
        ({"cpu.max": "max 100000\n"}, LISTED),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "20000 100000\n"}, 1),
        ({"cpu.max": f"{100_000 * LISTED + 1} 100000\n"}, LISTED),
        ({"cpu.max": "unreadable\n"}, LISTED),
        ({"cpu.max": "100000 0\n"}, LISTED),
        ({"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"}, LISTED),
        ({"cpu.cfs_quota_us": "50000\n", "cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu.cfs_quota_us": "50000\n"}, LISTED),
    ],
)
def test_a_container_counts_on_its_share_of_the_machine(
    files: dict[str, str], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(processors, "_LIMITS", [str(tmp_path / name) for name in ("cpu.max", "cpu.cfs_quota_us")])
    assert processors.usable() == expected


@pytest.mark.parametrize(("limit", "threads"), [("100000 100000", "1"), ("150000 100000", "2"), ("max 100000", None)])
def test_no_more_threads_than_the_container_may_use(
    limit: str, threads: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(processors, "_LIMITS", [str(tmp_path / "cpu.max")])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.setattr(os, "environ", {})
    processors.share_processors()
    assert os.environ.get("OMP_NUM_THREADS") == threads
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_the_environment_says_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000")
    monkeypatch.setattr(processors, "_LIMITS", [str(tmp_path / "cpu.max")])
    monkeypatch.setattr(os, "environ", {"OMP_NUM_THREADS": "7", "OMP_WAIT_POLICY": "ACTIVE"})
    processors.share_processors()
    assert os.environ == {"OMP_NUM_THREADS": "7", "OMP_WAIT_POLICY": "ACTIVE"}


def test_it_says_whether_it_came_before_torch_whose_threads_then_sleep_while_they_wait() -> None:
    asked = "import wherefrom as wf; print(wf.share_processors()); import torch; print(wf.share_processors())"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    shown = {**clean, "OMP_DISPLAY_ENV": "verbose"}
    done = subprocess.run([sys.executable, "-c", asked], env=shown, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"]
    if sys.platform == "linux":  # where GNU's OpenMP says so of itself
        assert "GOMP_SPINCOUNT = '0'" in done.stderr


def test_the_command_line_shares_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    monkeypatch.setattr(cli, "share_processors", lambda: told.append(True))
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert told == [True]
