"""Which conditions of a profile count for an image, and what is said where several do or none does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.toy_tables import MODEL, PLAIN, facts, jpeg, table
from wherefrom import rules
from wherefrom.attribution import Candidate, attribute
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images import edits
from wherefrom.judging import calibrate, decided_below, judge
from wherefrom.judging.adding import edit_for
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome, Verdict

THROUGH = replace(MODEL, facts={**MODEL.facts, "through": "resize:0.5"})


def condition(edit: str, level: float = 1.0, *, pool: int = 120, **options: Any) -> Profile:
    """Belongings score about `level`, the pool one more and above."""
    made = {"jpeg": jpeg}.get(edit.partition(":")[0], facts)
    quality = [float(edit.partition(":")[2])] if made is jpeg else []
    belonging = table(
        np.linspace(level - 0.1, level + 0.1, 99),
        images=[made(f"{edit} own {i}", *quality) for i in range(99)],
        **options,
    )
    photos = table(
        np.linspace(level + 1, level + 2, pool),
        images=[made(f"{edit} photo {i}", *quality) for i in range(pool)],
        **options,
    )
    return replace(calibrate(belonging=belonging, foreign={"photos": photos}, method=PLAIN), edit=edit)


def profile_of(*conditions: Profile) -> Profile:
    return replace(conditions[0], further=conditions[1:])


THREE = profile_of(condition("none"), condition("jpeg:75", 2.0), condition("jpeg:81", 4.0))


def ask(value: float, image: ImageFacts, profile: Profile = THREE, **options: Any) -> Verdict:
    return judge(table([value], images=[image]), profile=profile, method=PLAIN, **options)[0]


def test_the_condition_that_covers_the_file_is_used_and_named() -> None:
    plain, low = ask(1.0, facts("q")), ask(2.0, jpeg("q", 73))
    assert (plain.outcome, plain.conditions) == (Outcome.SUPPORTED, ("none",))
    assert plain.reason.endswith("; under condition none")
    assert (low.outcome, low.conditions) == (Outcome.SUPPORTED, ("jpeg:75",))
    assert ask(2.0, facts("q")).outcome is Outcome.EXCLUDED
    assert {plain.profile, low.profile} == {THREE.digest}


def test_a_profile_of_one_condition_says_what_it_always_did() -> None:
    said = ask(1.0, facts("q"), condition("none"))
    assert (said.outcome, said.conditions) == (Outcome.SUPPORTED, ("none",))
    assert "condition" not in said.reason


def test_of_several_that_cover_the_most_cautious_decides() -> None:
    both = jpeg("q", 78)
    low, high, between, above = (ask(value, both) for value in (2.0, 4.0, 3.5, 4.2))
    assert low.conditions == ("jpeg:81", "jpeg:75"), "ranks highest under the condition whose belongings score higher"
    assert low.outcome is Outcome.SUPPORTED
    assert high.outcome is Outcome.UNDECIDED, "under jpeg:75 it is above all photos, so no claim holds under both"
    assert high.conditions == ("jpeg:81", "jpeg:75")
    assert high.p_belonging == pytest.approx(0.51, abs=0.02)
    assert high.p_foreign == {"photos": 1.0}
    assert between.outcome is Outcome.UNDECIDED
    assert above.outcome is Outcome.EXCLUDED
    assert "the most cautious of conditions jpeg:81, jpeg:75" in high.reason


def test_a_pool_that_bounds_nothing_under_one_condition_bounds_nothing() -> None:
    few = profile_of(condition("none"), condition("jpeg:75", 2.0), condition("jpeg:81", 2.0, pool=40))
    assert ask(2.0, jpeg("q", 73), few).outcome is Outcome.SUPPORTED
    said = ask(2.0, jpeg("q", 78), few)
    assert said.outcome is Outcome.COMPATIBLE
    assert "pool 'photos' has 40 images" in said.reason


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_undefined_under_one_condition_is_undecided(value: float) -> None:
    tables = {
        "none": table([1.0], images=[jpeg("q", 78)]),
        "jpeg:75": table([2.0], images=[jpeg("q", 78)]),
        "jpeg:81": table([value], images=[jpeg("q", 78)]),
    }
    said = judge(tables, profile=THREE, method=PLAIN)[0]
    assert said.outcome is Outcome.UNDECIDED
    assert said.reason.startswith("the statistic is undefined")


def test_an_error_counts_only_under_a_condition_that_covers_the_image() -> None:
    failed = facts("q", error="too small for the model")
    good = table([1.0], images=[facts("q")])
    bad = table([0.0], images=[failed])
    assert judge({"none": good, "jpeg:75": bad, "jpeg:81": bad}, profile=THREE, method=PLAIN)[0].outcome is (
        Outcome.SUPPORTED
    )
    said = judge({"none": bad, "jpeg:75": good, "jpeg:81": good}, profile=THREE, method=PLAIN)[0]
    assert (said.outcome, said.reason) == (
        Outcome.UNDECIDED,
        "not scored: too small for the model; under condition none",
    )
    assert said.image.error == "too small for the model"


def test_no_condition_covers_it_and_the_reason_ends_with_the_command() -> None:
    said = ask(1.0, jpeg("q", 51.4), file="my profile.json")
    assert (said.outcome, said.conditions) == (Outcome.UNDECIDED, ())
    assert said.reason == (
        "no condition of the profile covers it (none: stored as JPEG quality 51.4, the profile covers lossless files"
        " only; jpeg:75: stored as JPEG quality 51.4, the profile covers JPEG quality 70 to 80 only; jpeg:81: stored as"
        " JPEG quality 51.4, the profile covers JPEG quality 76 to 86 only): add it by wherefrom profile --add-edit"
        " jpeg:51 --profile 'my profile.json' --belonging DIR --pool photos=DIR"
    )
    larger = judge(table([1.0], images=[facts("q")], size=(128, 128)), profile=THREE, method=PLAIN)[0]
    assert "make a profile with belongings of this size, or, where it was resized since the" in larger.reason
    assert larger.reason.endswith("--add-edit resize:2 --profile P.json --belonging DIR --pool photos=DIR")
    grey = ask(1.0, facts("q", changes=("grey copied to three channels",)))
    assert grey.reason.endswith("make a profile with belongings saved the same way")
    judged = ask(1.0, jpeg("q", 51), outside="judge")
    assert judged.outcome is not Outcome.SUPPORTED
    assert "although no error rate holds" in judged.reason


def test_a_known_edit_is_the_only_condition() -> None:
    assert ask(4.0, jpeg("q", 78), edit="jpeg:81").outcome is Outcome.SUPPORTED
    assert ask(4.0, jpeg("q", 78), edit="jpeg:75").outcome is Outcome.EXCLUDED
    assert ask(4.0, jpeg("q", 78), edit="none").outcome is Outcome.UNDECIDED
    with pytest.raises(ProfileError, match="no condition jpeg:50, only none, jpeg:75, jpeg:81"):
        ask(4.0, jpeg("q", 78), edit="jpeg:50")


def test_what_the_profile_was_made_of_is_known_under_every_condition() -> None:
    own = replace(facts("jpeg:75 own 3"), name="renamed.png")
    assert "own 3.png of the profile's belongings" in ask(1.0, own).reason
    photo = replace(facts("jpeg:81 photo 3"), name="renamed.png")
    assert "in pool 'photos', a known non-belonging" in ask(1.0, photo).reason


def test_conditions_that_ask_the_model_differently_need_a_table_each() -> None:
    made = profile_of(condition("none"), condition("resize:0.5", 2.0, model=THROUGH, size=(32, 32)))
    image = [facts("q"), facts("half", width=32, height=32)]
    plain = table([1.0, 9.0], images=image)
    through = replace(table([9.0, 2.0], images=image, model=THROUGH, size=(32, 32)), sizes=((64, 64), (32, 32)))
    plain = replace(plain, sizes=((64, 64), (32, 32)))
    said = judge({"none": plain, "resize:0.5": through.take(np.array([1, 0]))}, profile=made, method=PLAIN)
    assert [(each.outcome, each.conditions) for each in said] == [
        (Outcome.SUPPORTED, ("none",)),
        (Outcome.SUPPORTED, ("resize:0.5",)),
    ]
    with pytest.raises(UsageError, match=r"conditions none, resize:0.5 ask 2 models: give a table for each"):
        judge(plain, profile=made, method=PLAIN)
    with pytest.raises(UsageError, match=r"no score table for condition resize:0.5, only for none"):
        judge({"none": plain}, profile=made, method=PLAIN)
    with pytest.raises(ProfileError, match="not scored in the same way"):
        judge({"none": plain, "resize:0.5": plain}, profile=made, method=PLAIN)
    assert judge(plain, profile=made, method=PLAIN, edit="none")[0].outcome is Outcome.SUPPORTED


def test_a_rule_without_p_values_excludes_only_where_every_condition_does() -> None:
    rule = rules.load("fixed", {"cut": 3.0})
    assert ask(2.0, jpeg("q", 78), rule=rule).outcome is Outcome.SUPPORTED
    assert ask(3.5, jpeg("q", 78), rule=rule).outcome is Outcome.EXCLUDED


def test_a_search_is_left_where_every_condition_is_decided() -> None:
    each = [decided_below(one) for one in THREE.conditions.values()]
    assert decided_below(THREE) == min(each)


def test_candidates_with_conditions() -> None:
    other = replace(MODEL, name="b", facts={**MODEL.facts, "decoder": "e" * 64})
    single = profile_of(condition("none", model=other), condition("jpeg:75", 2.0, model=other))

    def scored(value: float, card: Any) -> dict[str, ScoreTable]:
        return dict.fromkeys(THREE.conditions, table([value], images=[jpeg("q", 73)], model=card))

    a = Candidate(name="a", profile=THREE, tables=scored(2.0, MODEL), method=PLAIN)
    b = Candidate(name="b", profile=single, tables=scored(2.6, other), method=PLAIN)
    large = profile_of(condition("none"), condition("jpeg:75", 2.0, pool=400))
    (found,) = attribute([replace(a, profile=large), b])
    assert (found.answer, [each.conditions for each in found.verdicts]) == ("a", [("jpeg:75",), ("jpeg:75",)])
    (lost,) = attribute([a, b])
    assert "pool 'photos' of a has 120 images, 2 candidates need 199" in lost.verdicts[0].reason
    assert attribute([replace(a, profile=large)], edit="none")[0].answer == "undecided"
    with pytest.raises(UsageError, match="two candidates have one name, of a, a"):
        attribute([a, a])
    with pytest.raises(UsageError, match="no profile to attribute with: give at least one"):
        attribute([])


@settings(max_examples=60, deadline=None)
@given(quality=st.none() | st.floats(1, 100), side=st.integers(7, 256))
def test_the_edit_that_is_named_makes_a_condition_for_such_images(quality: float | None, side: int) -> None:
    """Belongings of 64 px under the edit are within the tolerances of the image's size and quality."""
    image = facts("q") if quality is None else jpeg("q", quality)
    found = edit_for(image, (side, side), condition("none"))
    if found is None:
        assert quality is None
        assert 53 <= side <= 78, "the condition `none` covers it"
        return
    steps = {step.kind: step.values for step in edits.load(found).steps}
    made = round(64 * float(steps.get("resize", (1.0,))[0]))
    assert side**2 / 1.5 <= made**2 <= side**2 * 1.5
    assert (quality is None) == ("jpeg" not in steps)
    if quality is not None:
        assert abs(quality - int(steps["jpeg"][0])) <= 1
