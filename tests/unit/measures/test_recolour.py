"""Colours may be mapped: what no affine map explains, by least squares of another library and on real edits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data

from wherefrom.core.errors import ImageError
from wherefrom.core.units import ROUNDING
from wherefrom.images import edits
from wherefrom.images.batches import to_images
from wherefrom.measures.recolour import recoloured


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_it_is_the_least_squares_of_numpy() -> None:
    a, b = noise(1, 2, 3, 9, 7), noise(2, 2, 3, 9, 7)
    b = 0.3 * b + 0.5 * a.flip(1) + 0.1
    for row, found in enumerate(recoloured(a, b).tolist()):
        x, y = (images[row].double().flatten(1).numpy().T for images in (a, b))
        known = np.column_stack([x, np.ones(len(x))])
        left = y - known @ np.linalg.lstsq(known, y, rcond=None)[0]
        expected = (np.square(left).mean() + ROUNDING) / (np.square(y - y.mean(0)).mean() + ROUNDING)
        assert found == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("edit", ["brightness:0.8", "contrast:0.7", "filter:_1977"])
def test_what_filters_do_is_nearly_explained(edit: str) -> None:
    photo = data.astronaut()[::8, ::8]
    changed = edits.load(edit).apply(photo)
    same, other = to_images([photo]), to_images([data.coffee()[: 8 * 64 : 8, : 8 * 64 : 8][:50, :64]])
    assert float(recoloured(same, to_images([changed]))) < 0.02
    assert float(recoloured(other, same[:, :, :50])) > 0.5


def test_one_colour_explains_nothing_and_needs_nothing() -> None:
    flat, other = torch.full((1, 3, 8, 8), 0.5), noise(3, 1, 3, 8, 8)
    assert float(recoloured(other, flat)) == pytest.approx(1.0)
    assert float(recoloured(flat, other)) == pytest.approx(1.0)
    assert float(recoloured(other, other)) < 1e-4


def test_the_gradient_is_that_of_the_value() -> None:
    a, b = (noise(seed, 2, 3, 4, 4).double() for seed in (4, 5))
    a.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: recoloured(x, b), (a,), rtol=1e-4)


def test_an_image_does_not_know_its_neighbours_and_nan_stays_its_own() -> None:
    a, b = noise(6, 3, 3, 8, 8), noise(7, 3, 3, 8, 8)
    alone = torch.cat([recoloured(a[i : i + 1], b[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(recoloured(a, b), alone, rtol=1e-12, atol=0)
    a[1, 0, 0, 0] = torch.nan
    found = recoloured(a, b)
    assert found.isnan().tolist() == [False, True, False]


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ImageError, match="cannot compare"):
        recoloured(noise(1, 1, 3, 8, 8), noise(1, 1, 3, 8, 9))
