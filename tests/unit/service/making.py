"""What the tests of the service ask it about: small images of two toys and noise, and services around them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from fastapi import FastAPI
from PIL import Image

from tests.bad_files import good_pixels
from wherefrom.images.batches import to_pixels
from wherefrom.models.toy import Toy
from wherefrom.service import RequestLimits, Settings, create_app

__all__ = ["GAINS", "LIMITS", "app_of", "belongings", "files", "noise", "png"]

GAINS: Final = {"a": 0.9, "b": 0.5}
"""The gain of the toy of each profile."""
LIMITS: Final = RequestLimits(
    requests_a_minute=None,
    max_pixels=1_000_000,
    max_image_bytes=2**20,
    max_request_bytes=2**22,
    max_images=8,
    wait_seconds=300.0,
)
_SIDE: Final = 32


def png(pixels: Any) -> bytes:
    """Pixels as the bytes of a PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def belongings(name: str, count: int, first: int = 0) -> list[bytes]:
    """Images that the toy of a profile made, as PNG."""
    toy = Toy(gain=GAINS[name])
    drawn = toy.decode(toy.draw(np.arange(first, first + count, dtype=np.uint64), size=(_SIDE, _SIDE)))
    return [png(one) for one in to_pixels(drawn)]


def noise(seed: int) -> bytes:
    """Noise as a PNG, which no toy made."""
    return png(good_pixels(seed, (_SIDE, _SIDE)))


def files(*images: bytes | tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    """Images as a client sends them, with their names or by their number."""
    named = [one if isinstance(one, tuple) else (f"{place}.png", one) for place, one in enumerate(images)]
    return [("images", one) for one in named]


def app_of(profiles: Path, **changes: Any) -> FastAPI:
    """A service of both profiles. Its worker starts where a `TestClient` is entered, and jobs wait where it is not."""
    settings: dict[str, Any] = {"profiles": profiles, "models": {"b": "toy:0.5"}, "limits": LIMITS}
    return create_app(Settings(**{**settings, **changes}))
