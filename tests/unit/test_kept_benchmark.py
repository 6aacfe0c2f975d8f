"""What a JPEG keeps is counted as the JPEG counts it, and the results page shows what was counted."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.decoders import RESULTS
from benchmarks.kept import kept, show

PAGE = Path(__file__).parents[2] / "docs" / "results" / "edits.md"
DOCUMENT = json.loads((RESULTS / "kept.json").read_text(encoding="utf-8"))


def test_the_page_has_every_row_and_the_command() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert show(DOCUMENT) in page
    assert DOCUMENT["command"] in page


def test_a_flat_image_keeps_its_mean_alone_and_noise_keeps_nearly_all() -> None:
    flat = Image.fromarray(np.full((32, 32, 3), (200, 40, 90), dtype=np.uint8))
    assert kept(flat, 90) == 1 + 2 / 4, "a block's luma, and a quarter of each chroma block"
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    assert 80 < kept(noise, 100) <= 96
    assert kept(noise, 100) > kept(noise, 50) > kept(noise, 10)


def test_one_wave_is_one_coefficient() -> None:
    """A cosine of the block's own basis, strong enough to survive, beside a mean of grey, which is zero."""
    wave = 128 + 40 * np.cos((2 * np.arange(8) + 1) * 3 * np.pi / 16)
    image = Image.fromarray(np.repeat(np.tile(np.rint(wave), (16, 2))[..., None], 3, axis=2).astype(np.uint8))
    assert kept(image, 50) == 1


def test_an_image_that_was_stored_keeps_what_it_kept() -> None:
    """The coefficients of a decoded grey JPEG are those that were stored, up to the rounding of its pixels."""
    rng = np.random.default_rng(1)
    smooth = np.kron(rng.integers(60, 200, (8, 8)), np.ones((8, 8))).astype(np.uint8)
    first = Image.fromarray(np.repeat(smooth[..., None], 3, axis=2))
    file = io.BytesIO()
    first.save(file, "JPEG", quality=50, subsampling="4:2:0")
    again = Image.open(file).convert("RGB")
    assert kept(again, 50) == kept(first, 50)
