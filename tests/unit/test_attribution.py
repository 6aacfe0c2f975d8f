"""Several candidates: one, several, none, or nothing that can be said; and what the correction takes away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.toy_tables import MODEL, PLAIN, facts, jpeg, table
from wherefrom.attribution import attribute
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.judging import calibrate
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Attribution, Outcome


def model(name: str, decoder: str | None = None) -> Card:
    return replace(MODEL, name=name, facts={**MODEL.facts, "decoder": decoder or f"weights of {name}"})


def profile(name: str, pool: int = 400, decoder: str | None = None, **options: Any) -> Profile:
    """Belongings score about 1, the pool 2 and more."""
    card = model(name, decoder)
    belonging = table(np.linspace(0.9, 1.1, 99), f"own {name}", model=card, **options)
    foreign = {"photos": table(np.linspace(2.0, 3.0, pool), f"photo {name}", model=card, **options)} if pool else {}
    return calibrate(belonging=belonging, foreign=foreign, method=PLAIN)


def ask(profiles: dict[str, Profile], values: dict[str, float], image: str = "query", **options: Any) -> Attribution:
    tables = {name: table([values[name]], image, model=each.model) for name, each in profiles.items()}
    return attribute(tables, profiles=profiles, method=PLAIN, **options)[0]


def test_one_survivor() -> None:
    found = ask({"a": profile("a"), "b": profile("b")}, {"a": 1.0, "b": 1.5})
    assert (found.answer, found.supported) == ("a", ("a",))
    assert [verdict.outcome for verdict in found.verdicts] == [Outcome.SUPPORTED, Outcome.EXCLUDED]
    assert found.reason.startswith(
        "2 candidate decoders at beta=0.01 together: a: SUPPORTED, ranks as a belonging (p = "
    )


def test_none_of_these() -> None:
    found = ask({"a": profile("a"), "b": profile("b")}, {"a": 1.5, "b": 1.5})
    assert (found.answer, found.supported) == ("none of these", ())


def test_a_tie_is_not_settled_by_the_smaller_number() -> None:
    found = ask({"b": profile("b"), "a": profile("a")}, {"a": 0.95, "b": 1.05})
    assert (found.answer, found.supported) == ("tie: b, a", ("b", "a"))


def test_without_pools_it_is_only_compatible() -> None:
    found = ask({"a": profile("a", pool=0), "b": profile("b")}, {"a": 1.0, "b": 1.5})
    assert (found.answer, found.supported) == ("compatible: a", ())


def test_undecided_when_one_candidate_cannot_be_judged() -> None:
    profiles = {"a": profile("a"), "b": profile("b")}
    assert ask(profiles, {"a": np.nan, "b": 1.5}).answer == "undecided"
    assert ask(
        {**profiles, "a": profile("a", pool=0), "c": profile("c")}, {"a": 1.0, "b": np.nan, "c": 2.0}
    ).answer == ("undecided")
    assert ask(profiles, {"a": np.nan, "b": 1.0}).answer == "b"


def test_pools_must_be_large_enough_for_all_candidates_together() -> None:
    profiles = {name: profile(name, pool=150) for name in "abc"}
    found = ask(profiles, {"a": 1.0, "b": 1.5, "c": 1.5})
    assert (found.answer, found.supported) == ("compatible: a", ())
    verdict = found.verdicts[0]
    assert verdict.outcome is Outcome.COMPATIBLE
    assert "pool 'photos' of a has 150 images, 3 candidates need 299" in verdict.reason
    assert "p = 0.006623 > 0.003333, the level for one of 3 candidates" in verdict.reason
    assert ask({"a": profiles["a"]}, {"a": 1.0}).answer == "a"
    assert ask({name: profile(name, pool=299) for name in "abc"}, {"a": 1.0, "b": 1.5, "c": 1.5}).answer == "a"


def test_the_correction_takes_away_a_weak_claim() -> None:
    weak = profile("a", pool=399)
    low = np.linspace(2.0, 3.0, 399)
    low[:2] = 0.8
    weak = replace(weak, foreign_statistic={"photos": low})
    alone = ask({"a": weak}, {"a": 1.0})
    assert alone.answer == "a"
    with_others = ask({"a": weak, "b": profile("b"), "c": profile("c")}, {"a": 1.0, "b": 1.5, "c": 1.5})
    assert (with_others.answer, with_others.supported) == ("undecided", ())
    assert with_others.verdicts[0].outcome is Outcome.UNDECIDED
    assert "not clearly enough against 3 candidates (p = 0.0075 > 0.003333" in with_others.verdicts[0].reason


def test_a_strong_claim_lowers_the_bar_for_the_next() -> None:
    weak = profile("b", pool=399)
    weak = replace(weak, foreign_statistic={"photos": np.array([0.8, *np.linspace(2, 3, 398)])})
    found = ask({"a": profile("a"), "b": weak}, {"a": 1.0, "b": 1.0})
    assert found.answer == "tie: a, b"
    assert ask({"a": profile("a"), "b": weak}, {"a": 1.5, "b": 1.0}).answer == "b"
    assert ask(
        {**{name: profile(name) for name in "acd"}, "b": weak}, dict(zip("abcd", (1, 1, 2, 2), strict=True))
    ).supported == ("a",)


def test_one_decoder_under_two_names_is_one_candidate() -> None:
    profiles = {"sd": profile("sd", decoder="same", pool=150), "sd copy": profile("sd copy", decoder="same", pool=150)}
    found = ask(profiles, {"sd": 1.0, "sd copy": 1.0})
    assert (found.answer, found.supported) == ("sd = sd copy", ("sd = sd copy",))
    assert found.reason.startswith("1 candidate decoder at")


def test_profiles_of_one_decoder_that_contradict_each_other() -> None:
    profiles = {"x": profile("x", decoder="same"), "y": profile("y", decoder="same")}
    found = ask(profiles, {"x": 1.0, "y": 1.5})
    assert (found.answer, found.supported) == ("undecided", ())
    assert [verdict.outcome for verdict in found.verdicts] == [Outcome.UNDECIDED, Outcome.EXCLUDED]
    assert found.verdicts[0].reason.endswith("but of the same decoder y says EXCLUDED")
    weaker = {"x": profile("x", decoder="same"), "y": profile("y", decoder="same", pool=0)}
    assert ask(weaker, {"x": 1.0, "y": 1.0}).answer == "compatible: x = y"


def test_of_profiles_for_different_conditions_the_one_that_covers_the_image_decides() -> None:
    def stored(prefix: str, count: int) -> dict[str, Any]:
        return {"images": [jpeg(f"{prefix}-{i}") for i in range(count)]}

    card = model("jpeg", "same")
    lossy = calibrate(
        belonging=table(np.linspace(1.4, 1.6, 99), model=card, **stored("own", 99)),
        foreign={"photos": table(np.linspace(2, 3, 150), model=card, **stored("photo", 150))},
        method=PLAIN,
    )
    profiles = {"png": profile("png", decoder="same"), "jpeg": lossy}
    tables = {
        name: table([1.0, 1.5, 1.0], model=each.model, images=[facts("q"), jpeg("r"), jpeg("s", 30)])
        for name, each in profiles.items()
    }
    answers = [found.answer for found in attribute(tables, profiles=profiles, method=PLAIN)]
    assert answers == ["png = jpeg", "png = jpeg", "undecided"]


def test_rows_are_joined_by_image() -> None:
    profiles = {"a": profile("a"), "b": profile("b")}
    images = [facts("q"), facts("bad", error="empty file", pixel_digest=None), facts("r"), facts("q")]
    first = table([1.0, 0.0, 1.5, 1.5], images=images, model=profiles["a"].model)
    second = table([1.5, 0.0, 1.0, 1.5], images=images, model=profiles["b"].model)
    order = np.array([1, 2, 0, 3])
    found = attribute({"a": first, "b": second.take(order)}, profiles=profiles, method=PLAIN)
    assert [each.answer for each in found] == ["a", "undecided", "b", "none of these"]
    assert [each.image.name for each in found] == ["q.png", "bad.png", "r.png", "q.png"]


def test_tables_of_other_images_are_refused() -> None:
    profiles = {"a": profile("a"), "b": profile("b")}

    def tables(first: ScoreTable, second: ScoreTable) -> dict[str, ScoreTable]:
        return {"a": replace(first, model=profiles["a"].model), "b": replace(second, model=profiles["b"].model)}

    with pytest.raises(UsageError, match=r"tables 'a' and 'b' are not of the same images, as r-0.png"):
        attribute(tables(table([1.0], "q"), table([1.0, 1.0], images=[facts("q-0"), facts("r-0")])), profiles=profiles)
    other = table([1.0], images=[facts("q-0", pixel_digest="0" * 64)])
    with pytest.raises(UsageError, match=r"q-0.png has other pixels in table 'a' than in 'b'"):
        attribute(tables(table([1.0], "q"), other), profiles=profiles)
    with pytest.raises(UsageError, match="only one of them has b"):
        attribute({"a": table([1.0])}, profiles=profiles)
    with pytest.raises(UsageError, match="no profile to attribute with"):
        attribute({}, profiles={})


def test_scores_under_the_wrong_model_are_refused() -> None:
    profiles = {"a": profile("a"), "b": profile("b")}
    swapped = {"a": table([1.0], model=profiles["b"].model), "b": table([1.0], model=profiles["a"].model)}
    with pytest.raises(ProfileError, match=r"model decoder: 'weights of b', 'weights of a'"):
        attribute(swapped, profiles=profiles, method=PLAIN)
