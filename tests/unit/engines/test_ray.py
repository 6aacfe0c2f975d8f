"""Workers of Ray: every chunk once, whatever becomes of a worker. A cluster starts in seconds: most is for the week."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engines.counting_task import chunks_of, job_of
from wherefrom.core.errors import MissingExtra, UsageError
from wherefrom.engines.ray import Ray

ROOT = Path(__file__).parents[3]


def by_ray(folder: Path, workers: int, *options: str) -> list[list[str]]:
    """The lines of a run in a process of its own, each as words."""
    pytest.importorskip("ray")
    command = [sys.executable, "-m", "tests.unit.engines.by_ray", str(folder), str(workers), *options]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    given = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"} | {"PYTHONPATH": paths}
    run = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [line.split() for line in run.stdout.splitlines() if not line.startswith("\x1b")]


def noted(folder: Path) -> list[list[str]]:
    """What each process that opened the task was asked about."""
    return [path.read_text().split() for path in (folder / "notes").iterdir() if path.name != "broke"]


@pytest.mark.weekly
def test_a_worker_that_is_lost_is_replaced_and_its_chunk_is_not(tmp_path: Path) -> None:
    place, *parts, told = by_ray(tmp_path, 2, "seconds=0.2", "breaks=7")
    assert place == ["at", "127.0.0.1"], "whoever reaches a cluster can run code in it"
    assert sorted(name for name, *_ in parts) == sorted(chunk.name for chunk in chunks_of(12, 2))
    assert told == ["told", "12", "1"]
    asked = noted(tmp_path)
    assert len(asked) == 3
    assert sorted(int(name) for names in asked for name in names) == list(range(1, 13))


@pytest.mark.weekly
def test_what_no_image_is_to_blame_for_comes_back_as_it_was_raised(tmp_path: Path) -> None:
    _, *parts, error, _ = by_ray(tmp_path, 1, "refused=5")
    assert len(parts) == 2
    assert " ".join(error) == "ModelError: the model cannot be asked about 5"


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"wherefrom\[ray\]"):
        list(Ray().parts(job_of(tmp_path), chunks_of(2, 2)))


def test_where_nothing_is_left_no_cluster_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert list(Ray().parts(job_of(tmp_path), [])) == []


@pytest.mark.parametrize("options", [{"workers": 0}, {"cpus": 0}, {"gpus": -0.5}])
def test_workers_that_could_not_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="need at least 1"):
        Ray(**options)
