"""A map of a constructed model: all of what it drew, none of what it did not, and the part that was pasted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.unit.mapping.projecting import Projecting, drawn, noise
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.images.read import pixel_digest
from wherefrom.mapping import METHOD, evidence_map
from wherefrom.methods.control import Control
from wherefrom.models.adapters.through import through

MODEL = Projecting()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_decoder_drew_supports_everywhere_and_other_images_nowhere(seed: int) -> None:
    own = evidence_map(drawn(seed, 64, 64), model=MODEL)
    assert own.share is not None
    assert own.share > 0.95
    other = evidence_map(noise(seed, 64, 64), model=MODEL)
    assert other.share == 0
    assert abs(float(np.mean(other.statistic))) < 0.05


@pytest.mark.parametrize("refine", [True, False])
def test_a_pasted_part_is_outlined(refine: bool) -> None:
    pixels = noise(5, 96, 128)
    pixels[32:80, 40:104] = drawn(5, 96, 128)[32:80, 40:104]
    found = evidence_map(pixels, model=MODEL, method=Control(copies="turn180+mirror+flip", refine=refine))
    part = np.zeros((24, 32), dtype=np.bool_)
    part[8:20, 10:26] = True
    assert np.count_nonzero(found.supports & part) / np.count_nonzero(found.supports | part) > 0.9
    assert "may be a composite" in found.sentence
    assert found.chance_by_symmetry == 1 / 4


def test_a_map_says_its_models_precision_where_it_is_not_the_usual_one() -> None:
    usual, other = (evidence_map(noise(1, 32, 32), model=Projecting(dtype=name)) for name in ("float32", "bfloat16"))
    assert "dtype" not in usual.method.facts
    assert other.method.facts["dtype"] == "bfloat16"


def test_a_flat_image_is_masked_and_a_clipped_part_too() -> None:
    flat = evidence_map(np.full((48, 64, 3), 130, dtype=np.uint8), model=MODEL)
    assert flat.masked.all()
    assert flat.share is None
    assert flat.share_masked == 1
    assert "no part of the image can be judged" in flat.sentence
    pixels = noise(3, 64, 64)
    pixels[:, 32:] = 255
    half = evidence_map(pixels, model=MODEL)
    assert np.array_equal(half.masked[0], np.arange(16) >= 8)
    assert not half.supports.any()


def test_sides_that_are_no_multiples_are_cropped_and_facts_are_kept() -> None:
    pixels = noise(4, 67, 93)
    found = evidence_map(pixels, model=MODEL)
    assert found.statistic.shape == found.supports.shape == (16, 22)
    assert found.over_pixels("masked").shape == (64, 88)
    assert (found.model, found.decoder, found.stride) == ("projecting", "d" * 64, 4)
    assert found.image.pixel_digest == pixel_digest(pixels)
    assert found.image.scored_digest == pixel_digest(np.ascontiguousarray(pixels[:64, :88]))
    assert found.corner == (0, 0)


def test_a_quarter_turn_exchanges_the_sides_and_is_turned_back() -> None:
    pixels = noise(6, 64, 96)
    pixels[:, :48] = drawn(6, 64, 96)[:, :48]
    found = evidence_map(pixels, model=MODEL, method=Control(copies="turn90+transpose"))
    assert found.supports[:, :11].mean() > 0.95
    assert not found.supports[:, 13:].any()


def test_a_part_that_the_model_is_asked_about_says_where_it_begins() -> None:
    behind: Any = through(MODEL, "crop:8,8")
    assert evidence_map(noise(7, 70, 90), model=behind).corner == behind.part((70, 90))[:2]


@pytest.mark.parametrize("copies", ["mirror", "mirror+shift"])
def test_copies_that_cannot_be_compared_are_refused(copies: str) -> None:
    with pytest.raises(UsageError, match="at least 2 copies"):
        evidence_map(noise(1, 64, 64), model=MODEL, method=Control(copies=copies))


def test_what_cannot_be_mapped_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match="beta=2"):
        evidence_map(noise(1, 64, 64), model=MODEL, beta=2)
    with pytest.raises(ImageError, match="too small"):
        evidence_map(noise(1, 4, 64), model=MODEL)
    with pytest.raises(ModelError, match="no encoder"):
        evidence_map(noise(1, 32, 32), model="zoo:dcgan-cifar10")


def test_the_default_suits_images_that_are_no_squares() -> None:
    assert METHOD.names == ("turn180", "mirror")
