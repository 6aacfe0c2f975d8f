"""RONAN's multiplier G(N, 0.05), the factor of the standard deviation in eq. 3."""

from __future__ import annotations

import numpy as np
import pytest

from wherefrom.rules.grubbs import Grubbs


@pytest.mark.parametrize(("n", "expected"), [(20, 2.5566), (50, 2.9570), (100, 3.2095), (500, 3.6952)])
def test_multiplier(n: int, expected: float) -> None:
    assert Grubbs().multiplier(n, alpha=0.05) == pytest.approx(expected, abs=1e-3)


def test_cut_is_mean_plus_multiplier_times_sample_deviation() -> None:
    values = np.random.default_rng(2).normal(3.0, 0.5, 100)
    cut = Grubbs().threshold(values, alpha=0.05)
    assert (cut - values.mean()) / values.std(ddof=1) == pytest.approx(3.2095, abs=1e-3)
