"""What a JPEG keeps is counted as the JPEG counts it."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from wherefrom.measures.jpeg_kept import coefficients_kept


def grey(levels: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Three equal channels of these levels."""
    return np.repeat(np.rint(levels)[..., None], 3, axis=2).astype(np.uint8)


def test_a_flat_image_keeps_its_mean_alone_and_noise_keeps_nearly_all() -> None:
    flat = np.full((32, 32, 3), (200, 40, 90), dtype=np.uint8)
    assert coefficients_kept(flat, 90) == 1 + 2 / 4, "a block's luma, and a quarter of each chroma block"
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert 80 < coefficients_kept(noise, 100) <= 96
    assert coefficients_kept(noise, 100) > coefficients_kept(noise, 50) > coefficients_kept(noise, 10)


def test_one_wave_is_one_coefficient() -> None:
    """A cosine of the block's own basis, strong enough to survive, beside a mean of grey, which is zero."""
    wave = 128 + 40 * np.cos((2 * np.arange(8) + 1) * 3 * np.pi / 16)
    assert coefficients_kept(grey(np.tile(wave, (16, 2))), 50) == 1


def test_an_image_that_was_stored_keeps_what_it_kept() -> None:
    """The coefficients of a decoded grey JPEG are those that were stored, up to the rounding of its pixels."""
    smooth = grey(np.kron(np.random.default_rng(1).integers(60, 200, (8, 8)), np.ones((8, 8))))
    file = io.BytesIO()
    Image.fromarray(smooth).save(file, "JPEG", quality=50, subsampling="4:2:0")
    again = np.asarray(Image.open(file).convert("RGB"))
    assert coefficients_kept(again, 50) == coefficients_kept(smooth, 50)
