"""What a JPEG stores alike is at no distance: by the codec itself, and in closed form."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from wherefrom.core.errors import ImageError
from wherefrom.core.units import ROUNDING
from wherefrom.images.batches import to_images
from wherefrom.measures.distances import mse
from wherefrom.measures.jpeg_cells import cell_distance

PHOTO = data.astronaut()[40:136, 160:256]
OTHER = data.coffee()[100:196, 200:296]


def stored(pixels: np.ndarray, quality: int, subsampling: str = "4:2:0") -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("quality", [90, 75, 50, 20])
def test_an_image_is_at_no_distance_from_what_it_was_stored_as(quality: int, subsampling: str) -> None:
    own, file = to_images([PHOTO]), to_images([stored(PHOTO, quality, subsampling)])
    assert float(mse(own, file)) > 50 * ROUNDING
    assert float(cell_distance(own, file, quality)) < 2 * ROUNDING
    assert float(cell_distance(file, file, quality)) == 0


@pytest.mark.parametrize("quality", [90, 75, 50])
def test_another_image_and_another_quality_are_not(quality: int) -> None:
    file = to_images([stored(PHOTO, quality)])
    assert float(cell_distance(to_images([OTHER]), file, quality)) > 1e-2
    finer = float(cell_distance(to_images([PHOTO]), file, min(quality + 20, 100)))
    assert finer > 10 * float(cell_distance(to_images([PHOTO]), file, quality))


def test_one_coefficient_beyond_its_cell_counts_by_what_is_beyond() -> None:
    """Grey, of which a block's mean is moved: its coefficient is 8 times that, its step at quality 50 is 16 / 255."""
    grey = torch.full((1, 3, 16, 8), 128 / 255)
    for moved, beyond in ((0.9 / 255, 0.0), (3 / 255, 8 * 3 / 255 - 8 / 255), (-3 / 255, 8 * 3 / 255 - 8 / 255)):
        one = grey.clone()
        one[:, :, :8] += moved
        expected = beyond**2 / (2 * 64)
        assert float(cell_distance(one, grey, 50)) == pytest.approx(expected, rel=1e-4, abs=1e-15)


def test_chroma_and_blocks_that_are_cut_off_do_not_count() -> None:
    own, file = to_images([PHOTO[:20, :30]]), to_images([stored(PHOTO, 75)[:20, :30]])
    whole = cell_distance(own[:, :, :16, :24], file[:, :, :16, :24], 75)
    assert float(cell_distance(own, file, 75)) == float(whole)
    tinted = own.clone()
    tinted[:, 0] += 0.1 * 0.114
    tinted[:, 2] -= 0.1 * 0.299
    torch.testing.assert_close(cell_distance(tinted, file, 75), cell_distance(own, file, 75), rtol=1e-3, atol=1e-9)


def test_the_gradient_is_that_of_the_value() -> None:
    a, b = (noise(seed, 2, 3, 8, 8).double() for seed in (4, 5))
    a.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: cell_distance(x, b, 60), (a,), rtol=1e-4)


def test_an_image_does_not_know_its_neighbours_and_nan_stays_its_own() -> None:
    a, b = noise(6, 3, 3, 8, 16), noise(7, 3, 3, 8, 16)
    alone = torch.cat([cell_distance(a[i : i + 1], b[i : i + 1], 75) for i in range(3)])
    torch.testing.assert_close(cell_distance(a, b, 75), alone, rtol=1e-12, atol=0)
    a[1, 0, 0, 0] = torch.nan
    assert cell_distance(a, b, 75).isnan().tolist() == [False, True, False]


@pytest.mark.parametrize("shape", [(1, 3, 8, 9), (1, 3, 7, 8)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match="by blocks of 8 x 8"):
        cell_distance(noise(1, *shape), noise(1, 1, 3, *((8, 8) if shape[2] == 8 else (7, 8))), 75)
