"""`attribute`: an image that none of the candidates made is claimed for any of them with a chance of at most beta."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.promises.samples import surely_more_over
from tests.toy_tables import MODEL, PLAIN, table
from wherefrom.attribution import attribute
from wherefrom.judging import calibrate
from wherefrom.records.profile import Profile

BETA = 0.1
POOL = 79
IMAGES = 12
TRIALS = {1: 60, 3: 50, 8: 30}
"""By candidates, how often all profiles are drawn anew. Images of one draw hardly correlate, with pools of 79."""


def _profiles(count: int) -> dict[str, Profile]:
    """Candidates with a profile each; the numbers are drawn anew in every trial."""
    profiles = {}
    for name in "abcdefgh"[:count]:
        model = replace(MODEL, name=name, facts={**MODEL.facts, "decoder": name})
        belonging = table(np.linspace(0.0, 1.0, 19), f"own {name}", model=model)
        pool = table(np.linspace(0.0, 1.0, POOL), f"pool {name}", model=model)
        profiles[name] = calibrate(belonging=belonging, foreign={"pool": pool}, method=PLAIN)
    return profiles


def _trial(rng: np.random.Generator, profiles: dict[str, Profile], owner: str | None) -> list[tuple[str, ...]]:
    """Images of a pool of every candidate but their owner; all belongings score no lower than any of it."""
    drawn = {
        name: replace(each, statistic=rng.normal(3.0, 0.1, 19), foreign_statistic={"pool": rng.normal(0.0, 1.0, POOL)})
        for name, each in profiles.items()
    }
    values = {name: rng.normal(0.0, 1.0, IMAGES) if name != owner else np.full(IMAGES, -9.0) for name in drawn}
    tables = {name: table(values[name], "query", model=each.model) for name, each in drawn.items()}
    return [found.supported for found in attribute(tables, profiles=drawn, beta=BETA, method=PLAIN)]


@pytest.mark.parametrize("count", TRIALS)
def test_false_claims_are_bounded_over_all_candidates(count: int) -> None:
    rng, profiles = np.random.default_rng(count), _profiles(count)
    wrong = [sum(map(bool, _trial(rng, profiles, None))) for _ in range(TRIALS[count])]
    assert not surely_more_over(wrong, IMAGES, BETA), np.mean(wrong) / IMAGES
    assert np.mean(wrong) > IMAGES * BETA / 3, "the bound is nearly reached when candidates are independent"


@pytest.mark.parametrize("count", [3, 8])
def test_a_true_claim_does_not_cost_the_others_their_bound(count: int) -> None:
    rng, profiles = np.random.default_rng(100 + count), _profiles(count)
    found = [_trial(rng, profiles, "a") for _ in range(TRIALS[count])]
    wrong = [sum(bool(set(supported) - {"a"}) for supported in images) for images in found]
    assert not surely_more_over(wrong, IMAGES, BETA), np.mean(wrong) / IMAGES
    assert all("a" in supported for images in found for supported in images)
