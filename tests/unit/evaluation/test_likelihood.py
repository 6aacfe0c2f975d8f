"""Likelihood ratios: never beyond their bounds, never where none holds; their cost; words for them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.toy_tables import PLAIN, facts, jpeg, table
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.evaluation import cllr, empirical_bounds, likelihood_ratio, likelihoods
from wherefrom.evaluation.verbal import verbal_scale
from wherefrom.judging import calibrate, judge
from wherefrom.records.profile import Profile

ratios = st.lists(st.integers(-400, 400), min_size=1, max_size=30).map(lambda found: np.array(found) / 100)


def made(ours: int = 40, **pools: np.ndarray) -> Profile:
    rng = np.random.default_rng(0)
    return calibrate(
        belonging=table(rng.normal(0, 1, ours), "b"),
        foreign={name: table(values, name) for name, values in pools.items()},
        method=PLAIN,
    )


FAR = np.random.default_rng(1).normal(3, 1, 60)
NEAR = np.random.default_rng(2).normal(1.5, 1, 30)


@settings(max_examples=25)
@given(ratios, ratios)
def test_bounds_are_around_one_and_within_the_counts(ours: np.ndarray, theirs: np.ndarray) -> None:
    low, high = empirical_bounds(ours, theirs)
    assert -np.log10(len(ours) + 1) <= low <= 0 <= high <= np.log10(len(theirs) + 1)


@settings(max_examples=25)
@given(ratios, ratios)
def test_bounds_are_where_deciding_by_the_ratios_costs_what_knowing_nothing_does(
    ours: np.ndarray, theirs: np.ndarray
) -> None:
    """Against the definition, on a grid: every threshold within is worth it, and just above the upper one none is."""
    low, high = empirical_bounds(ours, theirs)

    def worth(log: float) -> bool:
        missed = (np.count_nonzero(ours <= log) + 1) / (len(ours) + 1)
        claimed = (np.count_nonzero(theirs > log) + 1) / (len(theirs) + 1)
        return bool(missed + 10**log * claimed <= min(1.0, 10**log) + 1e-12)

    assert all(worth(log) for log in np.linspace(1e-6, high - 1e-6, 7) if 0 < log < high)
    assert not worth(high + 1e-6)
    assert all(worth(log) for log in np.linspace(low + 1e-6, -1e-6, 7) if low < log < 0)
    assert not worth(low - 1e-6)


def test_a_low_statistic_speaks_for_the_decoder_and_no_ratio_leaves_the_bounds() -> None:
    line = likelihood_ratio(made(far=FAR))
    found = line.log10(np.array([-50.0, 0.0, 1.5, 50.0, np.nan, np.inf]))
    assert found[0] == line.high > 1
    assert found[3] == line.low < -1
    assert found[0] >= found[1] > found[2] > found[3]
    assert np.isnan(found[4:]).all()
    assert 10**line.high <= 61
    assert 10**-line.low <= 41


def test_pools_weigh_alike_whatever_their_size_and_the_closest_one_bounds() -> None:
    """A pool that is given many times over pulls the line no further."""
    once = likelihood_ratio(made(far=FAR, near=NEAR))
    often = likelihood_ratio(made(far=FAR, near=np.concatenate([NEAR, NEAR + 1e-9, NEAR + 2e-9])))
    assert once.bounded_by[1] == "near"
    assert (often.slope, often.intercept) == pytest.approx((once.slope, once.intercept), rel=0.02)
    assert once.high < likelihood_ratio(made(far=FAR)).high


def test_sides_that_are_apart_have_finite_ratios_within_the_counts() -> None:
    line = likelihood_ratio(made(far=FAR + 100))
    assert np.isfinite([line.slope, line.intercept]).all()
    assert (10**line.high, 10**-line.low) == pytest.approx((60.0, 40.0), rel=0.05)


def test_no_ratio_is_learned_where_there_is_nothing_to_learn_it_from() -> None:
    with pytest.raises(ProfileError, match="needs 10 belongings and a pool of 10 images"):
        likelihood_ratio(made())
    with pytest.raises(ProfileError, match="needs 10 belongings"):
        likelihood_ratio(made(ours=9, far=FAR))
    with pytest.raises(ProfileError, match="score no higher than the belongings"):
        likelihood_ratio(made(far=FAR - 9))
    jpegs = table(FAR, "j", images=[jpeg(f"j{i}") for i in range(60)])
    confounded = calibrate(belonging=made().belonging, foreign={"jpegs": jpegs}, method=PLAIN)
    with pytest.raises(ProfileError, match="that files alone do not tell"):
        likelihood_ratio(confounded)
    two = replace(made(far=FAR), further=(replace(made(far=FAR), edit="jpeg:75"),))
    with pytest.raises(ProfileError, match="each with a likelihood ratio of its own"):
        likelihood_ratio(two)


def test_images_for_which_no_ratio_holds_have_none() -> None:
    profile = made(far=FAR)
    asked = [facts("new"), facts("b-0"), facts("far-3"), facts("smooth"), jpeg("stored"), facts("bad", error="no")]
    verdicts = judge(table([0.0, 0.0, 3.0, np.nan, 0.0, 0.0], images=asked), profile=profile, method=PLAIN)
    found = likelihoods(profile, verdicts)
    assert [one is None for one in found] == [False, True, True, True, True, True]
    assert found[0] is not None
    assert found[0].low < 0 < found[0].log10 <= found[0].high
    assert found[0].condition == "none"


def test_cost_of_no_information_of_certainty_and_of_misleading() -> None:
    nothing = cllr(np.zeros(5), np.zeros(7))
    assert (nothing.value, nothing.minimum) == pytest.approx((1.0, 1.0))
    sure = cllr(np.array([np.log10(4.0)] * 3 + [np.nan]), [np.array([-2.0] * 5), np.array([-8.0])])
    expected = (np.log2(1 + 1 / 4) + (np.log2(1.01) + np.log2(1 + 1e-8)) / 2) / 2
    assert sure.value == pytest.approx(expected)
    assert (sure.minimum, sure.belonging, sure.foreign, sure.undefined) == (0.0, 3, 6, 1)
    assert cllr(np.full(3, -1.0), np.full(3, 1.0)).value > 3
    with pytest.raises(UsageError, match="one side has none"):
        cllr(np.array([np.nan]), np.zeros(2))


@settings(max_examples=25)
@given(ratios, ratios)
def test_the_minimum_is_below_the_cost_and_below_knowing_nothing(ours: np.ndarray, theirs: np.ndarray) -> None:
    found = cllr(ours, theirs)
    assert -1e-9 <= found.minimum <= min(found.value, 1.0) + 1e-9
    moved = cllr(ours * 2 + 1, theirs * 2 + 1)
    if len(np.unique(np.concatenate([ours, theirs]) * 2 + 1)) == len(np.unique(np.concatenate([ours, theirs]))):
        assert moved.minimum == pytest.approx(found.minimum)


def test_words_are_those_of_the_table() -> None:
    scale = verbal_scale("enfsi-2015")
    assert scale.words(0.0) == scale.words(-0.2) == "no support for either"
    assert scale.words(np.log10(10)) == "moderate support for this decoder"
    assert scale.words(-2.5) == "moderately strong support for another origin"
    assert "ENFSI" in scale.source


def test_a_scale_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"source": "us", "steps": [{"from": 1, "words": "none"}, {"from": 50, "words": "some"}]}))
    assert verbal_scale(own).words(2.0) == "some for this decoder"
    own.write_text(json.dumps({"source": "us", "steps": [{"from": 2, "words": "none"}]}))
    with pytest.raises(UsageError, match="let the first be from 1"):
        verbal_scale(own)
    own.write_text("[]")
    with pytest.raises(UsageError, match="is no verbal scale"):
        verbal_scale(own)
    with pytest.raises(UsageError, match=r"only enfsi-2015.*name one"):
        verbal_scale("enfsi-2016")
    with pytest.raises(UsageError, match="cannot read"):
        verbal_scale(tmp_path / "gone.json")
