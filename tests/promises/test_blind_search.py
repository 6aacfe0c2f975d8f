"""A search over many places moves every statistic, and both error rates still hold: all images are searched alike."""

from __future__ import annotations

import numpy as np
import pytest

from tests.promises.samples import DRAWS, surely_more_over
from tests.toy_tables import PLAIN, table
from wherefrom.core.arrays import Matrix, Rows
from wherefrom.judging import calibrate, judge
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome

PROFILES, IMAGES = 60, 8
"""How often the profile is drawn anew, and images of each kind that it judges; they correlate by about 0.05."""
ALPHA, BETA = 0.25, 0.1
PLACES = 64
"""Places at which the decoder's grid could start."""
KNOWN, POOLED = 19, 19


def _losses(rng: np.random.Generator, draw: str, count: int, *, own: bool) -> tuple[Matrix, Rows]:
    """What each image loses at each place, and the true place of each; a belonging loses less at that one.

    An image is hard or easy at all places alike.
    """
    losses = DRAWS[draw](rng, (count, PLACES)) + 2 * rng.normal(size=(count, 1))
    places: Rows = rng.integers(0, PLACES, count).astype(np.intp)
    losses[np.arange(count), places] -= 2.0 * own
    return losses, places


def _searched(rng: np.random.Generator, draw: str, count: int, prefix: str, *, own: bool) -> ScoreTable:
    """The least loss over all places, wherever it is, minus the mean of the others, as control copies have it."""
    losses, _ = _losses(rng, draw, count, own=own)
    least = losses.min(axis=1)
    return table(least - (losses.sum(axis=1) - least) / (PLACES - 1), prefix)


def _told(rng: np.random.Generator, draw: str, count: int, prefix: str, *, own: bool) -> ScoreTable:
    """The same at the true place, which nobody had to search for."""
    losses, places = _losses(rng, draw, count, own=own)
    there = losses[np.arange(count), places]
    return table(there - (losses.sum(axis=1) - there) / (PLACES - 1), prefix)


def _outcomes(asked: ScoreTable, profile: Profile) -> list[Outcome]:
    return [verdict.outcome for verdict in judge(asked, profile=profile, alpha=ALPHA, beta=BETA, method=PLAIN)]


@pytest.mark.parametrize("draw", DRAWS)
def test_both_error_rates_hold_after_a_search_of_all_images(draw: str) -> None:
    rng = np.random.default_rng(1)
    ours, theirs = [], []
    for _ in range(PROFILES):
        profile = calibrate(
            belonging=_searched(rng, draw, KNOWN, "own", own=True),
            foreign={"pool": _searched(rng, draw, POOLED, "pool", own=False)},
            method=PLAIN,
        )
        ours.append(_outcomes(_searched(rng, draw, IMAGES, "new", own=True), profile).count(Outcome.EXCLUDED))
        theirs.append(_outcomes(_searched(rng, draw, IMAGES, "other", own=False), profile).count(Outcome.SUPPORTED))
    assert not surely_more_over(ours, IMAGES, ALPHA), ours
    assert not surely_more_over(theirs, IMAGES, BETA), theirs


def test_false_claims_do_not_hold_where_the_question_alone_is_searched() -> None:
    """What the first test would see if pools were not searched as questions are."""
    rng = np.random.default_rng(2)
    claimed = []
    for _ in range(PROFILES):
        profile = calibrate(
            belonging=_told(rng, "normal", KNOWN, "own", own=True),
            foreign={"pool": _told(rng, "normal", POOLED, "pool", own=False)},
            method=PLAIN,
        )
        other = _searched(rng, "normal", IMAGES, "other", own=False)
        claimed.append(_outcomes(other, profile).count(Outcome.SUPPORTED))
    assert surely_more_over(claimed, IMAGES, BETA), claimed
