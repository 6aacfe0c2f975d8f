"""The embedded autoencoders are small and as good as their cards say."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
from skimage.metrics import peak_signal_noise_ratio

from wherefrom import load_model
from wherefrom.core.seeds import seeds_of
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.fit import crop
from wherefrom.models._zoo import ZOO
from wherefrom.models.base import Autoencoder

NAMES = ("kl-f8-a", "kl-f8-b")
PHOTOS = ("astronaut", "coffee", "chelsea")


def _model(name: str) -> Autoencoder:
    model = load_model(f"zoo:{name}", device="cpu")
    assert isinstance(model, Autoencoder)
    return model


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_reproduces_photos_at_22_db_and_as_its_card_says(name: str, photo: str) -> None:
    model = _model(name)
    pixels = crop(np.asarray(getattr(skimage.data, photo)()), model.factor)
    again = to_pixels(model.decode(model.encode(to_images([pixels]))))[0]
    measured = peak_signal_noise_ratio(pixels, again)
    assert measured >= 22
    said = re.search(rf"{photo} ([0-9.]+) dB", (ZOO / name / "README.md").read_text(encoding="utf-8"))
    assert said is not None
    assert measured == pytest.approx(float(said[1]), abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_is_small_and_in_float16(name: str) -> None:
    weights = ZOO / name / "diffusion_pytorch_model.safetensors"
    assert weights.stat().st_size <= 4_000_000
    with weights.open("rb") as file:
        header: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    assert {entry["dtype"] for key, entry in header.items() if key != "__metadata__"} == {"F16"}


def test_the_two_are_of_one_architecture_with_other_weights() -> None:
    a, b = (_model(name).card for name in NAMES)
    assert a.facts["architecture"] == b.facts["architecture"]
    assert a.facts["decoder"] != b.facts["decoder"]
    assert a.facts["encoder"] != b.facts["encoder"]


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_draws_are_images_of_the_size_asked_that_differ_by_seed(name: str) -> None:
    model, seeds = _model(name), seeds_of(0, ["one", "two"])
    images = model.decode(model.draw(seeds, size=(64, 96)))
    assert images.shape == (2, 3, 64, 96)
    assert 0.02 < float(images.std()) < 1
    assert 0.05 < float(images.mean()) < 0.95
    assert float((images[0] - images[1]).abs().mean()) > 0.02
    assert torch.equal(model.draw(seeds, size=(64, 96))[1:], model.draw(seeds[1:], size=(64, 96)))
