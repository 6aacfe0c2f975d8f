"""A newcomer follows CONTRIBUTING.md word by word, in a copy of the source: every file, every change, every command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.following import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
LINKED = "models/zoo"  # many megabytes that nothing here changes


def _copied(folder: Path) -> Path:
    """The source as a newcomer has it, but for weights, which are linked. What was compiled need not be once more."""
    source = ROOT / "src" / "wherefrom"
    large = str(source / LINKED)
    shutil.copytree(
        source,
        folder / "src" / "wherefrom",
        ignore=lambda place, names: [name for name in names if str(Path(place, name)) == large],
    )
    (folder / "src" / "wherefrom" / LINKED).symlink_to(source / LINKED)
    return folder


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
def test_every_section_can_be_followed_word_by_word(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.docs.following", str(_copied(tmp_path))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
