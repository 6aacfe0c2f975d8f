"""What a region needs beside the spread of the copies: more than they differ by anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from wherefrom.mapping.regions import Regions, found_regions
from wherefrom.records.maps import Grid

SIDE = 48


def poses(own: float, copy: float) -> dict[str, Grid]:
    """Errors with little noise; the image itself is lower in one place, and a copy is higher in another."""
    rng = np.random.default_rng(0)
    found = {name: rng.normal(-5, 0.1, (SIDE, SIDE)) for name in ("own", "a", "b")}
    found["own"][6:18, 6:18] -= own
    found["b"][30:42, 30:42] += copy
    return found


def regions(own: float, copy: float) -> Regions:
    return found_regions(poses(own, copy), "own", np.zeros((SIDE, SIDE), dtype=np.bool_), 0.01)


@pytest.mark.parametrize(("copy", "found"), [(0, True), (0.2, True), (0.4, False), (0.8, False)])
def test_what_is_no_rarer_than_how_the_copies_differ_is_no_region(copy: float, found: bool) -> None:
    assert regions(0.5, copy).supports.any() == found


def test_the_image_itself_has_no_part_in_how_the_copies_differ() -> None:
    faint, strong = regions(0.5, 0.2), regions(5.0, 0.2)
    assert strong.supports.any()
    assert strong.strict == pytest.approx(faint.strict, rel=0.1)


@pytest.mark.parametrize("side", [8, 14, 32])
def test_small_images_have_regions_too(side: int) -> None:
    rng = np.random.default_rng(1)
    small = {name: rng.normal(-5, 0.1, (side, side)) for name in ("own", "a", "b")}
    small["own"] -= 2
    assert found_regions(small, "own", np.zeros((side, side), dtype=np.bool_), 0.01).supports.all()
