"""A profile with conditions: what it holds, its file, and what does not belong together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.toy_tables import MODEL, PLAIN, facts, jpeg, table
from wherefrom.core.errors import ProfileError
from wherefrom.judging import calibrate
from wherefrom.records.files import load_profile, save_profile
from wherefrom.records.profile import Profile

EDITS = ("none", "jpeg:75", "resize:0.5+jpeg:85", "crop:3,5", "filter:_1977")
DIGEST = "c9a092a84677cfa9bf2d43d61c39177d"


def condition(edit: str, seed: int = 0, **model: Any) -> Profile:
    """A profile of one condition; JPEGs where the edit ends in one."""
    rng, card = np.random.default_rng(seed), replace(MODEL, facts={**MODEL.facts, **model})
    made = jpeg if "jpeg" in edit else facts
    belonging = table(rng.normal(1, 0.1, 6), images=[made(f"{edit}-own-{i}") for i in range(6)], model=card)
    pool = table(rng.normal(2, 0.1, 4), images=[made(f"{edit}-photo-{i}") for i in range(4)], model=card)
    return replace(calibrate(belonging=belonging, foreign={"photos": pool}, method=PLAIN), edit=edit)


def joined(edits: list[str], seed: int = 0) -> Profile:
    first, *further = (condition(edit, seed + place) for place, edit in enumerate(edits))
    return replace(first, further=tuple(further))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.sampled_from(EDITS), min_size=1, unique=True), seed=st.integers(0, 1000))
def test_a_profile_comes_back_from_its_file(tmp_path: Path, edits: list[str], seed: int) -> None:
    made, path = joined(edits, seed), tmp_path / "p.json"
    save_profile(made, path)
    loaded = load_profile(path)
    assert loaded.digest == made.digest
    assert list(loaded.conditions) == edits
    for edit, one in loaded.conditions.items():
        assert (one.edit, one.further) == (edit, ())
        assert one.digest == made.conditions[edit].digest
        assert one.coverage == made.conditions[edit].coverage
        np.testing.assert_array_equal(one.statistic, made.conditions[edit].statistic)
    assert json.loads(path.read_text())["schema"] == (1 if edits == ["none"] else 2)
    before = path.read_bytes()
    save_profile(loaded, path)
    assert path.read_bytes() == before


def test_a_profile_of_images_as_they_were_given_has_the_digest_of_earlier_versions(tmp_path: Path) -> None:
    made = condition("none")
    assert made.digest.startswith(DIGEST)
    save_profile(made, tmp_path / "p.json")
    content = json.loads((tmp_path / "p.json").read_text())
    assert {"edit", "conditions"}.isdisjoint(content)
    assert list(load_profile(tmp_path / "p.json").conditions) == ["none"]


def test_every_condition_counts_in_the_digest() -> None:
    one, two = condition("none"), joined(["none", "jpeg:75"])
    other = replace(two, further=(replace(two.further[0], edit="jpeg:80"),))
    changed = replace(two, further=(replace(two.further[0], statistic=two.further[0].statistic + 1),))
    moved = replace(one, edit="jpeg:75")
    assert len({each.digest for each in (one, two, other, changed, moved)}) == 5


@pytest.mark.parametrize(
    ("further", "said"),
    [
        (condition("none"), "two conditions of the profile are of the edit none: keep one"),
        (condition("jpeg:75", decoder="e" * 64), r"conditions none and jpeg:75 .* differ in their decoder"),
        (replace(condition("jpeg:75"), seed=3), r"differ in their root seed \(0, 3\)"),
        (
            replace(condition("jpeg:75"), foreign={}, foreign_statistic={}),
            r"differ in their pools \(\['photos'\], \[\]\)",
        ),
        (joined(["jpeg:75", "jpeg:50"]), "jpeg:75 has further conditions of its own"),
    ],
    ids=["edit twice", "decoder", "seed", "pools", "nested"],
)
def test_conditions_that_do_not_belong_together(further: Profile, said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        replace(condition("none"), further=(further,))


def test_a_condition_that_is_not_there() -> None:
    made = joined(["none", "jpeg:75"])
    assert made.condition("jpeg:75").edit == "jpeg:75"
    with pytest.raises(ProfileError, match=r"no condition jpeg:50, only none, jpeg:75: .*--add-edit jpeg:50"):
        made.condition("jpeg:50")


def test_warnings_name_their_condition() -> None:
    said = joined(["none", "jpeg:75"]).warnings
    assert {text.split(":")[0] for text in said} == {"condition none", "condition jpeg"}
    assert not any("condition" in text for text in condition("none").warnings)


def put(value: Any, *steps: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for step in steps[:-1]:
            content = content[step]
        content[steps[-1]] = value

    return change


DAMAGES: dict[str, tuple[Callable[[Any], None], str]] = {
    "no condition": (put([], "conditions"), "at conditions: "),
    "no edit": (lambda content: content["conditions"][1].pop("edit"), r"at conditions.1.edit: Field required"),
    "edit with a line": (put("jpeg:75\n", "conditions", 1, "edit"), r"at conditions.1.edit: "),
    "edit renamed": (put("jpeg:50", "conditions", 1, "edit"), "it was changed"),
    "edit twice": (put("none", "conditions", 1, "edit"), "two conditions of the profile are of the edit none"),
    "statistic": (put(0.5, "conditions", 1, "statistic", 0), "it was changed"),
    "condition dropped": (lambda content: content["conditions"].pop(), "it was changed"),
    "type": (
        put("64", "conditions", 1, "belonging", "images", 3, "width"),
        r"at conditions.1.belonging.images.3.width",
    ),
    "as the old form": (put(1, "schema"), r"at model: Field required"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_conditions_are_refused_with_the_place(tmp_path: Path, damage: str) -> None:
    change, said = DAMAGES[damage]
    save_profile(joined(["none", "jpeg:75"]), tmp_path / "p.json")
    content = json.loads((tmp_path / "p.json").read_text())
    change(content)
    (tmp_path / "p.json").write_text(json.dumps(content))
    with pytest.raises(ProfileError, match=said):
        load_profile(tmp_path / "p.json")
