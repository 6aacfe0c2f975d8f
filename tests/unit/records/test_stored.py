"""What files hold: the same bytes as in earlier versions, every field, and a refusal that shows what stands there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from tests.toy_tables import PLAIN, facts, jpeg, table
from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import ImageFacts
from wherefrom.judging import calibrate
from wherefrom.records.files import load_profile, load_table, save_profile, save_table
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable

LATER: Final = {"scored_digest", "origin", "origin_decoder", "jpeg_grid", "appearance", "trailing_bytes"}
"""Facts that files of earlier versions lack."""


def scores() -> ScoreTable:
    images = [facts("a"), jpeg("b", 87.5, changes=("CMYK to RGB",)), facts("c", error="cut short", jpeg_grid=True)]
    return table([0.1 + 0.2, np.inf, 1.0], images=images, detail=np.array([1e-7, -np.inf, 3.0]))


def profile(*edits: str) -> Profile:
    """Of a fixed version, so that its bytes stay."""
    bad = facts("bad", error="empty file")
    belonging = table([1.0, 1.25, 1.5, 2.0], images=[bad, *(jpeg(f"own-{i}") for i in range(3))])
    pool = table([5.0, np.nan, 7.0], "photo")
    one = replace(calibrate(belonging=belonging, foreign={"photos": pool}, method=PLAIN), version="1")
    first, *further = (replace(one, edit=edit) for edit in edits)
    return replace(first, further=tuple(further))


def digest(save: Callable[[Any, Path], None], value: Any, path: Path) -> str:
    save(value, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("t.json", "3ff08277951e2795"), ("t.jsonl", "470284708591da0e"), ("t.csv", "cc59383282522bb3")],
)
def test_tables_have_the_bytes_of_earlier_versions(name: str, expected: str, tmp_path: Path) -> None:
    assert digest(save_table, scores(), tmp_path / name) == expected


@pytest.mark.parametrize(
    ("edits", "expected"), [(("none",), "524607394c28b70f"), (("none", "jpeg:75"), "9023c94710a1d19e")]
)
def test_profiles_have_the_bytes_of_earlier_versions(edits: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    made = profile(*edits)
    assert digest(save_profile, made, tmp_path / "p.json") == expected
    assert load_profile(tmp_path / "p.json").digest == made.digest


def test_a_table_whose_row_lacks_a_fact_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    save_table(scores(), path)
    text = path.read_text()
    for item in fields(ImageFacts):
        content = json.loads(text)
        content["rows"][1]["image"].pop(item.name, None)
        path.write_text(json.dumps(content))
        if item.name in LATER:
            assert getattr(load_table(path).images[1], item.name) is None
        else:
            with pytest.raises(ProfileError, match=rf"at rows.1.image.{item.name}: Field required: take an undamaged"):
                load_table(path)


def put(value: Any, *steps: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for step in steps[:-1]:
            content = content[step]
        content[steps[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("2.5", "rows", 0, "scores", 1), r"at rows.0.scores.1.*, and it is '2.5': take an undamaged copy"),
        (put(0, "rows", 0, "size", 1), r"at rows.0.size.1: Input should be greater than 0, and it is 0: take"),
        (put("x" * 99, "seed"), rf"at seed: .*, and it is '{'x' * 39}…: take"),
        (put(True, "seed"), r"at seed: Input should be a valid integer, and it is True"),
        (put({"a": 1}, "model", "kind"), r"at model.kind: Input should be a valid string: take"),
        (put(1, "later"), r"at later: Extra inputs are not permitted, and it is 1: take"),
        (put([1.0], "rows", 2, "scores"), r"at rows.2: 1 numbers for 2 columns: take"),
    ],
)
def test_a_refusal_shows_the_place_the_value_and_the_way_out(
    change: Callable[[Any], None], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.json"
    save_table(scores(), path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ProfileError, match=said):
        load_table(path)
