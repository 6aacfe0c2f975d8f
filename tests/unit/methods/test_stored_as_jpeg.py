"""A search that allows for the JPEG finds a generator's stored images where the squared error hides them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wherefrom as wf
from wherefrom.images import edits
from wherefrom.images.embedded import TEST_PHOTOS, save_scaled, save_tiles
from wherefrom.images.read import read_image
from wherefrom.making import draws
from wherefrom.methods.ronan import RONAN

QUALITY = 75
pytestmark = pytest.mark.slow


def _losses(folder: Path, **few: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Of a draw and a photo, stored as JPEG, by both metrics."""
    model: Any = wf.load_model("zoo:dcgan-cifar10", device="cpu")
    edit = edits.load(f"jpeg:{QUALITY}")
    (folder / "tiles").mkdir()
    tiles = save_tiles(TEST_PHOTOS, folder / "tiles", size=128, count=1)
    kinds: dict[str, list[Path | None]] = {
        "own": [made.path for made in draws(model, folder=folder, places=range(1), seed=11, size=None)],
        "photos": [*save_scaled(tiles, folder, size=(32, 32))],
    }
    stored = {
        kind: [edit.write(read_image(path).pixels, folder / f"{kind}-{n}") for n, path in enumerate(paths) if path]
        for kind, paths in kinds.items()
    }
    ways = {"mse": RONAN(**few), "jpeg": RONAN(metric="jpeg", quality=QUALITY, **few)}
    asked = {
        metric: [wf.score(paths, model=model, method=way).scores["loss"] for paths in stored.values()]
        for metric, way in ways.items()
    }
    return {metric: (own, photos) for metric, (own, photos) in asked.items()}


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """After a whole search."""
    return _losses(tmp_path_factory.mktemp("stored"), restarts=4, keep=1)


@pytest.mark.weekly  # whole searches
def test_what_a_jpeg_took_is_not_counted_from_the_first_steps_on(tmp_path: Path) -> None:
    """The distance to all images that are stored as the same file is at most that to the one that was read."""
    found = _losses(tmp_path, restarts=1, race=None, steps=15, plateau=None)
    for allowed, squared in zip(found["jpeg"], found["mse"], strict=True):
        assert (allowed < 0.9 * squared).all()


@pytest.mark.weekly
def test_belongings_are_at_nothing_but_rounding_and_photos_far_from_it(
    losses: dict[str, tuple[np.ndarray, np.ndarray]],
) -> None:
    own, photos = losses["jpeg"]
    assert own.max() < 1e-5
    assert photos.min() > 30 * own.max()


@pytest.mark.weekly
def test_the_squared_error_keeps_what_the_jpeg_took(losses: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    own, photos = losses["mse"]
    assert own.min() > 1e-4
    assert photos.min() / own.max() < 0.1 * losses["jpeg"][1].min() / losses["jpeg"][0].max()
