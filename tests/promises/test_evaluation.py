"""Intervals cover as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.promises.samples import surely_more
from wherefrom.evaluation import auc, clopper_pearson, tpr_at_fpr


@pytest.mark.parametrize("chance", [0.001, 0.01, 0.05, 0.5])
@pytest.mark.parametrize("n", [19, 100])
def test_clopper_pearson_covers_exactly(n: int, chance: float) -> None:
    weights = stats.binom.pmf(np.arange(n + 1), n, chance)
    intervals = [clopper_pearson(k, n) for k in range(n + 1)]
    covered = sum(weight for weight, (low, high) in zip(weights, intervals, strict=True) if low <= chance <= high)
    assert covered >= 0.95


@pytest.mark.parametrize("apart", [0.0, 1.2, 2.7])
@pytest.mark.parametrize(("n", "m"), [(30, 30), (100, 100), (20, 150)])
def test_auc_interval_covers(n: int, m: int, apart: float) -> None:
    """Newcombe's interval is an approximation: nominal 95 %, at least 93 % wherever it was looked at."""
    rng = np.random.default_rng(n + m)
    truth = float(stats.norm.cdf(apart / np.sqrt(2)))
    found = [auc(rng.normal(0, 1, n), rng.normal(apart, 1, m)) for _ in range(400)]
    missed = sum(not each.low <= truth <= each.high for each in found)
    assert not surely_more(missed, 400, 0.07), missed / 400


def test_claims_at_a_fixed_rate_stay_under_it() -> None:
    rng = np.random.default_rng(2)
    for m in (50, 100, 199):
        for fpr in (0.0, 0.01, 0.05, 0.1):
            found = tpr_at_fpr(rng.normal(0, 1, 50), rng.normal(1, 1, m).round(1), fpr)
            assert found.false_claims <= fpr * m + 1e-9
