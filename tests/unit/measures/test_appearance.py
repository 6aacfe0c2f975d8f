"""What an image looks like: the same after a small change, another for another image, nothing for a plain one."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.textures import texture
from tests.toy_tables import facts
from wherefrom.core.facts import ImageFacts
from wherefrom.measures.appearance import appearance
from wherefrom.records.near_copies import index_of


def seen(label: str, pixels: Any) -> ImageFacts:
    return facts(label, appearance=appearance(np.ascontiguousarray(pixels)))


def jpeg(pixels: Any, quality: int) -> Any:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=quality)
    return np.asarray(Image.open(data))


KNOWN = [seen(f"own-{seed}", texture(seed)) for seed in range(12)]


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels[1:],
        lambda pixels: pixels[:-1],
        lambda pixels: pixels[1:, 1:],
        lambda pixels: jpeg(pixels, 85),
        lambda pixels: (pixels * 0.7).astype(np.uint8),
        lambda pixels: np.asarray(Image.fromarray(pixels).resize((32, 32))),
    ],
    ids=["first row", "last row", "row and column", "jpeg", "darker", "half"],
)
def test_a_small_change_leaves_an_image_known(change: Callable[[Any], Any]) -> None:
    index = index_of(KNOWN)
    for seed in range(12):
        assert index.of(seen("changed", change(texture(seed)))) == f"own-{seed}.png"


def test_other_images_are_copies_of_none() -> None:
    index = index_of(KNOWN)
    assert not [seed for seed in range(100, 160) if index.of(seen("other", texture(seed)))]


def test_a_plain_image_has_no_code() -> None:
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] * 3, 64, axis=0).repeat(3, axis=2)
    disc = np.full((64, 64, 3), 240, dtype=np.uint8)
    disc[28:36, 28:36] = 10
    for plain in (np.full((64, 64, 3), 9, dtype=np.uint8), ramp, disc):
        assert appearance(plain).code is None


def test_brightness_contrast_and_content_by_hand() -> None:
    pixels = np.full((40, 40, 3), 100, dtype=np.uint8)
    assert (appearance(pixels).brightness, appearance(pixels).contrast, appearance(pixels).content) == (100, 0, 0)
    pixels[10:30, 20:40] = 200
    seen_now = appearance(pixels)
    assert (seen_now.brightness, seen_now.content) == (125, 0.25)
    assert seen_now.contrast == pytest.approx(100 * np.sqrt(0.25 * 0.75), abs=0.01)


def test_a_large_image_has_the_numbers_of_a_small_one() -> None:
    small = texture(3, 128)
    large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
    assert appearance(large) == appearance(small)
