"""One service with two small profiles of the toy, for all tests of the service."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.bad_files import good_pixels
from wherefrom.images.batches import to_pixels
from wherefrom.judging import calibrate
from wherefrom.methods.aedr import AEDR
from wherefrom.models.toy import Toy
from wherefrom.records.files import save_profile
from wherefrom.scoring.run import score
from wherefrom.service import RequestLimits, Settings, create_app

SIDE = 32


def png(pixels: Any) -> bytes:
    """Pixels as the bytes of a PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def belongings(gain: float, count: int, first: int = 0) -> list[bytes]:
    """Images that a toy made, as PNG."""
    toy = Toy(gain=gain)
    drawn = toy.decode(toy.draw(np.arange(first, first + count, dtype=np.uint64), size=(SIDE, SIDE)))
    return [png(one) for one in to_pixels(drawn)]


def noise(seed: int) -> bytes:
    """Noise as a PNG, which no toy made."""
    return png(good_pixels(seed, (SIDE, SIDE)))


@pytest.fixture(scope="session")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the profiles of two toys."""
    folder = tmp_path_factory.mktemp("profiles")
    photos = [noise(seed) for seed in range(24)]
    for name, gain in (("a", 0.9), ("b", 0.5)):
        tables = [score(known, model=Toy(gain=gain), method=AEDR()) for known in (belongings(gain, 24), photos)]
        made = calibrate(belonging=tables[0], foreign={"noise": tables[1]})
        save_profile(made, folder / f"{name}.json")
    return folder


@pytest.fixture(scope="session")
def client(profiles: Path) -> Iterator[TestClient]:
    """A client of a running service that asks for no key."""
    limits = RequestLimits(requests_a_minute=None, max_pixels=1_000_000, max_image_bytes=2**20, max_request_bytes=2**22)
    with TestClient(create_app(Settings(profiles=profiles, models={"b": "toy:0.5"}, limits=limits))) as client:
        yield client
