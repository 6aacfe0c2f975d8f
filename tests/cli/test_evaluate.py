"""`wherefrom evaluate` and `attribute --likelihood`: from folders of known origin to numbers, figures and a table."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)
HOSTILE = "@<script>\x1b[31m"


@pytest.fixture(scope="module")
def sides(made: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The held-out draws with one of the profile among them, and held-out noise with a file that is no image."""
    place = tmp_path_factory.mktemp("sides")
    for name, pattern in (("own", "toy*"), ("noise", "noise*")):
        (place / name).mkdir()
        for path in made.held.glob(pattern):
            shutil.copy(path, place / name)
    shutil.copy(min(made.belonging.glob("*.png")), place / "own" / "known.png")
    (place / "noise" / "broken.png").write_bytes(b"no image")
    return place / "own", place / "noise"


def test_numbers_figures_and_table_are_of_one_evaluation(
    made: Any, sides: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, noise = sides
    out = tmp_path / "out"
    known = ("--profile", made.profile, "--belonging", own, "--foreign", f"{HOSTILE}={noise}", *BOUNDS)
    edits = ("--edit", "none", "--edit", "jpeg:75")
    done = call(capsys, "evaluate", *known, *edits, "--out-dir", out)
    assert done.code == 3
    assert "1 of 10 images failed" in done.err
    assert "the profile was made of it" in done.out
    assert "\x1b" not in done.out
    assert HOSTILE.replace("\x1b", "\\x1b") in done.out
    document = json.loads((out / "evaluation.json").read_text())
    assert document["wherefrom"] == "evaluation"
    plain, stored = document["rates"]
    assert (plain["found"]["count"], plain["found"]["total"]) == (4, 4)
    assert (plain["false_claims"]["count"], plain["false_claims"]["total"]) == (0, 4)
    assert plain["left_out"]["the profile was made of it"] == 1
    assert stored["abstentions"] == {"not covered by the profile: stored as JPEG with loss": 8}
    with (out / "images.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert {row["kind"][:2] for row in rows if row["belongs"] == "False"} == {"'\""}  # no formula, one line
    assert [row["error"] != "" for row in rows].count(True) == 2
    drawn = {path.name for path in out.iterdir() if path.suffix in (".svg", ".png")}
    expected = {"histogram-jpeg-75", "histogram-none", "roc-jpeg-75", "roc-none", "tippett-none"}
    assert drawn == {f"{name}{suffix}" for name in expected for suffix in (".svg", ".png")}
    assert "<script" not in (out / "roc-none.svg").read_text()
    (out / "rates.csv").write_text("mine\n")
    refused = call(capsys, "evaluate", *known, "-q", "--out-dir", out)
    assert refused.code == 2
    assert "rates.csv is there and is no evaluation that this program made" in refused.err  # evaluation.json is ours


def test_an_evaluation_whose_place_was_taken_meanwhile_is_kept_elsewhere(
    made: Any,
    sides: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from wherefrom import evaluating

    monkeypatch.setattr("wherefrom.report.trial_files.draw_trial", lambda *_: [])
    out, measured = tmp_path / "out", evaluating.evaluate

    def slowly(*given: Any, **options: Any) -> Any:
        (out / "rates.csv").write_text("mine\n")
        return measured(*given, **options)

    monkeypatch.setattr(evaluating, "evaluate", slowly)
    known = ("--profile", made.profile, "--belonging", sides[0], *BOUNDS)
    done = call(capsys, "evaluate", *known, "-q", "--out-dir", out)
    assert (done.code, (out / "rates.csv").read_text()) == (2, "mine\n")
    kept = Path(done.err.rpartition("is kept in ")[2].strip())
    document = json.loads((kept / "evaluation.json").read_text())
    assert document["rates"][0]["found"]["count"] == 4
    assert document["command"].startswith(f"wherefrom evaluate --profile {made.profile} ")


def test_belongings_of_several_profiles_say_whose_they_are(
    made: Any,
    sides: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wherefrom.report.trial_files.draw_trial", lambda *_: [])
    other = tmp_path / "other.json"
    shutil.copy(made.profile, other)
    both = ("--profile", made.profile, "--profile", other, *BOUNDS, "--out-dir", tmp_path / "out")
    refused = call(capsys, "evaluate", *both, "--belonging", sides[0])
    assert refused.code == 2
    assert "say whose it is, as toy=PATH, one of toy, other" in refused.err
    done = call(capsys, "evaluate", *both, "--belonging", f"toy={sides[0]}", "-q")
    assert done.code == 0
    assert "Answers among all candidates" in done.out
    with (tmp_path / "out" / "answers.csv").open(newline="") as file:
        assert [(row["kind"], row["answer"], row["count"]) for row in csv.DictReader(file)] == [
            ("toy", "toy = other", "4")
        ]


def test_a_foreign_kind_without_a_name_is_refused(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(
        capsys, "evaluate", "--profile", made.profile, "--belonging", made.held, "--foreign", "x", "--out-dir", tmp_path
    )
    assert done.code == 2
    assert "--foreign 'x' is no NAME=PATH" in done.err


def test_a_likelihood_ratio_stands_beside_the_verdict_with_its_bounds(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("attribute", made.held, "--profile", made.profile, *BOUNDS, "--likelihood")
    done = call(capsys, *asked, "--json", "-q")
    for row in done.rows:
        own = "toy" in Path(row["name"]).name
        assert (row["log10_lr"] > 0) == own
        assert row["log10_lr_low"] <= row["log10_lr"] <= row["log10_lr_high"]
        assert "Vergeer" in row["lr_bound"]
        assert "lr_words" not in row
    told = call(capsys, *asked, "--verbal", "enfsi-2015", "-q", "--out", tmp_path / "v.csv")
    assert "no probability that the decoder made the image" in told.out
    assert "moderate support for another origin" in told.out
    with (tmp_path / "v.csv").open(newline="") as file:
        assert all(row["lr_words"] and float(row["log10_lr_high"]) > 1 for row in csv.DictReader(file))
    refused = call(capsys, *asked, "--early")
    assert refused.code == 2
    assert "leave one out" in refused.err


def test_several_candidates_have_a_ratio_each(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.json"
    shutil.copy(made.profile, other)
    image = min(made.held.glob("toy*"))
    asked = ("attribute", image, "--profile", made.profile, "--profile", other, *BOUNDS, "--likelihood", "-q")
    (row,) = call(capsys, *asked, "--json").rows
    assert row["verdicts"]["toy"]["log10_lr"] == row["verdicts"]["other"]["log10_lr"] > 0
    assert "Likelihood ratio under other" in call(capsys, *asked).out
