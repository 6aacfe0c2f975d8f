"""What every rule must do, those of other packages included."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wherefrom import rules
from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.rules.base import Rule

ALPHAS = (0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
SAMPLES = {
    "normal": np.random.default_rng(1).normal(1.0, 0.1, 120),
    "log-normal": np.exp(np.random.default_rng(2).normal(0.0, 0.5, 120)),
    "heavy tails": np.random.default_rng(3).standard_t(2, 120),
    "ties": np.round(np.random.default_rng(4).normal(0.0, 1.0, 120), 1),
    "large numbers": np.random.default_rng(5).normal(1e9, 1e3, 120),
}


def _rule(name: str) -> Rule:
    return rules.load(name, {"cut": 1.2} if name == "fixed" else None)


every_rule = pytest.mark.parametrize("name", rules.names())
every_sample = pytest.mark.parametrize("belonging", SAMPLES.values(), ids=SAMPLES)


def test_the_papers_rules_and_ours_are_there() -> None:
    assert {"conformal", "fixed", "grubbs", "kde"} <= set(rules.names())


@every_rule
def test_satisfies_the_protocol(name: str) -> None:
    assert isinstance(rules.load(name), Rule)


@every_rule
@every_sample
def test_a_smaller_alpha_never_lowers_the_cut(name: str, belonging: Vector) -> None:
    cuts = [_rule(name).threshold(belonging, alpha) for alpha in ALPHAS]
    assert cuts == sorted(cuts)
    assert np.isfinite(cuts).all()


@every_rule
@every_sample
def test_p_value_agrees_with_threshold(name: str, belonging: Vector) -> None:
    rule = _rule(name)
    spread = float(np.std(belonging))
    asked = np.concatenate([belonging, np.linspace(belonging.min() - spread, belonging.max() + spread, 500)])
    p = rule.p_value(asked, belonging)
    if np.isnan(p).all():
        return
    for alpha in ALPHAS:
        cut = rule.threshold(belonging, alpha)
        clear = np.abs(asked - cut) > 1e-9 * spread
        below = asked <= cut if name == "conformal" else asked < cut
        undecided = clear | (name == "conformal")
        assert ((p > alpha) == below)[undecided].all(), alpha


@every_rule
@every_sample
def test_p_value_falls_as_the_statistic_rises(name: str, belonging: Vector) -> None:
    p = _rule(name).p_value(np.linspace(belonging.min() - 3, belonging.max() + 3, 400), belonging)
    assert np.isnan(p).all() or ((np.diff(p) <= 0).all() and (p >= 0).all() and (p <= 1).all())


@every_rule
def test_undefined_is_never_compared(name: str) -> None:
    p = _rule(name).p_value(np.array([np.nan, np.inf, -np.inf, 1.0]), SAMPLES["normal"])
    assert np.isnan(p[:3]).all()


@every_rule
def test_order_of_belongings_does_not_matter(name: str) -> None:
    belonging = SAMPLES["heavy tails"]
    shuffled = np.random.default_rng(9).permutation(belonging)
    assert _rule(name).threshold(shuffled, 0.05) == pytest.approx(_rule(name).threshold(belonging, 0.05), rel=1e-12)


@every_rule
def test_neighbours_do_not_matter(name: str) -> None:
    asked, belonging = np.array([0.9, 1.1, 1.3]), SAMPLES["normal"]
    alone = [float(_rule(name).p_value(asked[i : i + 1], belonging)[0]) for i in range(3)]
    np.testing.assert_array_equal(_rule(name).p_value(asked, belonging), alone)


@every_rule
def test_inputs_are_left_alone(name: str) -> None:
    belonging, asked = SAMPLES["ties"].copy(), np.array([3.0, 1.0, 2.0])
    belonging.setflags(write=False)
    asked.setflags(write=False)
    _rule(name).threshold(belonging, 0.05)
    _rule(name).p_value(asked, belonging)


@every_rule
def test_card_round_trip(name: str) -> None:
    rule = _rule(name)
    card = Card.from_json(json.loads(json.dumps(rule.card.to_json(), allow_nan=False)))
    assert (card.kind, card.name) == ("rule", name)
    assert rules.from_card(card) == rule
    assert rules.from_card(card).card.digest == rule.card.digest


@every_rule
@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_alpha_outside_its_range_is_refused(name: str, alpha: float) -> None:
    with pytest.raises(UsageError, match=r"alpha=.* is outside \(0, 1\)"):
        _rule(name).threshold(SAMPLES["normal"], alpha)
    with pytest.raises(UsageError, match="alpha"):
        _rule(name).needs(alpha)


@every_rule
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.01])
def test_needs_is_the_fewest(name: str, alpha: float) -> None:
    rule = _rule(name)
    needed = rule.needs(alpha)
    values = np.random.default_rng(7).normal(size=max(needed, 1))
    assert np.isfinite(rule.threshold(values[:needed], alpha))
    if needed:
        with pytest.raises(ProfileError, match=str(needed)):
            rule.threshold(values[: needed - 1], alpha)


@every_rule
def test_undefined_belongings_are_refused(name: str) -> None:
    if _rule(name).needs(0.05) == 0:
        assert _rule(name).threshold(np.array([np.nan]), 0.05) == 1.2
        return
    with pytest.raises(ProfileError, match="1 of 121 statistics of belongings are undefined"):
        _rule(name).threshold(np.append(SAMPLES["normal"], np.nan), 0.05)
