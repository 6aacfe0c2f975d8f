"""`wf.profile` of images: a condition for each edit, and one more from the images that a profile remembers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import wherefrom as wf
from tests.off_centre import OffCentre
from wherefrom.core.errors import NoTrace, ProfileError, UsageError
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.edited import edited_images
from wherefrom.images.read import read_image
from wherefrom.models.toy import Toy
from wherefrom.profiling import add_condition, asked_through
from wherefrom.records.verdict import Outcome

METHOD = wf.methods.load("aedr", adjustment="none")
EDITS = ["none", "jpeg:75", "resize:0.5+jpeg:85"]


def drawn(count: int, seed: int = 0) -> tuple[Any, ...]:
    model = Toy()
    made = model.decode(model.draw(np.arange(seed, seed + count, dtype=np.uint64)))
    return wf.load_images(list((made.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()), lossless=True)


def noise(count: int, seed: int = 0) -> tuple[Any, ...]:
    made = np.random.default_rng(seed).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)
    return wf.load_images(list(made), lossless=True)


@pytest.fixture(scope="module")
def made() -> wf.Profile:
    return wf.profile(belonging=drawn(24), foreign={"noise": noise(24)}, model=Toy(), method=METHOD, edits=EDITS)


def test_a_condition_is_of_the_files_that_its_edit_writes(made: wf.Profile) -> None:
    assert list(made.conditions) == EDITS
    for edit, condition in made.conditions.items():
        first, chosen = drawn(24)[0], edits.load(edit)
        expected = first if edit == "none" else chosen.encode(first.in_memory.pixels)
        facts = read_image(expected).facts
        (found,) = [each for each in condition.belonging.images if each.name == first.name]
        assert (found.format, found.width, found.jpeg_quality) == (facts.format, facts.width, facts.jpeg_quality)
        assert (found.pixel_digest, found.file_digest) == (facts.pixel_digest, facts.file_digest)
    assert made.condition("jpeg:75").coverage.jpeg_quality == (70.0, 80.0)
    assert not made.condition("jpeg:75").coverage.lossless


def test_the_model_is_asked_through_what_moves_pixels(made: wf.Profile) -> None:
    through = {edit: one.model.facts.get("through") for edit, one in made.conditions.items()}
    assert through == {"none": None, "jpeg:75": None, "resize:0.5+jpeg:85": "resize:0.5"}
    assert len({one.decoder for one in made.conditions.values()}) == 1


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        ("none", None),
        ("jpeg:75", None),
        ("blur:1+webp:75", None),
        ("jpeg:90+resize:0.5+jpeg:75+webp:80", "jpeg:90+resize:0.5"),
        ("crop:3,5+jpeg:75", "crop:3,5"),
        ("back:0.5", "back:0.5"),
        ("screenshot:1.25,3,5,2,7+jpeg:75", "screenshot:1.25,3,5,2,7"),
    ],
)
def test_the_part_of_an_edit_that_a_model_is_asked_through(edit: str, part: str | None) -> None:
    found = asked_through(edits.load(edit))
    assert (None if found is None else found.name) == part


def test_scores_of_one_condition_are_those_of_its_images_alone(made: wf.Profile) -> None:
    edit = edits.load("resize:0.5+jpeg:85")
    alone = wf.score(edited_images(drawn(24), edit), model=wf.through(Toy(), "resize:0.5"), method=METHOD)
    np.testing.assert_array_equal(alone.scores["first"], made.condition(edit.name).belonging.scores["first"])


def test_from_images_to_verdicts(made: wf.Profile) -> None:
    (candidate,) = wf.open_candidates({"toy": made})
    asked: list[Any] = []
    for edit in EDITS:
        images = [*drawn(3, 100), *noise(3, 9)]
        asked += list(edited_images(images, edits.load(edit)))
    asked = [wf.load_images(image.data)[0] if image.data else image for image in asked]
    (scored,) = wf.score_candidates(asked, [candidate])
    verdicts = wf.attribute(scored.tables, profile=made, alpha=0.1, beta=0.1)
    conditions = [verdict.conditions for verdict in verdicts]
    assert conditions == [(edit,) for edit in EDITS for _ in range(6)]
    noisy = [verdict.outcome for place, verdict in enumerate(verdicts) if place % 6 >= 3]
    assert Outcome.SUPPORTED not in noisy
    ours = [verdict.outcome for place, verdict in enumerate(verdicts) if place % 6 < 3]
    assert ours[:3].count(Outcome.SUPPORTED) >= 2
    assert ours.count(Outcome.EXCLUDED) <= 2


def test_only_the_conditions_that_may_count_are_asked_about(made: wf.Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []

    def counting(images: Any, *, model: Any, method: Any, seed: int, label: str) -> wf.ScoreTable:
        seen.append((model.card.facts.get("through", "none"), len(images)))
        return wf.score(images, model=model, method=method, seed=seed)

    (candidate,) = wf.open_candidates({"toy": made})
    low = [wf.load_images(edits.load("jpeg:30").encode(drawn(1, 50)[0].in_memory.pixels))[0]]
    half = [wf.load_images(edits.load(EDITS[2]).encode(drawn(1, 51)[0].in_memory.pixels))[0]]
    (scored,) = wf.score_candidates([*drawn(2, 100), *half, *low], [candidate], score=counting)
    assert sorted(seen) == [("none", 3), ("resize:0.5", 1)]
    verdicts = wf.attribute(scored.tables, profile=made, alpha=0.1, beta=0.1)
    assert [verdict.conditions for verdict in verdicts] == [("none",), ("none",), (EDITS[2],), ()]
    assert verdicts[3].statistic is not None, "where no condition counts, the first one's number is shown"
    assert "add it by wherefrom profile --add-edit jpeg:30" in verdicts[3].reason


def test_a_condition_is_added_from_the_same_images(made: wf.Profile) -> None:
    given: dict[str, Any] = {"belonging": drawn(24), "foreign": {"noise": noise(24)}, "model": Toy()}
    begun = wf.profile(belonging=drawn(24), foreign={"noise": noise(24)}, model=Toy(), method=METHOD, edits=EDITS[:2])
    asked: list[int] = []

    def counting(images: Any, *, model: Any, method: Any, seed: int, label: str) -> wf.ScoreTable:
        asked.append(len(images))
        return wf.score(images, model=model, method=method, seed=seed)

    added = wf.add_condition(begun, EDITS[2], score=counting, **given)
    assert asked == [24, 24], "nothing of the other conditions is asked again"
    assert added.digest == made.digest
    without = wf.profile(
        belonging=drawn(24), foreign={"noise": noise(24)}, model=Toy(), method=METHOD, edits=["jpeg:75"]
    )
    assert list(add_condition(without, "none", **given).conditions) == ["jpeg:75", "none"]
    halved = wf.profile(
        belonging=drawn(24), foreign={"noise": noise(24)}, model=Toy(), method=METHOD, edits=["resize:0.5"]
    )
    assert list(add_condition(halved, "none", **given).conditions) == ["resize:0.5", "none"]


def test_without_a_method_every_condition_has_the_usual_one() -> None:
    askew: Any = OffCentre()  # so that its own copies tell something
    round_trips = askew.decode(askew.encode(to_images([each.in_memory.pixels for each in noise(46, 3)])))
    ours = wf.load_images(list(to_pixels(round_trips)), lossless=True)
    given: dict[str, Any] = {"belonging": ours[:40], "foreign": {"noise": noise(40)}, "model": askew}
    usual = wf.profile(**given, edits=["none", "jpeg:95"])
    assert {condition.method.name for condition in usual.conditions.values()} == {"joint"}
    begun = wf.profile(**given)
    assert wf.add_condition(begun, "jpeg:95", **given).further[0].digest == usual.further[0].digest
    assert wf.add_condition(begun, "jpeg:95", method=METHOD, **given).further[0].method == METHOD.card
    asked = [*ours[40:43], *edited_images(ours[43:], edits.load("jpeg:95"))]
    (scored,) = wf.score_candidates(asked, [wf.Candidate(name="askew", profile=usual, model=askew)])
    verdicts = wf.attribute(scored.tables, profile=usual)
    assert [verdict.method for verdict in verdicts] == ["joint"] * 6


def test_a_condition_of_a_profile_whose_method_was_named_has_that_method() -> None:
    given: dict[str, Any] = {"belonging": drawn(24), "model": Toy()}
    named = wf.profile(**given, method=METHOD)
    assert wf.add_condition(named, "jpeg:95", foreign={}, **given).further[0].method == METHOD.card


def test_where_control_copies_tell_nothing_the_next_method_is_taken() -> None:
    """The closed-form model draws turned and mirrored images as well as any other."""
    assert wf.profile(belonging=drawn(40), model=Toy(), edits=["jpeg:75"]).method.name == "spectral"
    with pytest.raises(NoTrace, match="copies tell nothing"):
        wf.profile(belonging=drawn(40), model=Toy(), edits=["jpeg:75"], method=wf.methods.load("control"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"edit": "jpeg:75"}, "has a condition jpeg:75 already"),
        ({"model": Toy(gain=0.5)}, r"of another model than toy.* \(decoder: "),
        ({"belonging": drawn(25)}, r"array:\w+ in the belongings is none of the images"),
        ({"belonging": drawn(23)}, r"array:\w+ in the belongings of the profile is not among the images given"),
        ({"belonging": noise(24)}, r"array:\w+ in the belongings is none of the images"),
        ({"foreign": {"noise": noise(24, 5)}}, r"array:\w+ in pool 'noise' is none of the images"),
        ({"foreign": {}}, "pool 'noise' is one of the profile, and not given"),
        ({"foreign": {"noise": noise(24), "photos": noise(2, 3)}}, "pool 'photos' is none of the profile"),
    ],
)
def test_what_is_not_added(made: wf.Profile, change: dict[str, Any], said: str) -> None:
    def refuse(*_: Any, **__: Any) -> wf.ScoreTable:
        raise AssertionError("a model was asked")

    given: dict[str, Any] = {"belonging": drawn(24), "foreign": {"noise": noise(24)}, "model": Toy(), "edit": "jpeg:50"}
    given |= change
    with pytest.raises(ProfileError, match=said):
        add_condition(made, given.pop("edit"), score=refuse, **given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"edits": ["jpeg:75", "jpeg:075"]}, "edit jpeg:75 is named 2 times"),
        ({"edits": ["jpg:75"]}, "no edit 'jpg:75' among .*; did you mean 'jpeg'"),
        ({"edits": []}, "give a list of at least one"),
        ({"edits": "jpeg:75"}, "give a list of at least one"),
        ({"edits": ["screenshot:1.25"]}, "write screenshot:1.25,LEFT,TOP,RIGHT,BOTTOM"),
        ({"model": None}, "there is no model: give it by model="),
        (
            {"foreign": {"noise": wf.score(noise(2), model=Toy(), method=METHOD)}},
            "some of the images are given as score",
        ),
    ],
)
def test_what_is_no_profile(change: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"belonging": drawn(4), "foreign": {}, "model": Toy(), "method": METHOD} | change
    with pytest.raises(UsageError, match=said):
        wf.profile(**given)


def test_an_image_that_cannot_be_edited_is_left_out_with_its_reason() -> None:
    small = wf.load_images(np.zeros((4, 4, 3), dtype=np.uint8), lossless=True)
    made = wf.profile(belonging=[*drawn(3), *small], model=Toy(), method=METHOD, edits=["resize:0.5"])
    (omitted,) = made.omitted
    assert omitted.name == small[0].name
    assert "pixels" in omitted.reason


@pytest.mark.parametrize("edits", [None, ["none", "jpeg:75"]])
def test_further_columns_are_kept(edits: list[str] | None) -> None:
    method = wf.methods.load("spectral")
    if edits is None:
        made = wf.profile(belonging=wf.score(noise(16), model=Toy(), method=method), keep=["*"])
    else:
        made = wf.profile(belonging=noise(16), model=Toy(), method=method, edits=edits, keep=["*"])
    few = wf.profile(belonging=noise(16), model=Toy(), method=method)
    for condition in made.conditions.values():
        assert len(condition.belonging.scores.names) > len(few.belonging.scores.names)
