"""The conformal cut worked out by hand: the k-th smallest, k = ceil((n + 1)(1 - alpha))."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from wherefrom.core.errors import ProfileError
from wherefrom.rules.conformal import Conformal


@pytest.mark.parametrize(("n", "alpha", "k"), [(19, "0.05", 19), (99, "0.01", 99), (99, "0.05", 95), (100, "0.05", 96)])
def test_kth_smallest(n: int, alpha: str, k: int) -> None:
    assert Conformal().threshold(np.arange(1.0, n + 1), float(alpha)) == k


def test_equals_exact_arithmetic_everywhere() -> None:
    for text in ("0.001", "0.01", "0.02", "0.05", "0.07", "0.1", "0.15", "0.2", "0.25", "0.3", "0.35", "0.7", "0.95"):
        for n in [*range(1, 130), 199, 299, 499, 500, 999]:
            k = math.ceil((n + 1) * (1 - Fraction(text)))
            if k > n:
                with pytest.raises(ProfileError):
                    Conformal().threshold(np.arange(1.0, n + 1), float(text))
            else:
                assert Conformal().threshold(np.arange(1.0, n + 1), float(text)) == max(k, 1), (text, n)


@pytest.mark.parametrize(("alpha", "n"), [(0.05, 19), (0.01, 99), (0.001, 999), (0.1, 9), (1 / 3, 2), (0.5, 1)])
def test_fewest_belongings(alpha: float, n: int) -> None:
    assert Conformal().needs(alpha) == n


def test_p_values_by_hand() -> None:
    p = Conformal().p_value(np.array([0.5, 1.0, 2.0, 2.5, 3.0, 9.0]), np.array([1.0, 2.0, 2.0, 3.0]))
    assert p.tolist() == [1.0, 1.0, 4 / 5, 2 / 5, 2 / 5, 1 / 5]


def test_too_few_says_what_to_do() -> None:
    with pytest.raises(ProfileError) as refused:
        Conformal().threshold(np.arange(40.0), alpha=0.01)
    assert str(refused.value) == "alpha=0.01 needs 99 belonging images, got 40: add images or use alpha >= 0.0244"
    Conformal().threshold(np.arange(40.0), alpha=0.0244)
