"""Two small profiles of toys, and one running service of both, for all tests of the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.service.making import GAINS, app_of, belongings, noise
from wherefrom.judging import calibrate
from wherefrom.methods.aedr import AEDR
from wherefrom.models.toy import Toy
from wherefrom.records.files import save_profile
from wherefrom.scoring.run import score


@pytest.fixture(scope="session")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the profiles of two toys."""
    folder = tmp_path_factory.mktemp("profiles")
    photos = [noise(seed) for seed in range(120)]
    for name, gain in GAINS.items():
        known, other = (score(images, model=Toy(gain=gain), method=AEDR()) for images in (belongings(name, 40), photos))
        save_profile(calibrate(belonging=known, foreign={"noise": other}), folder / f"{name}.json")
    return folder


@pytest.fixture(scope="session")
def client(profiles: Path) -> Iterator[TestClient]:
    """A client of a running service that asks for no key."""
    with TestClient(app_of(profiles)) as client:
        yield client


@pytest.fixture
def stopped(profiles: Path) -> TestClient:
    """A client of a service whose worker does not run, so that jobs wait."""
    return TestClient(app_of(profiles))
