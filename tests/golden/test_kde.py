"""AEDR's cut to six digits, as the paper's own program computes it."""

from __future__ import annotations

import numpy as np
import pytest

from wherefrom import rules


def test_even_grid() -> None:
    cut = rules.load("kde").threshold(np.linspace(0.8, 1.6, 41), alpha=0.05)
    assert cut == pytest.approx(1.6173050614, abs=1e-6)


def test_log_normal_belongings() -> None:
    values = np.exp(np.random.default_rng(0).normal(0, 0.1, 500))
    assert rules.load("kde").threshold(values, alpha=0.05) == pytest.approx(1.1794139720, abs=1e-6)
    assert np.quantile(values, 0.95) == pytest.approx(1.1716153526, abs=1e-6)


def test_one_outlier_moves_it_far_and_leaves_the_rank_alone() -> None:
    values = np.random.default_rng(1).normal(1.0, 0.02, 500)
    spoilt = np.append(values[1:], 1000.0)
    assert rules.load("kde").threshold(spoilt, alpha=0.05) > rules.load("kde").threshold(values, alpha=0.05) + 10
    moved = rules.load("conformal").threshold(spoilt, 0.05) - rules.load("conformal").threshold(values, 0.05)
    assert abs(moved) < 0.005
