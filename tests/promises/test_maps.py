"""The chance that a map of an image of other origin shows any region, over all of its cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from scipy import ndimage

from tests.promises.samples import surely_more
from wherefrom.mapping.regions import found_regions
from wherefrom.records.maps import Grid

_SHAPE: Final = (3, 14, 14)
_TRIALS: Final = 100
_BETA: Final = 0.05


def _normal(rng: np.random.Generator) -> Grid:
    return rng.normal(0, 0.3, _SHAPE)


def _blurred(rng: np.random.Generator) -> Grid:
    found: Grid = ndimage.gaussian_filter(rng.normal(0, 0.6, _SHAPE), (0, 1, 1))
    return found


def _spots(rng: np.random.Generator) -> Grid:
    """Heavy tails, and places in which all poses vary more: the normal bound does not hold of these."""
    places = np.exp(ndimage.gaussian_filter(rng.normal(0, 3, _SHAPE[1:]), 2))
    found: Grid = ndimage.gaussian_filter(rng.standard_t(3, _SHAPE), (0, 1, 1)) * places
    return found


def _shown(draw: Callable[[np.random.Generator], Grid], seed: int) -> int:
    """How many images show any region, of which no pose is special."""
    masked = np.zeros(_SHAPE[1:], dtype=np.bool_)
    count = 0
    for trial in range(_TRIALS):
        poses = dict(zip(("own", "a", "b"), draw(np.random.default_rng((seed, trial))), strict=True))
        count += bool(found_regions(poses, "own", masked, _BETA).supports.any())
    return count


@pytest.mark.parametrize("draw", [_normal, _blurred])
def test_normal_errors_show_a_region_at_most_as_often_as_beta(draw: Callable[[np.random.Generator], Grid]) -> None:
    assert not surely_more(_shown(draw, 1), _TRIALS, _BETA)


def test_whatever_errors_show_a_region_at_most_as_often_as_symmetry_allows() -> None:
    assert not surely_more(_shown(_spots, 2), _TRIALS, 1 / 3)


def test_a_part_that_the_image_alone_reconstructs_better_is_found() -> None:
    poses = dict(zip(("own", "a", "b"), _normal(np.random.default_rng(3)), strict=True))
    part = np.zeros(_SHAPE[1:], dtype=np.bool_)
    part[4:10, 3:9] = True
    poses["own"] = poses["own"] - 1.0 * part
    supports = found_regions(poses, "own", np.zeros_like(part), _BETA).supports
    assert np.count_nonzero(supports & part) / np.count_nonzero(supports | part) > 0.75
