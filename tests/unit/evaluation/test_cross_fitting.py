"""Cross-fitting: no image is judged by a profile that it is part of, and what cannot be measured is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.toy_tables import PLAIN, RESIDUAL, facts, jpeg, table
from wherefrom.core.errors import ProfileError
from wherefrom.evaluation import CrossFit, cross_fit
from wherefrom.judging import calibrate, judge
from wherefrom.methods.base import Method
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable

RNG = np.random.default_rng(3)
OURS, THEIRS = RNG.normal(0, 1, 60), RNG.normal(4, 1, 40)


def made(**pools: np.ndarray) -> Profile:
    foreign = {name: table(values, name) for name, values in pools.items()}
    return calibrate(belonging=table(OURS, "b"), foreign=foreign, method=PLAIN)


def fitted(profile: Profile, *, method: Method[Any] = PLAIN) -> CrossFit:
    return cross_fit(profile, alpha=0.1, beta=0.05, method=method)


def test_every_image_that_was_scored_is_judged_once_and_never_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def watched(asked: ScoreTable, *, profile: Profile, **options: Any) -> object:
        known = {one.name for each in (profile.belonging, *profile.foreign.values()) for one in each.images}
        names = [one.name for one in asked.images]
        assert not known & set(names)
        judged.extend(names)
        return judge(asked, profile=profile, **options)

    monkeypatch.setattr("wherefrom.evaluation.cross_fitting.judge", watched)
    ours = table(OURS, images=[facts(f"b-{i}", **({"error": "broken"} if i == 7 else {})) for i in range(60)])
    profile = calibrate(belonging=ours, foreign={"p": table(THEIRS, "p")}, method=PLAIN)
    found = fitted(profile)
    assert sorted(judged) == sorted([f"b-{i}.png" for i in range(60) if i != 7] + [f"p-{i}.png" for i in range(40)])
    assert (found.missed.total, found.false_claims["p"].total) == (59, 40)


def test_an_image_that_is_in_two_pools_is_in_neither_when_it_is_judged() -> None:
    shared = [facts(f"p-{i}") for i in range(40)]
    foreign = {"p": table(THEIRS, images=shared), "q": table(THEIRS, images=shared)}
    profile = calibrate(belonging=table(OURS, "b"), foreign=foreign, method=PLAIN)
    found = fitted(profile, method=PLAIN)
    assert found.false_claims["p"] == found.false_claims["q"]
    assert found.false_claims["p"].total == 40


def test_what_was_learned_is_learned_anew_without_the_image() -> None:
    """Belongings whose line is learned: all are judged, those too that the profile itself does not rank."""
    detail = RNG.uniform(-1, 1, 60)
    ours = table(OURS + 5 * detail, "b", detail=detail, method=RESIDUAL.card)
    theirs = table(THEIRS, "p", detail=np.zeros(40), method=RESIDUAL.card)
    profile = calibrate(belonging=ours, foreign={"p": theirs}, method=RESIDUAL)
    assert len(profile.ranked) == 30
    found = fitted(profile, method=RESIDUAL)
    assert found.missed.total == 60
    assert found.missed.low <= 0.1 <= found.missed.high


def test_a_pool_that_is_too_small_or_confounded_supports_nothing_and_says_so() -> None:
    found = fitted(made(p=THEIRS[:12]), method=PLAIN)
    assert found.found is None
    assert found.false_claims == {}
    assert found.unfit is not None
    assert "has 12 images, of which 19 are needed" in found.unfit
    assert found.ranks["p"].total == 12
    assert found.auc["p"] is not None
    jpegs = table(THEIRS, images=[jpeg(f"j{i}") for i in range(40)])
    confounded = calibrate(belonging=table(OURS, "b"), foreign={"j": jpegs}, method=PLAIN)
    assert "by its files alone" in str(fitted(confounded, method=PLAIN).unfit)
    assert "no pool" in str(fitted(made(), method=PLAIN).unfit)


def test_as_few_parts_as_leave_enough_images() -> None:
    found = fitted(made(p=THEIRS, few=THEIRS[:20]), method=PLAIN)
    assert found.parts == {None: 10, "p": 10, "few": 20}


def test_a_profile_that_cannot_decide_is_refused_with_the_reason() -> None:
    with pytest.raises(ProfileError, match=r"too few images for its own error rates: alpha=0\.01 needs 99"):
        cross_fit(made(p=THEIRS), alpha=0.01, method=PLAIN)
    two = replace(made(p=THEIRS), further=(replace(made(p=THEIRS), edit="jpeg:75"),))
    with pytest.raises(ProfileError, match="each with error rates of its own"):
        cross_fit(two, method=PLAIN)
