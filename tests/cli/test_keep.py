"""`profile --keep`: what a profile keeps beside the columns that its method reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from wherefrom.models.toy import Toy
from wherefrom.records.files import load_profile


def columns(place: Path) -> list[tuple[str, ...]]:
    """Of every table of a profile's file."""
    conditions = load_profile(place).conditions.values()
    return [table.scores.names for one in conditions for table in (one.belonging, *one.foreign.values())]


def test_columns_that_are_named_are_kept_in_every_table(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.json"
    known = ("--belonging", made.belonging, "--pool", f"noise={made.noise}")
    kept = ("--keep", "homogeneity_*", "--keep", "log1_4_grey_00")
    done = call(capsys, "profile", "toy", "--method", "aedr", *known, *kept, "--out", out)
    assert done.code == 0, done.err
    names = ("first", "second", "homogeneity_squared", "homogeneity_absolute", "log1_4_grey_00")
    assert [set(each) for each in columns(out)] == [set(names)] * 2
    assert load_profile(out).statistic.tolist() == load_profile(made.profile).statistic.tolist()
    added = call(capsys, "profile", "--profile", out, "--add-edit", "jpeg:75", *known)
    assert added.code == 0, added.err
    assert [set(each) for each in columns(out)] == [set(names)] * 4


def test_a_name_of_no_column_is_refused_once_one_image_is_scored(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    encode = Toy.encode

    def counted(self: Toy, images: Any) -> Any:
        asked.append(len(images))
        return encode(self, images)

    monkeypatch.setattr(Toy, "encode", counted)
    known = ("--belonging", made.belonging, "--pool", f"noise={made.noise}", "--out", tmp_path / "p.json")
    done = call(capsys, "profile", "toy", "--method", "aedr", *known, "--keep", "homogenity_squared")
    said = "keep='homogenity_squared' is no column: there are 868, as first, second, "
    text = " ".join(done.err.split())
    assert (done.code, said in text, "did you mean 'homogeneity_squared'?" in text) == (2, True, True), text
    assert set(asked) == {1}
    assert not (tmp_path / "p.json").exists()


def test_a_profile_says_by_itself_what_a_further_condition_keeps(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    known = ("--belonging", made.belonging, "--pool", f"noise={made.noise}", "--keep", "first")
    done = call(capsys, "profile", "--profile", made.profile, "--add-edit", "jpeg:75", *known)
    assert (done.code, "--add-edit takes --keep from the profile: leave it out" in " ".join(done.err.split())) == (
        2,
        True,
    )
