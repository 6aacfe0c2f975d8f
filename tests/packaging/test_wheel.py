"""The wheel has all it needs: in an environment of its own it loads the zoo, runs the demo and lists the tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a program that must succeed, away from the sources."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel, and what it depends on from this one.

    The dependencies are seen through a path alone, so the editable install that may be among them is not.
    """
    place = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place, cwd=ROOT)
    (wheel,) = place.glob("*.whl")
    venv.create(place / "env", with_pip=False, symlinks=True)
    python = place / "env" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, wheel, cwd=place)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    home = run(python, "-c", "import wherefrom; print(wherefrom.__file__)", cwd=place)
    assert home.startswith(str(place)), home
    return python.parent


CODE = """
import json
import wherefrom as wf
from wherefrom import bench
from wherefrom.models.sources import zoo

for name in zoo.names():
    wf.load_model(f"zoo:{name}", device="cpu")
for name in bench.names():
    bench.load(name)
print(json.dumps([zoo.names(), bench.names()]))
"""


def test_every_model_of_the_zoo_and_every_table_loads_from_the_wheel_by_name(program: Path, tmp_path: Path) -> None:
    models, tables = json.loads(run(program / "python", "-c", CODE, cwd=tmp_path))
    there = {path.parent.name for path in (ROOT / "src/wherefrom/models/zoo").glob("*/card.json")}
    assert set(models) == there
    assert len(there) >= 3
    assert set(tables) == {path.stem for path in (ROOT / "src/wherefrom/bench").glob("[a-z]*.py")} - {"base"}


def test_the_demo_runs_from_the_wheel(program: Path, tmp_path: Path) -> None:
    toys = ("--model", "toy", "--other", "toy:0.6", "--rival", "toy", "--jobs", "1")  # the zoo loads in another test
    small = (
        "--count",
        "24",
        "--size",
        "32",
        "--method",
        "aedr",
        "--search",
        "restarts=1",
        "--search",
        "steps=2",
        *toys,
    )
    said = run(program / "wherefrom", "demo", *small, "--search", "race=null", "--out", tmp_path / "demo", cwd=tmp_path)
    assert "Part 1" in said
    assert (tmp_path / "demo" / "profile.json").is_file()
    assert (tmp_path / "demo" / "generator" / "verdicts.csv").is_file()
