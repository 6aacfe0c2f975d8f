"""One small profile of the toy for all commands' tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.calling import save_noise
from wherefrom.cli import run


@dataclass(frozen=True)
class Made:
    """Folders of images and the toy's profile."""

    belonging: Path
    noise: Path
    held: Path
    profile: Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The toy's draws, noise, held-out ones of both, and the profile of the first two."""
    place = tmp_path_factory.mktemp("toy")
    belonging, held, profile = place / "belonging", place / "held", place / "toy.json"
    noise = save_noise(place / "noise", range(24))
    assert run(["generate", "toy", "--count", "24", "--out", str(belonging), "-q"]) == 0
    assert run(["generate", "toy", "--count", "4", "--seed", "1", "--out", str(held), "-q"]) == 0
    save_noise(held, range(100, 104))
    known = ["--belonging", str(belonging), "--foreign", f"noise={noise}"]
    assert (
        run(["profile", "toy", "--method", "aedr", *known, "--out", str(profile), "--store", str(place / "s.db"), "-q"])
        == 0
    )
    return Made(belonging=belonging, noise=noise, held=held, profile=profile)
