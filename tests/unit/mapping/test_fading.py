"""Parts whose evidence fades towards their border, and parts whose evidence does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from wherefrom.mapping.fading import unfaded
from wherefrom.mapping.outlines import outlined
from wherefrom.records.maps import Flags, Grid

SIDE = 64


def square(margin: int) -> Flags:
    part = np.zeros((SIDE, SIDE), dtype=np.bool_)
    part[margin:-margin, margin:-margin] = True
    return part


def evidence(part: Flags, width: float, seed: int) -> Grid:
    """The statistic of a part in which the drop of 0.5 is reached so many cells inside the border, with noise."""
    depth = np.clip(ndimage.distance_transform_edt(part) / width, 0, 1) if width else part.astype(float)
    return np.asarray(np.random.default_rng(seed).normal(0, 0.3, part.shape) - 0.5 * depth)


def share(found: Flags, part: Flags) -> float:
    return np.count_nonzero(found & part) / np.count_nonzero(found | part)


@pytest.mark.parametrize("width", [5, 7])
def test_cells_in_which_the_evidence_fades_are_of_the_region(width: int) -> None:
    part, inside, judged = square(16), square(20), np.ones((SIDE, SIDE), dtype=np.bool_)
    drop = np.full(part.shape, 0.5)
    for seed in range(10):
        found = unfaded(evidence(part, width, seed), drop, judged, inside)
        assert found is not None
        assert share(found, part) > 0.8
    assert share(inside, part) < 0.6


def test_evidence_that_is_whole_up_to_the_border_does_not_fade() -> None:
    part, judged = square(16), np.ones((SIDE, SIDE), dtype=np.bool_)
    drop = np.full(part.shape, 0.5)
    found = [unfaded(evidence(part, 0, seed), drop, judged, part) for seed in range(10)]
    assert all(one is None or share(one, part) > 0.85 for one in found)


def test_nothing_fades_where_all_of_the_image_or_nothing_that_can_be_judged_shows_evidence() -> None:
    part, judged = square(16), np.ones((SIDE, SIDE), dtype=np.bool_)
    drop, statistic = np.full(part.shape, 0.5), evidence(part, 0, 0)
    assert unfaded(np.full_like(drop, -0.5), drop, judged, judged) is None
    assert unfaded(statistic, drop, ~judged, part) is None
    assert unfaded(statistic, np.zeros_like(drop), judged, part) is None


def test_cells_that_cannot_be_judged_say_nothing_of_the_fading() -> None:
    part, inside = square(16), square(20)
    drop, statistic = np.full(part.shape, 0.5), evidence(part, 6, 1)
    judged = np.ones((SIDE, SIDE), dtype=np.bool_)
    judged[:, : SIDE // 2] = False
    found, other = (unfaded(grid, drop, judged, inside) for grid in (statistic, np.where(judged, statistic, -9.0)))
    assert found is not None
    assert other is not None
    assert np.array_equal(found & judged, other & judged)


def test_an_outline_reaches_as_far_as_the_evidence_fades() -> None:
    part, judged = square(16), np.ones((SIDE, SIDE), dtype=np.bool_)
    rng = np.random.default_rng(3)
    copies = {name: -5 + rng.normal(0, 0.25, part.shape) for name in ("a", "b")}
    statistic = evidence(part, 6, 2)
    found = outlined(statistic, copies, judged, square(24), square(22))
    assert share(found, part) > 0.8
