"""The wheel has all it needs: every file of the source, and in an environment of its own it runs the demo."""

from __future__ import annotations

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


def _files(package: Path) -> dict[str, bytes]:
    """What a package holds, but for what Python compiled."""
    paths = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in paths}


def test_the_wheel_has_every_file_of_the_source(program: Path) -> None:
    """Weights, tables and photos too, so that what the other tests load and run is what is installed."""
    (installed,) = (program.parent / "lib").glob("python*/site-packages/wherefrom")
    found, there = _files(installed), _files(ROOT / "src" / "wherefrom")
    assert set(found) == set(there)
    assert [name for name in there if found[name] != there[name]] == []
    assert {Path(name).suffix for name in there} >= {".py", ".json", ".safetensors", ".typed"}


@pytest.mark.weekly  # a demo; that the wheel has every file is checked always
def test_the_demo_runs_from_the_wheel(program: Path, tmp_path: Path) -> None:
    toys = ("--model", "toy", "--other", "toy:0.6", "--rival", "toy", "--jobs", "2")
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
