"""The embedded autoencoders are small and as good as their cards say."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from tests.shared import shared_data
from training.export_flow import SHEET, SIDE, decoded, kurtosis, passed, photo_squares, whole
from training.frechet import KINDS, Frechet
from training.kl_autoencoder import read_photos
from training.latent_flow import LONGEST
from wherefrom import load_model
from wherefrom.core.seeds import seeds_of
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.fit import crop
from wherefrom.models.base import Autoencoder
from wherefrom.models.opening.autoencoder import open_autoencoder
from wherefrom.models.sources.zoo import ZOO

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


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_draws_have_edges_and_quiet_places_as_photos_have_and_gaussian_fields_have_not(name: str) -> None:
    """Differences of neighbouring pixels: most are small, some are large. Kurtosis is 3 of normal ones."""
    model, seeds = open_autoencoder(ZOO / name), seeds_of(0, [str(number) for number in range(8)])
    photos = [crop(np.asarray(getattr(skimage.data, photo)())[::2, ::2], model.factor) for photo in PHOTOS]
    real = float(np.median([kurtosis(passed(model, photo[None])) for photo in photos]))
    learned, gaussian = (
        kurtosis(decoded(model, of(seeds, size=(128, 128)))) for of in (model.draw, model.search_starts)
    )
    assert learned > 1.5 * gaussian
    assert abs(learned - real) < abs(gaussian - real)


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_of_latents_is_small_and_as_its_card_says(name: str) -> None:
    folder = ZOO / name
    weights = folder / "flow" / "diffusion_pytorch_model.safetensors"
    assert weights.stat().st_size <= 2_000_000
    assert (folder / "flow" / "samples.png").stat().st_size <= 60_000
    with weights.open("rb") as file:
        header: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    entries = [entry for key, entry in header.items() if key != "__metadata__"]
    assert {entry["dtype"] for entry in entries} == {"F16"}
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{sum(math.prod(entry['shape']) for entry in entries):,} parameters" in " ".join(text.split())
    steps = json.loads((folder / "flow" / "sampler.json").read_text(encoding="utf-8"))["steps"]
    assert f"{steps} steps of the midpoint rule" in " ".join(text.split())
    said = _distances(name)
    drawn, fields, passed_through, photos = said.values()
    for column in (0, 1):
        assert passed_through[column] < drawn[column] < 0.9 * fields[column], "whole images are nearer, and not there"
    assert drawn[2] < 0.9 * fields[2], "and patches, in features"
    assert abs(drawn[4] - photos[4]) < abs(fields[4] - photos[4]) / 2


def _distances(name: str) -> dict[str, list[float]]:
    """The rows of the table in a model's card."""
    lines = (ZOO / name / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: [float(cell) for cell in row[1:]] for row in cells[2:]}


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_the_sheet_shows_what_these_weights_draw(name: str) -> None:
    """One of them: whose draws these are, so that what was measured of many in the card holds of what is drawn now."""
    _, _, side = SHEET
    model = open_autoencoder(ZOO / name)
    image = decoded(model, model.draw(np.array([1], dtype=np.uint64), size=(SIDE, SIDE)))[0]
    drawn = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS), dtype=float)
    with Image.open(ZOO / name / "flow" / "samples.png") as sheet:
        shown = np.asarray(sheet.convert("RGB"), dtype=float)[:side, side : 2 * side]
    assert np.abs(shown - drawn).mean() < 6, "the two differ by colours of the palette at most"
    assert np.abs(shown - drawn[::-1]).mean() > 12


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.weekly
@pytest.mark.parametrize("name", NAMES)
def test_draws_are_as_far_from_photos_as_the_card_says(name: str) -> None:
    kind, count = KINDS[1], 256  # the cheaper one, on whole images
    photos = read_photos(shared_data("photos"), LONGEST)
    frechet = Frechet(whole(photo_squares(photos[::2], count, 0)), (kind,))
    model = open_autoencoder(ZOO / name)
    with torch.inference_mode():
        drawn = decoded(model, model.draw(np.arange(count, dtype=np.uint64), size=(SIDE, SIDE)))
    assert frechet(whole(drawn))[kind] == pytest.approx(_distances(name)["draws"][1], rel=0.1)
