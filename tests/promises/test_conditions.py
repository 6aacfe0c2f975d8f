"""A profile with conditions: both error rates hold for each true condition, whether one or several cover the image."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.promises.samples import DRAWS, surely_more
from tests.toy_tables import PLAIN, facts, jpeg, table
from wherefrom.core.arrays import Vector
from wherefrom.core.facts import ImageFacts
from wherefrom.judging import calibrate, judge
from wherefrom.judging.evidence import evidence_of
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome
from wherefrom.rules.conformal import Conformal

TRIALS = 400
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


def _outcomes(blank: Profile, draw: str, image: ImageFacts, true: str, apart: float) -> dict[str, Counter[Outcome]]:
    """What is said of a belonging and of a photo that went through the true condition."""
    rng = np.random.default_rng(int(QUALITIES[true] + 1000 * apart))
    said: dict[str, Counter[Outcome]] = {"belonging": Counter(), "photo": Counter()}
    for _ in range(TRIALS):
        profile = _drawn(rng, blank, draw, apart)
        values = DRAWS[draw](rng, (2,)) + np.array([0.0, apart]) + SHIFTS[true]
        asked = table(values, images=[image, replace(image, name="photo.jpg", pixel_digest="f" * 64)])
        verdicts = judge(asked, profile=profile, alpha=ALPHA, beta=BETA, method=PLAIN)
        for kind, verdict in zip(said, verdicts, strict=True):
            said[kind][verdict.outcome] += 1
    return said


@pytest.mark.parametrize(
    ("covering", "true"), [("one covers", "jpeg:70"), ("two cover", "jpeg:70"), ("two cover", "jpeg:76")]
)
@pytest.mark.parametrize(("draw", "apart"), [("normal", 0.0), ("ties", 1.0)])
def test_both_error_rates_hold_whichever_covering_condition_is_true(
    blank: Profile, covering: str, true: str, draw: str, apart: float
) -> None:
    said = _outcomes(blank, draw, jpeg("q", IMAGES[covering]), true, apart)
    missed, claimed = said["belonging"][Outcome.EXCLUDED], said["photo"][Outcome.SUPPORTED]
    assert not surely_more(missed, TRIALS, ALPHA), missed / TRIALS
    assert not surely_more(claimed, TRIALS, BETA), claimed / TRIALS
    if covering == "one covers" and draw == "normal":
        assert missed > TRIALS * ALPHA / 2, "with one condition the bound on misses is nearly reached"


def test_the_simulation_sees_a_choice_that_breaks_the_promise(blank: Profile) -> None:
    """Were the least p-value of the covering conditions taken, belongings would be missed far more often than alpha."""
    rng, rule, missed = np.random.default_rng(1), Conformal(), 0
    for _ in range(TRIALS):
        profile = _drawn(rng, blank, "normal", 1.5)
        asked = table(DRAWS["normal"](rng, (1,)) + SHIFTS["jpeg:70"], images=[jpeg("q", 73.0)])
        covering = [profile.condition(edit) for edit in ("jpeg:70", "jpeg:76")]
        found = [evidence_of(asked, one, method=PLAIN, rule=rule, alpha=ALPHA)[0] for one in covering]
        missed += min(each.p for each in found) <= ALPHA
    assert surely_more(missed, TRIALS, ALPHA), missed / TRIALS


def test_no_rate_is_promised_where_no_condition_covers(blank: Profile) -> None:
    images = [facts("q"), jpeg("r", 50.0)]
    said = judge(table([0.0, 0.0], images=images), profile=blank, alpha=ALPHA, beta=BETA, method=PLAIN)
    assert [verdict.outcome for verdict in said] == [Outcome.UNDECIDED] * 2
