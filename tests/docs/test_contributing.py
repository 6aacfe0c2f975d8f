"""A newcomer follows CONTRIBUTING.md word by word, in a copy of the source: every file, every change, every command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LINKED = ("models/zoo",)  # many megabytes that nothing here changes
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (?P<path>src/\S+\.py)\n(?P<body>.*)", re.DOTALL)


def _copied(folder: Path) -> Path:
    """The source as a newcomer has it, but for weights, which are linked. What was compiled need not be once more."""
    source = ROOT / "src" / "wherefrom"
    large = {str(source / name) for name in LINKED}
    shutil.copytree(
        source,
        folder / "src" / "wherefrom",
        ignore=lambda place, names: [name for name in names if str(Path(place, name)) in large],
    )
    for name in LINKED:
        (folder / "src" / "wherefrom" / name).symlink_to(source / name)
    return folder


def _changed(folder: Path, body: str) -> None:
    """Apply a change: the lines after `-`, which must be there once, become the lines after `+`."""
    head, *lines = body.splitlines()
    path = folder / head.removeprefix("--- ")
    old = "".join(f"{line[1:]}\n" for line in lines if line.startswith("-"))
    new = "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"CONTRIBUTING.md changes a line that {head} does not have once: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _followed(folder: Path, section: str) -> None:
    """Do what one section says: write its files, make its changes, run its programs and commands."""
    for block in BLOCK.finditer(section):
        body = block["body"]
        file = FILE.fullmatch(body)
        if file:
            place = folder / file["path"]
            assert not place.exists()
            place.write_text(file["body"], encoding="utf-8")
        elif block["kind"] == "diff":
            _changed(folder, body)
        elif block["kind"] == "python":
            _run(folder, [sys.executable, "-c", body])
        else:
            for line in body.splitlines():
                words = line.partition("#")[0].split()
                program = ["-m", "wherefrom"] if words[0] == "wherefrom" else []
                _run(folder, [sys.executable, *program, *words[1:]])


def _run(folder: Path, command: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]}


def test_there_is_a_section_for_each_thing_that_can_be_added() -> None:
    assert list(SECTIONS) == [
        "A method",
        "A rule",
        "A metric",
        "A generator that is read from a file",
        "A class of autoencoder",
        "A table",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_can_be_followed_word_by_word(name: str, tmp_path: Path) -> None:
    _followed(_copied(tmp_path), SECTIONS[name])
