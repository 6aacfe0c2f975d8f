"""A profile with conditions: both error rates hold for each true condition, whether one or several cover the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.promises.samples import DRAWS, surely_more_over
from tests.toy_tables import PLAIN, facts, jpeg, table
from wherefrom.core.arrays import Vector
from wherefrom.core.facts import ImageFacts
from wherefrom.judging import calibrate, judge
from wherefrom.judging.evidence import evidence_of
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome
from wherefrom.rules.conformal import Conformal

PROFILES, ASKED = 80, 8
"""How often the profile is drawn anew, and images of each kind that it judges; they correlate by about 0.05."""
ALPHA, BETA = 0.2, 0.1
QUALITIES = {"jpeg:70": 70.0, "jpeg:76": 76.0, "jpeg:90": 90.0}
"""Of the conditions; each covers qualities within five of its own."""
SHIFTS = {"jpeg:70": 0.7, "jpeg:76": 0.0, "jpeg:90": -1.0}
"""By how much an edit raises the statistics of belongings and photos alike."""
IMAGES = {"one covers": 67.0, "two cover": 73.0}
"""Stored quality of the images in question."""


@pytest.fixture(scope="module")
def blank() -> Profile:
    """The conditions; their statistics are drawn anew in every trial."""
    made = []
    for edit, quality in QUALITIES.items():
        own = table(np.linspace(0, 1, 19), images=[jpeg(f"{edit} own {i}", quality) for i in range(19)])
        photos = table(np.linspace(0, 1, 19), images=[jpeg(f"{edit} photo {i}", quality) for i in range(19)])
        made.append(replace(calibrate(belonging=own, foreign={"photos": photos}, method=PLAIN), edit=edit))
    return replace(made[0], further=tuple(made[1:]))


def _drawn(rng: np.random.Generator, blank: Profile, draw: str, apart: float) -> Profile:
    """New belongings and photos for every condition."""

    def values(edit: str, shift: float) -> Vector:
        return np.asarray(DRAWS[draw](rng, (19,)) + shift + SHIFTS[edit])

    made = [
        replace(one, statistic=values(edit, 0.0), foreign_statistic={"photos": values(edit, apart)})
        for edit, one in blank.conditions.items()
    ]
    return replace(made[0], further=tuple(made[1:]))


def _outcomes(
    blank: Profile, draw: str, images: list[ImageFacts], true: str, apart: float
) -> tuple[list[int], list[int]]:
    """Of each profile, how many belongings are missed and photos claimed that went through the true condition."""
    rng = np.random.default_rng(int(QUALITIES[true] + 1000 * apart))
    missed, claimed = [], []
    for _ in range(PROFILES):
        profile = _drawn(rng, blank, draw, apart)
        values = DRAWS[draw](rng, (2 * ASKED,)) + np.repeat([0.0, apart], ASKED) + SHIFTS[true]
        verdicts = judge(table(values, images=images), profile=profile, alpha=ALPHA, beta=BETA, method=PLAIN)
        outcomes = [verdict.outcome for verdict in verdicts]
        missed.append(outcomes[:ASKED].count(Outcome.EXCLUDED))
        claimed.append(outcomes[ASKED:].count(Outcome.SUPPORTED))
    return missed, claimed


@pytest.mark.parametrize(
    ("covering", "true"), [("one covers", "jpeg:70"), ("two cover", "jpeg:70"), ("two cover", "jpeg:76")]
)
@pytest.mark.parametrize(("draw", "apart"), [("normal", 0.0), ("ties", 1.0)])
def test_both_error_rates_hold_whichever_covering_condition_is_true(
    blank: Profile, covering: str, true: str, draw: str, apart: float
) -> None:
    images = [jpeg(f"q {i}", IMAGES[covering]) for i in range(2 * ASKED)]
    missed, claimed = _outcomes(blank, draw, images, true, apart)
    assert not surely_more_over(missed, ASKED, ALPHA), np.mean(missed) / ASKED
    assert not surely_more_over(claimed, ASKED, BETA), np.mean(claimed) / ASKED
    if covering == "one covers" and draw == "normal":
        assert np.mean(missed) > ASKED * ALPHA / 2, "with one condition the bound on misses is nearly reached"


def test_the_simulation_sees_a_choice_that_breaks_the_promise(blank: Profile) -> None:
    """Were the least p-value of the covering conditions taken, belongings would be missed far more often than alpha."""
    rng, rule, missed = np.random.default_rng(1), Conformal(), []
    images = [jpeg(f"q {i}", 73.0) for i in range(ASKED)]
    for _ in range(PROFILES):
        profile = _drawn(rng, blank, "normal", 1.5)
        asked = table(DRAWS["normal"](rng, (ASKED,)) + SHIFTS["jpeg:70"], images=images)
        covering = [profile.condition(edit) for edit in ("jpeg:70", "jpeg:76")]
        found = [evidence_of(asked, one, method=PLAIN, rule=rule, alpha=ALPHA) for one in covering]
        missed.append(sum(min(each.p for each in image) <= ALPHA for image in zip(*found, strict=True)))
    assert surely_more_over(missed, ASKED, ALPHA), np.mean(missed) / ASKED


def test_no_rate_is_promised_where_no_condition_covers(blank: Profile) -> None:
    images = [facts("q"), jpeg("r", 50.0)]
    said = judge(table([0.0, 0.0], images=images), profile=blank, alpha=ALPHA, beta=BETA, method=PLAIN)
    assert [verdict.outcome for verdict in said] == [Outcome.UNDECIDED] * 2
