"""The embedded generators are small, draw what their cards say, and know their own images."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.shared import shared_data
from training.frechet import Frechet
from training.sheets import ACROSS, NAME, draw_sheet
from training.small_images import read_images, share_of
from wherefrom import load_model
from wherefrom.core.seeds import seeds_of
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.models.adapters.generator import EncodingGenerator, Generator
from wherefrom.models.sources.description import describe, listing
from wherefrom.models.sources.zoo import ZOO, card, checked

NAMES = tuple(sorted(path.parent.name for path in ZOO.glob("*/generator.safetensors")))
SUBSETS = tuple(name for name in NAMES if name.startswith("dcgan-cifar10-"))
WIDTHS = {"dcgan": (100,), "burgess_vae": (64,), "stylegan2": (65,)}
"""Shape of a latent by architecture; StyleGAN2's carries its class."""
MOST = {"dcgan": 1_750_000, "burgess_vae": 1_200_000, "stylegan2": 1_600_000}
"""Bytes of the weights."""


def _model(name: str) -> Generator | EncodingGenerator:
    model = load_model(f"zoo:{name}", device="cpu")
    assert isinstance(model, Generator | EncodingGenerator)
    return model


def _said(name: str) -> str:
    return " ".join((ZOO / name / "README.md").read_text(encoding="utf-8").split())


def test_all_that_are_promised_are_there_and_small() -> None:
    assert {"dcgan-cifar10", "vae-cifar10", "stylegan2-cifar10"} <= set(NAMES)
    assert tuple(f"dcgan-cifar10-{share}" for share in (50, 60, 70, 80, 90)) == SUBSETS
    assert sum(path.stat().st_size for path in ZOO.rglob("*") if path.is_file()) < 16_000_000
    listed = {row.name: row for row in listing()}
    for name in NAMES:
        assert listed[f"zoo:{name}"] == describe(f"zoo:{name}")
        assert listed[f"zoo:{name}"].architecture == card(name)["architecture"]


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_opens_as_its_card_says(name: str) -> None:
    kind = card(name)["architecture"]
    weights = checked(name) / "generator.safetensors"
    assert weights.stat().st_size <= MOST[kind]
    with weights.open("rb") as file:
        header: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    assert {entry["dtype"] for key, entry in header.items() if key != "__metadata__"} == {"F16"}
    model = _model(name)
    assert (model.card.name, model.size, model.latent_shape) == (f"zoo:{name}", (32, 32), WIDTHS[kind])
    assert (model.card.facts["architecture"], model.card.notes["licence"]) == (kind, "Apache-2.0")
    assert f"{model.parameters:,} parameters" in _said(name)
    assert isinstance(model, EncodingGenerator) == (kind == "burgess_vae")
    seeds = seeds_of(0, [str(number) for number in range(40)])
    images = model.decode(model.draw(seeds))
    assert images.shape == (40, 3, 32, 32)
    assert float((images[1:] - images[:-1]).abs().mean((1, 2, 3)).min()) > 0.02, "no two draws are one image"
    assert torch.equal(images[:1], model.decode(model.draw(seeds[:1])))


@pytest.mark.parametrize("name", NAMES)
def test_the_sheet_shows_what_these_weights_draw(name: str, tmp_path: Path) -> None:
    path = ZOO / name / NAME
    assert path.stat().st_size <= 60_000
    assert f"({NAME})" in _said(name)
    for file in ZOO.joinpath(name).glob("generator.*"):
        shutil.copy(file, tmp_path)
    draw_sheet(tmp_path)
    shown, drawn = (np.asarray(Image.open(where).convert("RGB"), dtype=float) for where in (path, tmp_path / NAME))
    assert shown.shape == drawn.shape
    assert shown.shape[1] == ACROSS * 64
    assert np.abs(shown - drawn).mean() < 3, "the two differ by colours of the palette at most"


def test_dcgans_layout_is_also_told_by_its_weights_alone(tmp_path: Path) -> None:
    shutil.copy(ZOO / "dcgan-cifar10" / "generator.safetensors", tmp_path / "bare.safetensors")
    bare = load_model(str(tmp_path / "bare.safetensors"), device="cpu")
    assert dict(bare.card.facts) == dict(_model("dcgan-cifar10").card.facts)


@pytest.mark.parametrize("name", SUBSETS)
def test_the_dcgans_of_shares_say_which_share(name: str) -> None:
    share = int(name.rpartition("-")[2])
    assert f"{share} % of the 50,000 training images" in _said(name)
    assert f"subset {share / 100:g}, start 0.0" in _said(name)
    assert f"; {share * 500:,} images, 6,000 steps" in _said(name)


@torch.inference_mode()
def test_the_vae_makes_its_own_images_again_and_not_photos(photos: torch.Tensor) -> None:
    model = _model("vae-cifar10")
    assert isinstance(model, EncodingGenerator)
    own = to_images(list(to_pixels(model.decode(model.draw(seeds_of(1, [str(number) for number in range(20)]))))))
    errors = [(model.decode(model.encode(images)) - images).square().mean((1, 2, 3)) for images in (own, photos)]
    assert float(errors[0].median()) < 0.1 * float(errors[1].median())


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    """Tiles of 32 px of photos that come with scikit-image, shrunk by four, `(n, 3, 32, 32)`."""
    skimage_data = pytest.importorskip("skimage.data")
    found = []
    for name in ("astronaut", "coffee", "chelsea"):
        photo = Image.fromarray(getattr(skimage_data, name)())
        small = np.asarray(photo.resize((photo.width // 4, photo.height // 4), Image.Resampling.LANCZOS))
        found += [small[top : top + 32, left : left + 32] for top in (0, 32) for left in (0, 32, 64)]
    return to_images(found)


@torch.inference_mode()
def test_stylegan2_draws_its_class_with_the_seed_and_makes_of_it_what_it_says(tmp_path: Path) -> None:
    model = _model("stylegan2-cifar10")
    assert isinstance(model, Generator)
    assert (model.classes, model.card.facts["class"]) == (10, "search")
    seeds = seeds_of(0, [str(number) for number in range(200)])
    labels = model.draw(seeds)[:, -1]
    assert sorted(set(labels.tolist())) == list(range(10))
    first = model.draw(seeds[:1]).repeat(10, 1)
    first[:, -1] = torch.arange(10)
    images = model.decode(first)
    assert float((images[1:] - images[:1]).abs().mean((1, 2, 3)).min()) > 0.02, "the class changes the image"
    for file in ZOO.joinpath("stylegan2-cifar10").glob("generator.*"):
        shutil.copy(file, tmp_path)
    fixed = load_model(str(tmp_path / "generator.safetensors"), device="cpu", options={"class": 3})
    assert isinstance(fixed, Generator)
    assert fixed.latent_shape == (64,)
    torch.testing.assert_close(fixed.decode(first[3:4, :-1]), images[3:4])


@pytest.mark.data
@pytest.mark.weekly
@pytest.mark.parametrize("name", ["dcgan-cifar10", "vae-cifar10", "stylegan2-cifar10"])
def test_draws_are_as_far_from_cifar10_as_the_card_says(name: str) -> None:
    kind = "pixels 8x8"  # the cheaper one
    frechet = Frechet(share_of(read_images(shared_data("cifar10"), 32), 1.0, 0.0)[:10_000], (kind,))
    model, batches = _model(name), range(20)
    with torch.inference_mode():
        seeds = [seeds_of(batch, [str(number) for number in range(500)]) for batch in batches]
        drawn = np.concatenate([to_pixels(model.decode(model.draw(own))) for own in seeds])
    stated = re.search(rf"([0-9.]+) in `{re.escape(kind)}`", _said(name))
    assert stated is not None
    assert frechet(drawn)[kind] == pytest.approx(float(stated[1]), rel=0.1)
