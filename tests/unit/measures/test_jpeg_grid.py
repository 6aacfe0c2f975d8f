"""The grid that a JPEG leaves in pixels: seen after any crop, and not seen where no JPEG was."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
import torch
from PIL import Image

import wherefrom as wf
from tests.promises.samples import surely_more
from wherefrom.core.units import GRID_ALARMS
from wherefrom.images.batches import to_pixels
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.models.base import Decoder

Pixels = npt.NDArray[np.uint8]
PHOTO = np.asarray(
    Image.fromarray(skimage.data.astronaut()).resize((331, 331), Image.Resampling.LANCZOS), dtype=np.uint8
)


def through_jpeg(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), dtype=np.uint8)


@pytest.mark.parametrize("quality", [30, 60, 75, 90, 95])
@pytest.mark.parametrize(("top", "left"), [(0, 0), (8, 16), (3, 5), (7, 1)])
@pytest.mark.parametrize("side", [80, 128, 300])
def test_a_jpeg_is_seen_in_its_pixels_wherever_it_was_cut(quality: int, top: int, left: int, side: int) -> None:
    stored = through_jpeg(PHOTO, quality)[top : top + side, left : left + side]
    assert shows_grid(stored) is True


def test_what_was_never_a_jpeg_shows_none() -> None:
    assert shows_grid(PHOTO) is False
    assert shows_grid(PHOTO[5:133, 9:137]) is False


def test_a_grid_is_gone_once_pixels_are_resampled() -> None:
    stored = Image.fromarray(through_jpeg(PHOTO, 90))
    assert shows_grid(np.asarray(stored.resize((230, 230), Image.Resampling.LANCZOS))) is False


def test_too_few_pixels_say_nothing() -> None:
    assert shows_grid(PHOTO[:31, :64]) is None
    assert shows_grid(PHOTO[:32, :32]) is not None


def test_flat_images_show_none() -> None:
    assert shows_grid(np.full((128, 128, 3), 7, dtype=np.uint8)) is False


def _field(rng: np.random.Generator, side: int, slope: float) -> Pixels:
    """A random field with the spectrum of photos, flatter or steeper."""
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    f[0, 0] = 1.0
    noise = np.fft.rfft2(rng.normal(size=(3, side, side))) * f**-slope
    field = np.fft.irfft2(noise, s=(side, side))
    pixels: Pixels = np.clip(127 + 45 * field / field.std(), 0, 255).round().astype(np.uint8).transpose(1, 2, 0)
    return pixels


def test_the_stated_share_of_false_alarms_holds() -> None:
    """Fields of all slopes and sizes, sharp and smooth, with flat parts and gradients; none was ever a JPEG."""
    rng = np.random.default_rng(0)
    alarms, trials = 0, 300
    for trial in range(trials):
        pixels = _field(rng, int(rng.choice([32, 48, 64, 100])), float(rng.uniform(0.0, 2.5)))
        if trial % 4 == 0:
            pixels = np.where(np.arange(pixels.shape[0])[:, None, None] % 24 < 12, pixels, 128).astype(np.uint8)
        alarms += shows_grid(pixels) is True
    assert not surely_more(alarms, trials, GRID_ALARMS), alarms


def test_enlarged_pixels_are_no_jpeg() -> None:
    small = _field(np.random.default_rng(3), 16, 1.0)
    assert shows_grid(np.repeat(np.repeat(small, 8, axis=0), 8, axis=1)) is False


@pytest.mark.parametrize("name", ["zoo:kl-f8-a", "zoo:kl-f8-b", "zoo:dcgan-cifar10"])
def test_what_decoders_make_shows_no_grid(name: str) -> None:
    """A decoder works in cells of 8 x 8 itself; what it leaves of them is not what a JPEG leaves."""
    model = wf.load_model(name)
    assert isinstance(model, Decoder)
    with torch.inference_mode():
        images = model.decode(model.draw(np.arange(6, dtype=np.uint64), size=None if model.size else (64, 64)))
    assert [shows_grid(pixels) for pixels in to_pixels(images)].count(True) == 0
