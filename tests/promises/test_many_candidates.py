"""False claims and misses with 1, 5 and 20 candidates, with scores that depend on each other, and over tiles.

Statistics are drawn for thousands of images, so the arithmetic is that of the functions which `attribute` is made of; a
test says that it gives what `attribute` gives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest

from tests.promises.samples import surely_more_over
from tests.toy_tables import MODEL, PLAIN, table
from wherefrom.attribution import attribute
from wherefrom.core.arrays import Matrix
from wherefrom.core.multiplicity import holm
from wherefrom.core.shares import fewest
from wherefrom.judging import calibrate
from wherefrom.judging.ranks import p_foreign
from wherefrom.rules.conformal import Conformal

ALPHA: Final = 0.1
BETA: Final = 0.1
OWN: Final = 39
IMAGES: Final = 25
PROFILES: Final = 200
TILES: Final = 9
NEAR: Final = 0.9
"""The correlation of scores that depend on each other."""

Flags = npt.NDArray[np.bool_]


def drawn(rng: np.random.Generator, candidates: int, images: int, dependence: float, tiles: int = 1) -> Matrix:
    """Statistics `(candidates, images * tiles)`, which share a part over all candidates and tiles of one image."""
    common = rng.normal(size=(1, images, 1))
    noise = rng.normal(size=(candidates, images, tiles))
    found: Matrix = (np.sqrt(dependence) * common + np.sqrt(1 - dependence) * noise).reshape(candidates, -1)
    return found


def claims(own: Matrix, pools: Matrix, values: Matrix, beta: float) -> Flags:
    """Which images are claimed for which candidate, `(images, candidates)`, as `attribute` claims them."""
    rule = Conformal()
    p = [
        np.where(rule.p_value(asked, known) > ALPHA, p_foreign(asked, pool), 1.0)
        for asked, known, pool in zip(values, own, pools, strict=True)
    ]
    return holm(np.stack(p, axis=1), beta)


def test_the_arithmetic_is_that_of_attribute() -> None:
    rng, names = np.random.default_rng(0), "abcde"
    own, pools = rng.normal(0.5, 0.5, (5, OWN)), rng.normal(2.0, 1.0, (5, 79))
    values = rng.normal(0.5, 1.5, (5, 40))
    profiles, tables = {}, {}
    for place, name in enumerate(names):
        model = replace(MODEL, name=name, facts={**MODEL.facts, "decoder": name})
        pool = {"pool": table(pools[place], f"pool {name}", model=model)}
        profiles[name] = calibrate(belonging=table(own[place], f"own {name}", model=model), foreign=pool, method=PLAIN)
        tables[name] = table(values[place], "query", model=model)
    found = attribute(tables, profiles=profiles, alpha=ALPHA, beta=BETA, method=PLAIN)
    expected = claims(own, pools, values, BETA)
    assert [item.supported for item in found] == [
        tuple(name for name, claimed in zip(names, row, strict=True) if claimed) for row in expected
    ]
    assert 5 < expected.sum() < 100


@pytest.mark.parametrize("dependence", [0.0, NEAR])
@pytest.mark.parametrize("candidates", [1, 5, 20])
def test_an_image_that_none_made_is_claimed_for_any_with_a_chance_of_at_most_beta(
    candidates: int, dependence: float
) -> None:
    """Belongings score higher than any pool, the worst that can be: all images rank as belongings."""
    rng, size = np.random.default_rng((candidates, int(10 * dependence))), fewest(BETA / candidates)
    own = np.full((candidates, OWN), 99.0)
    wrong = []
    for _ in range(PROFILES):
        pools = drawn(rng, candidates, size, dependence)  # one pool of images, which every candidate scores
        wrong.append(int(claims(own, pools, drawn(rng, candidates, IMAGES, dependence), BETA).any(axis=1).sum()))
    assert not surely_more_over(wrong, IMAGES, BETA), np.mean(wrong) / IMAGES
    assert np.mean(wrong) > 0, "the bound is not held by claiming nothing"
    if not dependence:
        assert np.mean(wrong) / IMAGES > 0.7 * BETA, "and nearly reached where candidates are independent"


@pytest.mark.parametrize("dependence", [0.0, NEAR])
@pytest.mark.parametrize("candidates", [1, 5, 20])
def test_the_true_one_of_many_is_missed_with_a_chance_of_at_most_alpha(candidates: int, dependence: float) -> None:
    """Its own images score far below every pool; what the other candidates say of them costs it nothing."""
    rng, size = np.random.default_rng((7, candidates, int(10 * dependence))), fewest(BETA / candidates)
    missed, wrong = [], []
    for _ in range(PROFILES):
        own = drawn(rng, candidates, OWN, dependence) - 9.0
        pools = drawn(rng, candidates, size, dependence)
        values = drawn(rng, candidates, IMAGES, dependence)
        values[0] -= 9.0
        found = claims(own, pools, values, BETA)
        missed.append(int((~found[:, 0]).sum()))
        wrong.append(int(found[:, 1:].any(axis=1).sum()))
    assert not surely_more_over(missed, IMAGES, ALPHA), np.mean(missed) / IMAGES
    assert np.mean(missed) / IMAGES > 0.7 * ALPHA
    assert not surely_more_over(wrong, IMAGES, BETA), np.mean(wrong) / IMAGES


@pytest.mark.parametrize("dependence", [0.0, NEAR])
def test_of_all_tiles_of_an_image_any_is_claimed_with_a_chance_of_at_most_their_number_times_beta(
    dependence: float,
) -> None:
    """A profile of tiles holds one tile an image, so its pool says nothing of how tiles of one image depend."""
    rng, candidates, beta = np.random.default_rng(int(10 * dependence)), 5, BETA / TILES
    own = np.full((candidates, OWN), 99.0)
    divided, undivided = [], []
    for _ in range(PROFILES // 2):
        pools = drawn(rng, candidates, fewest(beta / candidates), dependence)
        values = drawn(rng, candidates, IMAGES, dependence, TILES)
        for level, counts in ((beta, divided), (BETA, undivided)):
            of_tiles = claims(own, pools, values, level).any(axis=1).reshape(IMAGES, TILES)
            counts.append(int(of_tiles.any(axis=1).sum()))
    assert not surely_more_over(divided, IMAGES, BETA), np.mean(divided) / IMAGES
    assert np.mean(divided) > 0
    if not dependence:
        assert surely_more_over(undivided, IMAGES, BETA), "without dividing, one tile of an image is claimed too often"
