"""Evaluation against counting by hand, another implementation, and the limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from tests.toy_tables import PLAIN, RESIDUAL, facts, table
from wherefrom.core.errors import UsageError
from wherefrom.evaluation import auc, clopper_pearson, confusion, evaluate, share, tpr_at_fpr
from wherefrom.judging import calibrate, judge

numbers = st.lists(st.integers(0, 8).map(float), min_size=1, max_size=20).map(np.array)


@given(numbers, numbers)
def test_auc_counts_pairs(belonging: np.ndarray, foreign: np.ndarray) -> None:
    wins = sum((f > b) + 0.5 * (f == b) for b in belonging for f in foreign)
    found = auc(belonging, foreign)
    assert found.value == pytest.approx(wins / (len(belonging) * len(foreign)))
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    assert found.low < found.high


def test_auc_equals_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    belonging, foreign = rng.normal(0, 1, 300).round(1), rng.normal(1, 2, 200).round(1)
    labels = [0] * 300 + [1] * 200
    expected = roc_auc_score(labels, np.concatenate([belonging, foreign]))
    assert auc(belonging, foreign).value == pytest.approx(expected, abs=1e-12)


def test_perfect_separation_has_an_interval() -> None:
    found = auc(np.arange(50.0), np.arange(50.0) + 50)
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.9 < found.low < 0.99
    mirrored = auc(np.arange(50.0) + 50, np.arange(50.0))
    assert (mirrored.value, mirrored.low) == (0.0, 0.0)
    assert mirrored.high == pytest.approx(1 - found.low)


def test_undefined_is_left_out_of_the_auc_and_counted() -> None:
    found = auc(np.array([1.0, np.nan, 2.0]), np.array([3.0, np.inf]))
    assert (found.value, found.belonging, found.foreign, found.undefined) == (1.0, 2, 1, 2)
    with pytest.raises(UsageError, match="none of 1 foreign statistics is finite"):
        auc(np.array([1.0]), np.array([np.nan]))


@given(numbers, numbers, st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.5, 0.9]))
def test_tpr_is_the_best_over_all_cuts(belonging: np.ndarray, foreign: np.ndarray, fpr: float) -> None:
    allowed = math.floor(round(fpr * len(foreign), 9))
    cuts = [*foreign, *belonging, -1.0]
    best = max((belonging < cut).mean() for cut in cuts if (foreign < cut).sum() <= allowed)
    found = tpr_at_fpr(belonging, foreign, fpr)
    assert found.value == best
    assert found.false_claims <= allowed


def test_tpr_at_one_percent_of_a_hundred() -> None:
    foreign = np.arange(100.0)
    found = tpr_at_fpr(np.array([0.5, 1.0, -1.0, 5.0]), foreign, 0.01)
    assert (found.cut, found.false_claims, found.found, found.value) == (1.0, 1, 2, 0.5)
    assert (found.low, found.high) == clopper_pearson(2, 4)
    assert tpr_at_fpr(np.array([0.5]), foreign[:99], 0.01).false_claims == 0
    assert tpr_at_fpr(np.array([-1.0, np.nan]), foreign, 0.01).value == 0.5
    assert tpr_at_fpr(np.array([-1.0, -np.inf]), foreign, 0.01).value == 0.5, "undefined, as for `judge`"
    with pytest.raises(UsageError, match=r"fpr=1 is outside \[0, 1\)"):
        tpr_at_fpr(foreign, foreign, 1.0)


def test_clopper_pearson_has_the_quantiles_of_the_beta_distribution() -> None:
    """The definition: the tails of Beta(k, n - k + 1) and Beta(k + 1, n - k), to 1e-12."""
    for k, n in ((0, 10), (3, 10), (10, 10), (1, 500), (250, 500), (1199, 1200)):
        low = 0.0 if k == 0 else stats.beta.ppf(0.005, k, n - k + 1)
        high = 1.0 if k == n else stats.beta.isf(0.005, k + 1, n - k)
        assert clopper_pearson(k, n, 0.99) == pytest.approx((low, high), rel=0, abs=1e-12)
    assert clopper_pearson(0, 100)[1] == pytest.approx(0.0362167)
    for k, n in ((-1, 5), (6, 5), (0, 0)):
        with pytest.raises(UsageError, match="is no share"):
            clopper_pearson(k, n)


def test_confusion_counts() -> None:
    profile = calibrate(
        belonging=table(np.linspace(0.9, 1.1, 99), "own"),
        foreign={"photos": table(np.linspace(1.05, 2.5, 150), "photo")},
        method=PLAIN,
    )
    ours = table([0.95, 1.0, 1.2, np.nan, 1.08], "a")
    theirs = table([2.0, 2.0, 1.0, 1.08, 0.0], images=[*(facts(f"b-{i}") for i in range(4)), facts("x", error="bad")])
    counts = confusion(*(judge(each, profile=profile, method=PLAIN) for each in (ours, theirs)))
    assert (counts.tp, counts.fn, counts.undecided_belonging) == (2, 1, 2)
    assert (counts.fp, counts.tn, counts.undecided_foreign) == (1, 2, 2)
    assert (counts.supported_belonging, counts.supported_foreign, counts.undecided) == (2, 1, 4)
    assert counts.accuracy == pytest.approx(4 / 6)
    assert math.isnan(confusion([], []).accuracy)
    assert (counts.coverage.count, counts.coverage.total) == (6, 10)
    assert (counts.right.count, counts.right.total) == (6, 10)
    unclaimed = counts.undecided_as_unclaimed()
    assert (unclaimed.tp, unclaimed.fn, unclaimed.fp, unclaimed.tn, unclaimed.undecided) == (2, 3, 1, 4, 0)
    assert (unclaimed.right.value, unclaimed.coverage.value) == (0.6, 1.0)


def test_a_share_has_its_interval() -> None:
    found = share(3, 4)
    assert (found.count, found.total, float(found)) == (3, 4, 0.75)
    assert (found.low, found.high) == clopper_pearson(3, 4)


def test_an_evaluation_is_what_judge_says_and_what_the_statistic_could_tell() -> None:
    rng = np.random.default_rng(0)
    profile = calibrate(belonging=table(rng.normal(1, 0.1, 60), "own"), method=PLAIN)
    values = {"a": rng.normal(1.0, 0.1, 40), "b": rng.normal(2.0, 0.2, 100), "c": np.full(3, np.nan)}
    tables = {name: table(numbers, name) for name, numbers in values.items()}
    ours = tables.pop("a")
    found = evaluate(profile, belonging=ours, foreign=tables, rules=("kde", "conformal"), alpha=0.1, method=PLAIN)
    assert list(found) == ["b", "c"]
    for rule in ("kde", "conformal"):
        said = [judge(each, profile=profile, rule=rule, alpha=0.1, method=PLAIN) for each in (ours, tables["b"])]
        errors = found["b"].errors[rule]
        assert errors is not None
        assert errors.confusion == confusion(*said)
        assert errors.cut == said[0][0].threshold
    assert found["b"].auc == auc(values["a"], values["b"])
    assert found["b"].tpr == {0.01: tpr_at_fpr(values["a"], values["b"], 0.01), 0.001: None}
    assert (found["c"].auc, found["c"].tpr[0.01], found["c"].undefined) == (None, None, 3)
    assert found["b"].ranked == 60


def test_an_evaluation_says_which_rule_cannot_decide_and_takes_what_was_learned() -> None:
    rng = np.random.default_rng(1)
    known, own, other = (
        table(rng.normal(mean, 0.1, n), name, detail=rng.normal(0, 1, n), method=RESIDUAL.card)
        for name, mean, n in (("known", 1, 30), ("own", 1, 20), ("other", 2, 20))
    )
    profile = calibrate(belonging=known, method=RESIDUAL)
    found = evaluate(profile, belonging=own, foreign={"b": other}, rules=("conformal", "grubbs"), method=RESIDUAL)["b"]
    assert found.errors["conformal"] is None, "15 are ranked, alpha 0.05 needs 19"
    assert found.errors["grubbs"] is not None
    assert found.auc == auc(*(RESIDUAL.statistic(each.scores, profile.fit) for each in (own, other)))
    with pytest.raises(UsageError, match="b: no image to evaluate"):
        evaluate(profile, belonging=own, foreign={"b": other.take(np.arange(0))}, method=RESIDUAL)
    several = replace(profile, further=(replace(profile, edit="jpeg:75"),))
    with pytest.raises(UsageError, match="conditions none, jpeg:75, whose statistics differ"):
        evaluate(several, belonging=own, foreign={"b": other}, method=RESIDUAL)
