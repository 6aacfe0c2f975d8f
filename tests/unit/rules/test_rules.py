"""What single rules do beyond the contract."""

from __future__ import annotations

import numpy as np
import pytest

from wherefrom import rules
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.multiplicity import holm, levels
from wherefrom.core.shares import count_within, fewest, rounded_up


@pytest.mark.parametrize("name", ["grubbs", "kde"])
@pytest.mark.parametrize("value", [0.0, 1.0, 1e9])
def test_belongings_that_do_not_vary_are_refused(name: str, value: float) -> None:
    with pytest.raises(ProfileError, match=r"20 belonging images do not vary .* use rule 'conformal'"):
        rules.load(name).threshold(np.full(20, value), 0.05)


def test_conformal_takes_belongings_that_do_not_vary() -> None:
    rule = rules.load("conformal")
    assert rule.threshold(np.full(20, 1.5), 0.05) == 1.5
    assert rule.p_value(np.array([1.5, 1.6]), np.full(20, 1.5)).tolist() == [1.0, 1 / 21]


def test_no_belonging_at_all() -> None:
    with pytest.raises(
        ProfileError, match=r"alpha=0.05 needs 19 belonging images, got 0: add images, no alpha will do"
    ):
        rules.load("conformal").threshold(np.empty(0), 0.05)
    assert rules.load("conformal").p_value(np.array([1.0]), np.empty(0)).tolist() == [1.0]


def test_fixed_has_no_cut_until_it_is_given() -> None:
    with pytest.raises(UsageError, match=r"rules.load\('fixed', cut=1.2\)"):
        rules.load("fixed").threshold(np.empty(0), 0.05)
    with pytest.raises(UsageError, match="cut=nan is not a finite number"):
        rules.load("fixed", {"cut": float("nan")})
    assert rules.load("fixed", {"cut": 2}).threshold(np.empty(0), 0.05) == 2.0


def test_unknown_rules_and_options_are_refused() -> None:
    with pytest.raises(UsageError, match=r"no rule 'conformel'.*did you mean 'conformal'"):
        rules.load("conformel")
    with pytest.raises(UsageError, match=r"rule 'fixed' has no option cuts: it has cut"):
        rules.load("fixed", {"cuts": 1.0})
    with pytest.raises(UsageError, match="points=1 makes no grid"):
        rules.load("kde", {"points": 1})


def test_grubbs_beyond_the_largest_possible_deviation() -> None:
    belonging = np.arange(10.0)
    assert rules.load("grubbs").p_value(np.array([1e6, -1e6]), belonging).tolist() == [0.0, 1.0]


def test_kde_beyond_its_grid() -> None:
    belonging = np.arange(10.0)
    assert rules.load("kde").p_value(np.array([1e6, -1e6]), belonging).tolist() == [0.0, 1.0]


def test_counts_within_a_share_are_those_of_exact_numbers() -> None:
    assert [count_within(20, 0.05), count_within(10, 0.3), count_within(100, 0.29), count_within(3, 1 / 3)] == [
        1,
        3,
        29,
        1,
    ]
    assert [count_within(10, float(np.nextafter(0.9, 0))), count_within(3, 0.3333)] == [8, 0]
    assert [count_within(19, 0.05), count_within(0, 0.5), count_within(7, 0.0)] == [0, 0, 0]
    assert all(1 / (fewest(share) + 1) <= share for share in np.linspace(0.0007, 0.49, 800))


@pytest.mark.parametrize("count", [3, 7, 40, 97, 499])
def test_advice_works_when_followed(count: int) -> None:
    assert fewest(rounded_up(1 / (count + 1))) <= count


def test_holm_by_hand() -> None:
    p = np.array([[0.01, 0.02, 0.04], [0.02, 0.02, 0.001], [0.011, 0.5, 0.02], [0.9, 0.03, 0.9], [np.nan, 0.01, 0.9]])
    expected = [
        [True, True, True],
        [True, True, True],
        [True, False, True],
        [False, False, False],
        [False, True, False],
    ]
    assert holm(p, 0.05).tolist() == expected
    assert levels(4, 0.08).tolist() == pytest.approx([0.02, 0.08 / 3, 0.04, 0.08])


def test_one_candidate_needs_no_correction() -> None:
    assert holm(np.array([[0.01], [0.011]]), 0.01).tolist() == [[True], [False]]
