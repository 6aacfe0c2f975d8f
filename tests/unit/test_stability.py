"""What an answer becomes after harmless changes: which decide, which are only shown, and what is left of the answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import wherefrom as wf
from tests.textures import texture
from tests.toy_tables import PLAIN, facts, jpeg, table
from wherefrom.attribution import Candidate, attribute, steady_attributions, steady_verdicts
from wherefrom.core.errors import UsageError
from wherefrom.images.read import DEFAULT_LIMITS, read_image
from wherefrom.judging import calibrate, judge
from wherefrom.records.stability import AfterChange, Stability, steadied
from wherefrom.records.verdict import Outcome, Verdict
from wherefrom.stability import changes_for, deciding_changes, measure_stability
from wherefrom.stability.changes import changed

SUPPORTED, COMPATIBLE, EXCLUDED, UNDECIDED = Outcome.SUPPORTED, Outcome.COMPATIBLE, Outcome.EXCLUDED, Outcome.UNDECIDED
CHANGES = {change.name: change for change in changes_for(8)}


def after(outcome: Outcome, *, covered: bool = True, name: str = "toy", image: str = "query-0.png") -> Stability:
    row = AfterChange(
        change="jpeg:95",
        words="saved as JPEG of quality 95",
        outcomes={name: outcome},
        statistics={name: 1.0},
        covered={name: covered},
    )
    return Stability(name=image, rows=(row,))


def verdict(value: float) -> Verdict:
    pool = {"photos": table(np.linspace(1.5, 2.5, 120), "photo")}
    profile = calibrate(belonging=table(np.linspace(0.9, 1.1, 99), "own"), foreign=pool, method=PLAIN)
    return judge(table([value], "query"), profile=profile, method=PLAIN)[0]


@pytest.mark.parametrize(
    ("value", "then", "covered", "left"),
    [
        (1.0, EXCLUDED, True, UNDECIDED),
        (1.3, SUPPORTED, True, UNDECIDED),
        (1.3, COMPATIBLE, True, UNDECIDED),
        (1.0, EXCLUDED, False, SUPPORTED),
        (1.0, UNDECIDED, True, SUPPORTED),
        (1.0, COMPATIBLE, True, SUPPORTED),
        (1.3, EXCLUDED, True, EXCLUDED),
    ],
)
def test_an_answer_that_a_covered_change_turns_round_is_none(
    value: float, then: Outcome, covered: bool, left: Outcome
) -> None:
    before = verdict(value)
    found = steadied(before, after(then, covered=covered), "toy")
    assert found.outcome is left
    if left is UNDECIDED:
        assert found.reason == (
            f"{before.outcome} as it is, {then} once it is saved as JPEG of quality 95, which should change nothing "
            f"({before.reason})"
        )
    else:
        assert found is before


def test_stabilities_of_other_images_are_refused() -> None:
    with pytest.raises(UsageError, match="not of the same images"):
        steady_verdicts(wf.Verdicts([verdict(1.0)]), [after(EXCLUDED, image="other.png")], candidate="toy")


def test_a_claim_among_several_is_lost_with_its_decoder() -> None:
    pools = {"photos": table(np.linspace(1.5, 2.5, 250), "photo")}
    profile = calibrate(belonging=table(np.linspace(0.9, 1.1, 99), "own"), foreign=pools, method=PLAIN)
    other = replace(profile, model=replace(profile.model, facts={**profile.model.facts, "decoder": "e" * 64}))
    asked = table([1.0], "query")
    candidates = [
        Candidate(name=name, profile=one, tables={"none": replace(asked, model=one.model)}, method=PLAIN)
        for name, one in {"a": profile, "b": profile, "c": other}.items()
    ]
    (before,) = attribute(candidates)
    assert before.supported == ("a = b", "c")
    row = AfterChange(
        change="jpeg:95",
        words="saved",
        outcomes={"a": EXCLUDED, "b": SUPPORTED, "c": SUPPORTED},
        statistics=dict.fromkeys("abc", 1.0),
        covered=dict.fromkeys("abc", True),
    )
    (found,) = steady_attributions(wf.Attributions([before]), [Stability(name="query-0.png", rows=(row,))])
    assert (found.supported, found.answer) == (("c",), "c")
    assert [each.outcome for each in found.verdicts] == [UNDECIDED, UNDECIDED, SUPPORTED]
    assert "a harmless change turns the answer round: a: UNDECIDED, SUPPORTED as it is, EXCLUDED once" in found.reason


def source(tmp_path: Path, name: str, **options: Any) -> Any:
    path = tmp_path / name
    Image.fromarray(texture(1)).save(path, **options)
    (only,) = wf.load_images(path)
    return only


def test_changes_keep_the_way_of_storing_and_do_what_they_say(tmp_path: Path) -> None:
    for name, quality in (("a.png", None), ("a.jpg", 90)):
        given = source(tmp_path, name, **({} if quality is None else {"quality": quality}))
        pixels = read_image(given).pixels
        expected = {
            "crop:8,8": pixels[8:, 8:],
            "crop:3,5": pixels[5:, 3:],
            "turn:90": np.rot90(pixels),
            "turn:180": pixels[::-1, ::-1],
            "mirror": pixels[:, ::-1],
        }
        for kind, change in CHANGES.items():
            copy = changed(given, change, limits=DEFAULT_LIMITS)
            read = read_image(copy)
            assert copy.name == given.name
            if kind.startswith("jpeg"):
                assert read.facts.jpeg_quality == float(kind.removeprefix("jpeg:"))
            elif quality is None:
                assert read.facts.format == "PNG"
                np.testing.assert_array_equal(read.pixels, expected[kind])
            else:
                assert read.facts.jpeg_quality == quality
                assert np.abs(read.pixels.astype(int) - expected[kind]).mean() < 8


def test_only_a_condition_of_the_same_edit_speaks_for_what_moves_the_grid() -> None:
    for name in ("jpeg:95", "jpeg:85", "crop:8,8"):
        assert CHANGES[name].covered_by(("none",))
        assert not CHANGES[name].covered_by(())
    for name in ("crop:3,5", "turn:90", "turn:180", "mirror"):
        assert not CHANGES[name].covered_by(("none", "jpeg:95"))
    assert CHANGES["crop:3,5"].covered_by(("crop:1,2",))
    assert {change.name: change.kept for change in changes_for(1)}["crop:3,5"], "without cells there is no grid"


def test_images_of_the_toy_after_each_change(tmp_path: Path) -> None:
    model: Any = wf.load_model("toy")
    made = wf.generate(model, count=24, folder=tmp_path / "own")
    own = wf.load_images(*[each.path for each in made if each.path is not None])
    method = wf.methods.load("aedr")
    profile = wf.profile(belonging=wf.score(own[:20], model=model, method=method))
    bad = wf.load_images(b"no image")
    candidate = Candidate(name="toy", profile=profile, model=model)
    *held, broken = measure_stability([*own[20:22], *bad], [candidate], alpha=0.1)
    for each in held:
        rows = {row.change: row for row in each.rows}
        assert list(rows) == [change.name for change in changes_for(model.factor)]
        assert rows["jpeg:95"].outcomes == {"toy": UNDECIDED}, "the profile is of PNG alone"
        assert not rows["jpeg:95"].covered["toy"]
        assert rows["jpeg:95"].statistics == {"toy": None}
        cells = rows[f"crop:{model.factor},{model.factor}"]
        assert cells.covered["toy"]
        assert cells.statistics["toy"] is not None
        assert not rows["turn:90"].covered["toy"]
        assert rows["turn:90"].statistics["toy"] is not None, "shown, though it decides nothing"
        assert each.to_rows()[0]["outcomes"] == {"toy": "UNDECIDED"}
    few = deciding_changes([candidate])
    assert [change.name for change in few] == ["jpeg:95", "jpeg:85", f"crop:{model.factor},{model.factor}"]
    (first,) = measure_stability(own[20:21], [candidate], alpha=0.1, changes=few)
    assert first.rows == held[0].rows[:3]
    moved = replace(candidate, profile=replace(profile, further=(replace(profile, edit="crop:1,2"),)))
    assert "crop:3,5" in [change.name for change in deciding_changes([moved])]
    assert all(row.outcomes == {"toy": UNDECIDED} and not row.covered["toy"] for row in broken.rows)


def test_a_jpeg_condition_lets_a_saved_copy_decide() -> None:
    belonging = table(np.linspace(0.9, 1.1, 99), images=[jpeg(f"own-{i}", 95) for i in range(99)])
    profile = calibrate(belonging=belonging, method=PLAIN)
    (saved,) = judge(table([3.0], images=[jpeg("query", 95)]), profile=profile, method=PLAIN)
    assert CHANGES["jpeg:95"].covered_by(saved.conditions)
    (unsaved,) = judge(table([3.0], images=[facts("query")]), profile=profile, method=PLAIN)
    assert not CHANGES["jpeg:95"].covered_by(unsaved.conditions)
