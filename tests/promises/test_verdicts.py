"""`calibrate` and `judge` together: misses at most alpha, false claims at most beta; also with a learned residual."""

from __future__ import annotations

import numpy as np
import pytest

from tests.promises.samples import DRAWS, surely_more, surely_more_over
from tests.toy_tables import PLAIN, RESIDUAL, Plain, Residual, table
from wherefrom import rules
from wherefrom.core.arrays import Vector
from wherefrom.judging import calibrate, count_below_pools, judge
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome

PROFILES, IMAGES = 150, 8
"""Together they see an error rate that is 0.1 above its bound as surely as 500 profiles with one image each."""
ALPHA, BETA = 0.25, 0.1


def _table(rng: np.random.Generator, draw: str, n: int, prefix: str, shift: float | Vector = 0.0) -> ScoreTable:
    """The statistic is noise on a line in `detail`, so that there is something to learn; foreign images are shifted."""
    detail: Vector = rng.normal(0.0, 1.0, n)
    return table(2.0 * detail + shift + DRAWS[draw](rng, (n,)), prefix, detail=detail)


def _simulate(method: Plain | Residual, draw: str, n: int, m: int) -> tuple[list[list[Outcome]], list[list[Outcome]]]:
    """Outcomes of belongings and of images of the pool, some of each under every new profile."""
    rng = np.random.default_rng(n)
    ours, theirs = [], []
    for _ in range(PROFILES):
        profile = calibrate(
            belonging=_table(rng, draw, n, "own"), foreign={"pool": _table(rng, draw, m, "pool", 1.0)}, method=method
        )
        asked = _table(rng, draw, 2 * IMAGES, "new", np.repeat([0.0, 1.0], IMAGES))
        outcomes = [item.outcome for item in judge(asked, profile=profile, alpha=ALPHA, beta=BETA, method=method)]
        ours.append(outcomes[:IMAGES])
        theirs.append(outcomes[IMAGES:])
    return ours, theirs


@pytest.mark.parametrize(
    ("method", "n", "draw"),
    [*((PLAIN, 19, draw) for draw in DRAWS), *((RESIDUAL, 7, draw) for draw in ("heavy tails", "ties"))],
)
def test_both_error_rates_hold(method: Plain | Residual, n: int, draw: str) -> None:
    ours, theirs = _simulate(method, draw, n, 19)
    assert not surely_more_over([found.count(Outcome.EXCLUDED) for found in ours], IMAGES, ALPHA)
    assert not surely_more_over([found.count(Outcome.SUPPORTED) for found in theirs], IMAGES, BETA)
    assert not any(Outcome.COMPATIBLE in found for found in (*ours, *theirs))


def _partly_undefined(rng: np.random.Generator, draw: str, n: int, prefix: str, undefined: float) -> ScoreTable:
    """Images of one kind, undefined by chance: the more often, the lower they would score."""
    values: Vector = DRAWS[draw](rng, (n,))
    gone = rng.random(n) < undefined * np.where(values < 0, 1.5, 0.5)
    return table(np.where(gone, np.nan, values), prefix)


@pytest.mark.parametrize("draw", ["heavy tails", "ties"])
@pytest.mark.parametrize("undefined", [0.4])
def test_false_claims_are_bounded_where_images_of_the_pool_are_undefined(undefined: float, draw: str) -> None:
    """A pool of just enough images bounds false claims at its full count, and no claim is given away by it."""
    rng = np.random.default_rng(11)
    own = table(np.linspace(50.0, 60.0, 19), "own")  # every image ranks as a belonging; only the pool stands in the way
    claims, images = [], 16  # which correlate by 0.1: as much is seen as by 1500 profiles with one image each
    for _ in range(240):
        pool = _partly_undefined(rng, draw, 9, "pool", undefined)
        asked = _partly_undefined(rng, draw, images, "other", undefined)
        profile = calibrate(belonging=own, foreign={"pool": pool}, method=PLAIN)
        outcomes = [verdict.outcome for verdict in judge(asked, profile=profile, beta=BETA, method=PLAIN)]
        claims.append(outcomes.count(Outcome.SUPPORTED))
    assert not surely_more_over(claims, images, BETA), np.mean(claims) / images
    if draw != "ties":
        assert np.mean(claims) > 0.8 * BETA * images, "of continuous statistics the bound is nearly reached"


@pytest.mark.parametrize("rule", ["conformal", "grubbs", "kde"])
def test_false_claims_are_bounded_under_every_rule(rule: str) -> None:
    """Where all pools score like belongings, nearly every image ranks as one; only the pool stands in the way."""
    rng = np.random.default_rng(8)
    chosen = rules.load(rule, {"points": 500} if rule == "kde" else None)
    claims, images = [], 10
    for _ in range(60):
        profile = calibrate(
            belonging=_table(rng, "heavy tails", 30, "own"),
            foreign={"pool": _table(rng, "heavy tails", 19, "pool")},
            method=PLAIN,
        )
        asked = _table(rng, "heavy tails", images, "other")
        verdicts = judge(asked, profile=profile, alpha=0.05, beta=BETA, rule=chosen, method=PLAIN)
        claims.append([verdict.outcome for verdict in verdicts].count(Outcome.SUPPORTED))
    assert not surely_more_over(claims, images, BETA), claims
    assert sum(claims) > 10, "images of the pool must be claimed now and then, or nothing was tried"


def test_a_learned_statistic_misses_no_more_than_alpha() -> None:
    """With seven belongings a line follows the noise of those it is fitted to; ranked among them, a new image loses."""
    rng = np.random.default_rng(10)
    missed, images = [], 16  # which correlate by 0.17: as much is seen as by 2000 profiles with one image each
    for _ in range(450):
        profile = calibrate(belonging=_table(rng, "normal", 7, "own"), method=RESIDUAL)
        verdicts = judge(_table(rng, "normal", images, "new"), profile=profile, alpha=ALPHA, method=RESIDUAL)
        missed.append([verdict.outcome for verdict in verdicts].count(Outcome.EXCLUDED))
    assert not surely_more_over(missed, images, ALPHA), np.mean(missed) / images


def test_ranking_what_was_learned_from_would_break_the_promise() -> None:
    """Why a learner keeps a half: ranked among the belongings that the line was fitted to, too many are missed."""
    rng = np.random.default_rng(9)
    missed = 0
    for _ in range(2000):
        own, new = _table(rng, "normal", 4, "own"), _table(rng, "normal", 1, "new")
        fit = RESIDUAL.fit(own.scores)
        residuals = RESIDUAL.statistic(own.scores, fit)
        missed += int((residuals >= RESIDUAL.statistic(new.scores, fit)).sum() + 1) / 5 <= 0.2
    assert surely_more(missed, 2000, 0.2), missed / 2000


@pytest.mark.parametrize(
    ("method", "n", "undefined"),
    [(PLAIN, 40, 0.0), (PLAIN, 40, 0.2), (RESIDUAL, 80, 0.0)],
    ids=["plain", "some undefined", "residual on half"],
)
def test_what_a_profile_says_it_finds_is_what_it_finds(method: Plain | Residual, n: int, undefined: float) -> None:
    """Over profiles, the share of its own belongings that are found is that of new belongings that are SUPPORTED."""
    rng = np.random.default_rng(12)
    said, supported, new, trials = [], 0, 30, 150

    def belongings(count: int, prefix: str) -> ScoreTable:
        made = _table(rng, "normal", count, prefix)
        gone = rng.random(count) < undefined
        return table(np.where(gone, np.nan, made.scores["value"]), prefix, detail=made.scores["detail"])

    for _ in range(trials):
        pool = _table(rng, "normal", 59, "pool", 3.0)
        profile = calibrate(belonging=belongings(n, "own"), foreign={"pool": pool}, method=method)
        count, total = count_below_pools(profile, beta=0.05, pools=["pool"], alpha=ALPHA)
        said.append(count / total)
        verdicts = judge(belongings(new, "new"), profile=profile, alpha=ALPHA, beta=0.05, method=method)
        supported += sum(verdict.outcome is Outcome.SUPPORTED for verdict in verdicts)
    held_out = supported / (new * trials)
    assert np.mean(said) == pytest.approx(held_out, abs=0.03)
    assert 0.05 < held_out < 0.95
