"""Ranks among a pool, and what of a profile's own belongings is found by them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.toy_tables import PLAIN, RESIDUAL, facts, table
from wherefrom.judging import calibrate, count_below_pools
from wherefrom.judging.ranks import can_bound, lowest_ranks, p_foreign, within


@given(
    size=st.integers(1, 700),
    beta=st.sampled_from([0.001, 0.01, 0.03, 0.03 / 9, 0.05, 0.1, 0.1 / 3, 0.2, 0.3]),
    ties=st.integers(1, 5),
    at=st.integers(0, 20),
)
def test_the_cut_is_exactly_where_the_p_value_passes_beta(size: int, beta: float, ties: int, at: int) -> None:
    pool = np.floor(np.arange(float(size)) / ties)
    cut = within(pool, beta)
    asked = np.array([at - 1e-9, at, at + 0.5])
    assert ((asked < cut) == (p_foreign(asked, pool) <= beta)).all()
    assert can_bound(pool, beta) == (cut > -math.inf)
    assert lowest_ranks(pool, beta) == (cut if can_bound(pool, beta) else 0.0)


def test_belongings_without_a_rank_are_not_found() -> None:
    values = np.linspace(0.9, 1.1, 25)
    values[:4] = np.nan
    images = [facts(f"own-{i}") for i in range(24)] + [facts("broken", error="truncated")]
    profile = calibrate(
        belonging=table(values, images=images), foreign={"p": table(np.full(99, 2.0), "p")}, method=PLAIN
    )
    assert count_below_pools(profile, beta=0.01, pools=["p"]) == (20, 25)
    assert count_below_pools(profile, beta=0.01, pools=[]) == (20, 25)
    assert count_below_pools(profile, beta=0.01, pools=["p"], alpha=0.1) == (18, 25)


@pytest.mark.parametrize("undefined", [0, 1, 7])
def test_of_a_learner_the_half_that_was_learned_from_does_not_count(undefined: int) -> None:
    rng = np.random.default_rng(undefined)
    detail = rng.normal(size=61)
    value = detail + rng.normal(0, 0.1, 61)
    value_of_all = calibrate(belonging=table(value, detail=detail), method=RESIDUAL)
    assert count_below_pools(value_of_all, beta=0.01, pools=[]) == (31, 31)
    gone = np.array(value_of_all.ranked[:undefined], dtype=int)
    value[gone] = np.nan
    profile = calibrate(belonging=table(value, detail=detail), method=RESIDUAL)
    assert len(profile.ranked) == 31 - undefined
    assert count_below_pools(profile, beta=0.01, pools=[]) == (31 - undefined, 31)


def test_a_pool_of_which_nothing_was_scored_bounds_nothing() -> None:
    broken = table([np.nan], images=[facts("x", error="truncated")])
    profile = calibrate(belonging=table(np.linspace(0.9, 1.1, 20), "own"), foreign={"p": broken}, method=PLAIN)
    assert count_below_pools(profile, beta=0.01, pools=["p"]) == (20, 20)
