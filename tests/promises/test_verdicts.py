"""`calibrate` and `judge` together: misses at most alpha, false claims at most beta; also with a learned residual."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.promises.samples import DRAWS, surely_more
from tests.toy_tables import PLAIN, RESIDUAL, Plain, Residual, table
from wherefrom import rules
from wherefrom.core.arrays import Vector
from wherefrom.judging import calibrate, count_below_pools, judge
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome

TRIALS = 500
ALPHA, BETA = 0.25, 0.1


def _table(rng: np.random.Generator, draw: str, n: int, prefix: str, shift: float = 0.0) -> ScoreTable:
    """The statistic is noise on a line in `detail`, so that there is something to learn; foreign images are shifted."""
    detail: Vector = rng.normal(0.0, 1.0, n)
    return table(2.0 * detail + shift + DRAWS[draw](rng, (n,)), prefix, detail=detail)


def _simulate(method: Plain | Residual, draw: str, n: int, m: int) -> tuple[Counter[Outcome], Counter[Outcome]]:
    """Outcomes of a belonging and of an image of the pool, one of each under every new profile."""
    rng = np.random.default_rng(n)
    ours: Counter[Outcome] = Counter()
    theirs: Counter[Outcome] = Counter()
    for _ in range(TRIALS):
        profile = calibrate(
            belonging=_table(rng, draw, n, "own"), foreign={"pool": _table(rng, draw, m, "pool", 1.0)}, method=method
        )
        own, other = _table(rng, draw, 1, "new"), _table(rng, draw, 1, "other", 1.0)
        ours[judge(own, profile=profile, alpha=ALPHA, beta=BETA, method=method)[0].outcome] += 1
        theirs[judge(other, profile=profile, alpha=ALPHA, beta=BETA, method=method)[0].outcome] += 1
    return ours, theirs


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(("method", "n"), [(PLAIN, 19), (RESIDUAL, 7)], ids=["plain", "residual on half"])
def test_both_error_rates_hold(method: Plain | Residual, n: int, draw: str) -> None:
    ours, theirs = _simulate(method, draw, n, 19)
    assert ours.total() == theirs.total() == TRIALS
    assert not surely_more(ours[Outcome.EXCLUDED], TRIALS, ALPHA), ours
    assert not surely_more(theirs[Outcome.SUPPORTED], TRIALS, BETA), theirs
    assert ours[Outcome.COMPATIBLE] == theirs[Outcome.COMPATIBLE] == 0


def _partly_undefined(rng: np.random.Generator, draw: str, n: int, prefix: str, undefined: float) -> ScoreTable:
    """Images of one kind, undefined by chance: the more often, the lower they would score."""
    values: Vector = DRAWS[draw](rng, (n,))
    gone = rng.random(n) < undefined * np.where(values < 0, 1.5, 0.5)
    return table(np.where(gone, np.nan, values), prefix)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("undefined", [0.4])
def test_false_claims_are_bounded_where_images_of_the_pool_are_undefined(undefined: float, draw: str) -> None:
    """A pool of just enough images bounds false claims at its full count, and no claim is given away by it."""
    rng = np.random.default_rng(11)
    own = table(np.linspace(50.0, 60.0, 19), "own")  # every image ranks as a belonging; only the pool stands in the way
    claims, trials = 0, 2000
    for _ in range(trials):
        pool = _partly_undefined(rng, draw, 9, "pool", undefined)
        asked = _partly_undefined(rng, draw, 1, "other", undefined)
        profile = calibrate(belonging=own, foreign={"pool": pool}, method=PLAIN)
        claims += judge(asked, profile=profile, beta=BETA, method=PLAIN)[0].outcome is Outcome.SUPPORTED
    assert not surely_more(claims, trials, BETA), claims / trials
    if draw != "ties":
        assert claims > 0.8 * BETA * trials, "of continuous statistics the bound is reached but for a pool undefined"


@pytest.mark.parametrize("rule", ["conformal", "grubbs", "kde"])
def test_false_claims_are_bounded_under_every_rule(rule: str) -> None:
    """Where all pools score like belongings, nearly every image ranks as one; only the pool stands in the way."""
    rng = np.random.default_rng(8)
    chosen = rules.load(rule, {"points": 500} if rule == "kde" else None)
    claims = 0
    for _ in range(300):
        profile = calibrate(
            belonging=_table(rng, "heavy tails", 30, "own"),
            foreign={"pool": _table(rng, "heavy tails", 19, "pool")},
            method=PLAIN,
        )
        asked = _table(rng, "heavy tails", 1, "other")
        verdict = judge(asked, profile=profile, alpha=0.05, beta=BETA, rule=chosen, method=PLAIN)[0]
        claims += verdict.outcome is Outcome.SUPPORTED
    assert not surely_more(claims, 300, BETA), claims
    assert claims > 5, "images of the pool must be claimed now and then, or nothing was tried"


def test_a_learned_statistic_misses_no_more_than_alpha() -> None:
    """With seven belongings a line follows the noise of those it is fitted to; ranked among them, a new image loses."""
    rng = np.random.default_rng(10)
    trials, missed = 2500, 0
    for _ in range(trials):
        profile = calibrate(belonging=_table(rng, "normal", 7, "own"), method=RESIDUAL)
        verdict = judge(_table(rng, "normal", 1, "new"), profile=profile, alpha=ALPHA, method=RESIDUAL)[0]
        missed += verdict.outcome is Outcome.EXCLUDED
    assert not surely_more(missed, trials, ALPHA), missed / trials


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
    said, supported, new, trials = [], 0, 10, 300

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
