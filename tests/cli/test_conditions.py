"""`--edit`, `--add-edit` and `attribute --edit`: one profile for images as they are met, from folders to verdicts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from wherefrom.images import edits
from wherefrom.images.read import read_image
from wherefrom.models.toy import Toy
from wherefrom.records.files import load_profile
from wherefrom.records.verdict import Outcome

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)


@pytest.fixture(scope="module")
def profile(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile of three conditions, the last one added."""
    from wherefrom.cli import run

    place = tmp_path_factory.mktemp("conditions") / "toy.json"
    known = ["--belonging", str(made.belonging), "--pool", f"noise={made.noise}"]
    chosen = ["--method", "aedr", "--edit", "none", "--edit", "jpeg:75"]
    assert run(["profile", "toy", *known, *chosen, "--out", str(place), "-q"]) == 0
    assert run(["profile", "--add-edit", "resize:0.50+jpeg:85", "--profile", str(place), *known, "-q"]) == 0
    return place


@pytest.fixture(scope="module")
def asked(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A draw and noise that no profile holds, as they are and after each edit."""
    place = tmp_path_factory.mktemp("asked")
    for path in (min(made.held.glob("toy*")), made.held / "noise-100.png"):
        for edit in ("none", "jpeg:75", "resize:0.5+jpeg:85", "jpeg:30"):
            edits.load(edit).write(read_image(path).pixels, place / f"{path.stem}-{edit.replace(':', '-')}")
    return place


def test_a_profile_with_conditions_is_shown_condition_by_condition(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given: tuple[object, ...] = (
        "profile",
        "toy",
        "--method",
        "aedr",
        "--belonging",
        made.belonging,
        "--pool",
        f"noise={made.noise}",
    )
    given = (*given, "--edit", "jpeg:75", "--edit", "resize:0.5", "--out", tmp_path / "p.json")
    done = call(capsys, *given, "--json")
    assert done.code == 0
    assert [(row["edit"], row["through"]) for row in done.rows] == [("jpeg:75", "none"), ("resize:0.5", "resize:0.5")]
    assert {row["digest"] for row in done.rows} == {load_profile(tmp_path / "p.json").digest}
    assert "warning: condition jpeg:75: pool 'noise' has 24 images" in done.err
    shown = call(capsys, *given)
    assert "condition jpeg:75: toy by aedr" in shown.out
    assert "condition resize:0.5: toy through resize:0.5 by aedr" in shown.out


def test_each_image_is_judged_under_the_condition_that_covers_its_file(
    profile: Path, asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "v.csv"
    given = ("attribute", asked, "--profile", profile, *BOUNDS)
    done = call(capsys, *given, "--json", "--out", out, "--figure", tmp_path / "f.png")
    assert done.code == 0
    names = {Path(row["name"]).stem: row for row in done.rows}
    for name, row in names.items():
        edit = {"none": "none", "75": "jpeg:75", "85": "resize:0.5+jpeg:85"}.get(name.rpartition("-")[2])
        assert row["conditions"] == ([] if edit is None else [edit]), name
        if name.startswith("noise"):
            assert row["outcome"] != Outcome.SUPPORTED
    low = [row for name, row in names.items() if name.endswith("jpeg-30")]
    assert all(row["outcome"] == Outcome.UNDECIDED for row in low)
    command = f"wherefrom profile --add-edit jpeg:30 --profile {profile} --belonging DIR --pool noise=DIR"
    assert all(row["reason"].endswith(command) for row in low)
    assert "profile toy does not cover 2, which will be UNDECIDED" in done.err
    assert sorted(path.name for path in tmp_path.glob("f-*")) == [
        "f-jpeg-75.png",
        "f-none.png",
        "f-resize-0.5-jpeg-85.png",
    ]
    with out.open(newline="") as file:
        kept = [row["conditions"] for row in csv.DictReader(file)]
    assert kept == ["; ".join(row["conditions"]) for row in done.rows]
    table = call(capsys, *given, "--all")
    assert "conditions" in table.out
    assert "resize:0.5+jpeg:85" in table.out


def test_a_known_edit(profile: Path, asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = min(asked.glob("toy*-jpeg-75.jpg"))
    done = call(capsys, "attribute", one, "--profile", profile, *BOUNDS, "--edit", "jpeg:075", "--json")
    assert (done.code, done.rows[0]["conditions"]) == (0, ["jpeg:75"])
    for edit, code, said in (
        ("jpeg:50", 1, "no condition jpeg:50, only none, jpeg:75, resize:0.5+jpeg:85"),
        ("jpg:50", 2, "did you mean 'jpeg'"),
    ):
        refused = call(capsys, "attribute", one, "--profile", profile, *BOUNDS, "--edit", edit)
        assert (refused.code, said in " ".join(refused.err.split())) == (code, True), refused.err


def test_conditions_among_several_candidates(
    made: Any, profile: Path, asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "attribute", asked, "--profile", profile, "--profile", made.profile, *BOUNDS, "--json", "-q")
    assert done.code == 0
    several, single = str(profile), str(made.profile)
    for row in done.rows:
        first, second = row["verdicts"][several], row["verdicts"][single]
        assert set(second["conditions"]) <= {"none"}
        if row["name"].endswith(".jpg") and "jpeg-30" not in row["name"]:
            assert (len(first["conditions"]), second["conditions"]) == (1, [])


def test_what_is_not_added(
    made: Any, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the model was asked")

    before = profile.read_bytes()
    monkeypatch.setattr(Toy, "encode", refuse)
    known = ("--belonging", made.belonging, "--pool", f"noise={made.noise}")
    adding = ("profile", "--profile", profile, "--add-edit")
    refused: list[tuple[tuple[object, ...], int, str]] = [
        (("jpeg:75", *known), 1, "has a condition jpeg:75 already"),
        (("jpeg:50", *known, "--model", "toy:0.5"), 1, "of another model than toy"),
        (("jpeg:50", "--belonging", made.held, *known[2:]), 1, "is none of the images that the profile was made from"),
        (("jpeg:50", *known, "--keep", "*"), 2, "--add-edit takes --keep from the profile: leave it out"),
        (("jpeg:50", *known[:2]), 1, "pool 'noise' is one of the profile, and not given"),
        (("jpg:50", *known), 2, "did you mean 'jpeg'"),
    ]
    for typed, code, said in refused:
        done = call(capsys, *adding, *typed)
        assert (done.code, said in " ".join(done.err.split())) == (code, True), done.err
    assert profile.read_bytes() == before
    plain = ("profile", "toy", *known)
    wrong: list[tuple[tuple[object, ...], str]] = [
        ((), "name one by --out P.json"),
        (("--out", tmp_path / "p.json", "--profile", profile), "--profile goes with --add-edit"),
        (("--out", tmp_path / "p.json", "--add-edit", "jpeg:50"), "name the profile that it is added to by --profile"),
        (("--out", tmp_path / "p.json", "--edit", "jpeg:75", "--edit", "jpeg:75"), "jpeg:75 is named 2 times"),
        (("--out", tmp_path / "p.json", "--edit", "crop:3,5", "--through", "crop:3,5"), "so leave --through out"),
    ]
    for more, said in wrong:
        done = call(capsys, *plain, *more)
        assert (done.code, said in " ".join(done.err.split())) == (2, True), done.err


def test_a_condition_may_go_to_another_file(
    made: Any, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = profile.read_bytes(), tmp_path / "more.json"
    known = ("--belonging", made.belonging, "--pool", f"noise={made.noise}")
    done = call(capsys, "profile", "--profile", profile, "--add-edit", "jpeg:40", *known, "--out", out)
    assert done.code == 0, done.err
    assert profile.read_bytes() == before
    assert list(load_profile(out).conditions) == ["none", "jpeg:75", "resize:0.5+jpeg:85", "jpeg:40"]
    old = tmp_path / "old.json"
    old.write_bytes(made.profile.read_bytes())
    assert call(capsys, "profile", "--profile", old, "--add-edit", "jpeg:75", *known, "-q").code == 0
    assert json.loads(old.read_text())["schema"] == 2
    assert load_profile(old).condition("none").digest == load_profile(made.profile).digest


@pytest.mark.parametrize("meanwhile", ["another condition", "the same condition", "another profile"])
def test_what_another_run_wrote_into_the_profile_meanwhile_is_not_lost(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    from wherefrom import profiling
    from wherefrom.cli import run

    place, add = tmp_path / "p.json", profiling.add_condition
    known = ["--belonging", str(made.belonging), "--pool", f"noise={made.noise}", "-q"]
    new = ["profile", "toy", *known, "--method", "aedr", "--out", str(place)]
    assert run(new) == 0
    asked = [*new, "--seed", "1"] if meanwhile == "another profile" else ["profile", *known, "--profile", str(place)]
    if meanwhile != "another profile":
        asked += ["--add-edit", "jpeg:60" if meanwhile == "another condition" else "jpeg:75"]

    def slowly(*given: Any, **options: Any) -> Any:
        monkeypatch.setattr(profiling, "add_condition", add)
        assert run(asked) == 0
        return add(*given, **options)

    monkeypatch.setattr(profiling, "add_condition", slowly)
    done = call(capsys, "profile", *known, "--profile", place, "--add-edit", "jpeg:75")
    there = load_profile(place)
    if meanwhile == "another condition":
        assert (done.code, list(there.conditions)) == (0, ["none", "jpeg:60", "jpeg:75"])
        assert f"profile {there.digest[:12]} in {place}" in done.out
        return
    said = "got a condition jpeg:75 from" if "same" in meanwhile else "was replaced by another profile"
    assert (done.code, said in done.err) == (2, True), done.err
    assert there.seed == (1 if meanwhile == "another profile" else 0)
    kept = load_profile(Path(done.err.rpartition("is kept in ")[2].strip()))
    assert list(kept.conditions) == ["none", "jpeg:75"]
