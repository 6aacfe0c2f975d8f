"""`wherefrom profile` and `wherefrom attribute`: from folders to verdicts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.cli.calling import call, save_noise
from wherefrom.bundle import verify
from wherefrom.records.files import load_profile
from wherefrom.records.verdict import Outcome

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)


def test_a_profile_says_what_it_can_bound(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, images = tmp_path / "p.json", save_noise(tmp_path / "more", range(50, 56), side=256)
    (images / "bad.png").write_text("no image")
    pools = ["--foreign", f"noise={made.noise}", "--foreign", f"large={images}"]
    done = call(
        capsys, "profile", "toy", "--method", "aedr", "--belonging", made.belonging, *pools, "--out", out, "--json"
    )
    assert done.code == 3
    (about,) = done.rows
    assert about["belonging"] == {"images": 24, "ranked": 24, "learned": 0, "omitted": 0, "least_alpha": 0.04}
    large, noise = about["pools"]
    assert (noise["name"], noise["ranked"], noise["auc"], noise["tpr"]) == ("noise", 24, 1.0, 1.0)
    assert (large["images"], large["ranked"], large["omitted"]) == (7, 6, 1)
    assert any("stored size" in finding for finding in large["findings"])
    assert "warning: pool 'noise' has 24 images, beta=0.01 needs 99" in done.err
    assert "bad.png: " in done.err
    assert "stored size alone tells pool 'large'" in done.err
    assert load_profile(out).digest == about["digest"]


def test_a_profile_for_a_person(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--belonging", made.belonging, "--option", "adjustment=residual", "--out", tmp_path / "p.json"]
    done = call(capsys, "profile", "toy", "--method", "aedr", *given)
    assert done.code == 0
    (row,) = (line.split() for line in done.out.splitlines() if line.startswith("  belongings"))
    assert row == ["belongings", "24", "12", "12", "alpha", ">=", "0.077"]
    assert "without one, no image can be SUPPORTED" in done.err


def test_verdicts_of_a_mixed_folder(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.png").write_text("no image")
    given = ["attribute", made.held, tmp_path / "bad.png", "--profile", made.profile, *BOUNDS]
    done = call(capsys, *given, "--json", "--figure", tmp_path / "f.png", "--out", tmp_path / "v.csv")
    assert done.code == 3
    rows = {Path(row["name"]).stem: row for row in done.rows}
    assert {row["outcome"] for name, row in rows.items() if name.startswith("noise")} == {Outcome.EXCLUDED}
    draws = [row for name, row in rows.items() if name.startswith("toy")]
    assert len(draws) == 4
    assert sum(row["outcome"] == Outcome.SUPPORTED for row in draws) >= 3
    assert all(row["p_foreign"] == {"noise": 0.04} for row in draws)
    assert rows["bad"]["outcome"] == Outcome.UNDECIDED
    assert "text file" in rows["bad"]["reason"]
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "v.csv").open(newline="") as file:
        kept = list(csv.DictReader(file))
    assert [row["outcome"] for row in kept] == [row["outcome"] for row in done.rows]
    assert kept[0]["p_foreign:noise"] == str(done.rows[0]["p_foreign"]["noise"])
    table = call(capsys, *given, "--all")
    assert table.code == 3
    assert "p belonging" in table.out
    assert table.out.count("EXCLUDED") - 1 == sum(row["outcome"] == Outcome.EXCLUDED for row in done.rows)
    assert "fake" not in (table.out + done.out).lower()
    assert "made by" not in (table.out + done.out).lower()


def test_names_in_csv_are_no_formulas(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "=1+1.png").write_bytes((made.held / "noise-100.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    done = call(capsys, "attribute", "./=1+1.png", "=1+1.png", "--profile", made.profile, *BOUNDS, "--out", "v.csv")
    assert done.code == 0, done.err
    with Path("v.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["./=1+1.png", "'=1+1.png"]


@pytest.mark.parametrize("suffix", ["parquet", "json", "jsonl"])
def test_verdicts_by_suffix(suffix: str, made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"v.{suffix}"
    done = call(capsys, "attribute", made.held, "--profile", made.profile, *BOUNDS, "--json", "--out", out)
    assert done.code == 0
    if suffix == "parquet":
        kept = pq.read_table(out).to_pylist()
        assert [row["p_foreign:noise"] for row in kept] == [row["p_foreign"]["noise"] for row in done.rows]
    else:
        kept = (
            json.loads(out.read_text()) if suffix == "json" else [json.loads(x) for x in out.read_text().splitlines()]
        )
        assert {row["wherefrom"] for row in kept} == {"verdict"}
        assert all((tmp_path / row["path"]).samefile(row["name"]) for row in kept)
        without = [[{**row, "path": None} for row in rows] for rows in (kept, done.rows)]
        assert without[0] == without[1]
    assert [row["statistic"] for row in kept] == [row["statistic"] for row in done.rows]


def test_the_verdict_is_never_the_exit_code(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for image in (made.held / "noise-100.png", min(made.held.glob("toy*"))):
        assert call(capsys, "attribute", image, "--profile", made.profile, *BOUNDS, "--json").code == 0


def test_a_profile_refuses_another_model(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "attribute", made.held, "--profile", made.profile, "--model", "toy:0.5")
    assert (done.code, done.out) == (1, "")
    assert "of another model" in done.err
    assert "decoder: " in done.err
    two = call(capsys, "attribute", made.held, "--profile", made.profile, "--model", "toy", "--model", "toy")
    assert two.code == 2
    assert "2 --model for 1 --profile" in two.err


def test_several_profiles_are_one_question(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.json"
    call(capsys, "generate", "toy:0.5", "--count", 24, "--out", tmp_path / "other")
    pools = ["--foreign", f"noise={made.noise}"]
    belonging = ["--method", "aedr", "--belonging", tmp_path / "other"]
    assert (
        call(capsys, "profile", "toy:0.5", *belonging, *pools, "--option", "adjustment=none", "--out", other).code == 0
    )
    given = [
        "attribute",
        made.held,
        "--profile",
        made.profile,
        "--profile",
        other,
        "--model",
        "toy",
        "--model",
        "toy:0.5",
    ]
    done = call(capsys, *given, *BOUNDS, "--json", "--out", tmp_path / "v.parquet", "--figure", tmp_path / "f.png")
    assert done.code == 0
    for row in done.rows:
        assert set(row["verdicts"]) == {"toy", "other"}
        if "noise" in row["name"]:
            assert row["answer"] == "none of these"
    assert (tmp_path / "f-toy.png").exists()
    assert (tmp_path / "f-other.png").exists()
    kept = pq.read_table(tmp_path / "v.parquet").to_pylist()
    assert [(row["name"], row["candidate"]) for row in kept[:2]] == [
        (done.rows[0]["name"], x) for x in ("toy", "other")
    ]
    table = call(capsys, *given, *BOUNDS, "--all")
    assert table.code == 0
    assert "answer" in table.out
    twice = call(capsys, "attribute", made.held, "--profile", made.profile, "--profile", made.profile)
    assert (twice.code, "named twice" in twice.err) == (2, True)


def test_a_second_run_asks_the_model_nothing(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["attribute", made.held, "--profile", made.profile, "--store", tmp_path / "db", "--json", *BOUNDS]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # verdicts say when they were made
    first = call(capsys, *given)

    def refuse(*_: object) -> None:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr("wherefrom.models.toy.Toy.encode", refuse)
    second = call(capsys, *given)
    assert second.code == 0
    assert second.rows == first.rows


def test_copies_of_a_draw_in_other_formats_are_undecided_and_say_why(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = next(path for path in sorted(made.held.iterdir()) if path.name.startswith("toy"))
    with Image.open(draw) as image:
        image.save(tmp_path / "a.gif")
        image.quantize(256).save(tmp_path / "b.png")
        image.convert("L").save(tmp_path / "c.png")
        image.convert("RGBA").save(tmp_path / "d.png")
        image.save(tmp_path / "e.bmp")
    out = tmp_path / "v.csv"
    done = call(capsys, "attribute", tmp_path, "--profile", made.profile, *BOUNDS, "--json", "--out", out)
    said = {Path(row["name"]).name: row for row in done.rows}
    assert [row["outcome"] for row in said.values()] == [Outcome.UNDECIDED] * 4 + [Outcome.SUPPORTED]
    assert said["a.gif"]["reason"].startswith("converted in reading (palette looked up), the profile covers")
    assert said["c.png"]["image"]["changes"] == ["grey copied to three channels"]
    with out.open(newline="") as file:
        kept = {Path(row["name"]).name: row for row in csv.DictReader(file)}
    assert kept["b.png"]["changes"] == "palette looked up"
    assert (kept["e.bmp"]["changes"], kept["e.bmp"]["warnings"]) == ("", "")
    scored = call(capsys, "score", tmp_path / "a.gif", "--model", "toy", "--method", "aedr", "--json")
    assert scored.rows[0]["changes"] == ["palette looked up"]


def test_an_image_of_the_profile_in_question_is_said_to_be_one(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, noise = min(made.belonging.glob("*.png")), min(made.noise.iterdir())
    with Image.open(own) as image:
        taller = np.concatenate([np.asarray(image), np.asarray(image)[:1]])
    Image.fromarray(taller).save(tmp_path / "one-more-row.png")
    done = call(capsys, "attribute", own, tmp_path, noise, "--profile", made.profile, *BOUNDS, "--json")
    first, second, third = done.rows
    for row in (first, second):
        assert row["outcome"] == Outcome.UNDECIDED
        assert "of the profile's belongings: no error rate holds for what the profile was made of" in row["reason"]
    assert third["reason"].endswith("in pool 'noise', a known non-belonging")
    given = ["--belonging", made.belonging, tmp_path, "--out", tmp_path / "p.json"]
    refused = call(capsys, "profile", "toy", "--method", "aedr", *given[:2], "--belonging", *given[2:])
    assert refused.code != 0
    assert "2 images have the pixels of another one" in refused.err


def test_bad_profiles_say_so_and_so_do_their_verdicts(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, few, trips = tmp_path / "p.json", tmp_path / "few", tmp_path / "trips"
    swapped = ["profile", "toy", "--method", "aedr", "--belonging", made.noise, "--foreign", f"x={made.belonging}"]
    done = call(capsys, *swapped, "--out", out)
    assert "images of pool 'x' score lower than the belongings" in done.err
    assert "24 of 24 images of pool 'x' say that this very decoder made them" in done.err
    assert "swapped?" in done.out
    judged = call(capsys, "attribute", made.held, "--profile", out, *BOUNDS, "--json", "--out", tmp_path / "v.csv")
    assert all("score lower than the belongings" in row["warnings"][0] for row in judged.rows)
    assert judged.err.count("score lower than the belongings") == 1
    with (tmp_path / "v.csv").open(newline="") as file:
        assert all("score lower than the belongings" in row["warnings"] for row in csv.DictReader(file))

    few.mkdir()
    for path in sorted(made.belonging.glob("*.png"))[:10]:
        (few / path.name).write_bytes(path.read_bytes())
    done = call(capsys, "profile", "toy", "--method", "aedr", "--belonging", few, "--out", out, "--json")
    assert any(said.startswith("10 belongings are ranked, alpha=0.05 needs 19") for said in done.rows[0]["warnings"])
    assert "warning: 10 belongings are ranked" in done.err

    assert call(capsys, "generate", "toy", "--from", made.noise, "--out", trips).code == 0
    done = call(capsys, "profile", "toy", "--method", "aedr", "--belonging", trips, "--out", out)
    assert "24 of 24 belongings say that they are round trips" in done.err


def test_answers_that_harmless_changes_turn_round(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = sorted(made.held.iterdir())
    given = ["attribute", images[0], images[-1], "--profile", made.profile, *BOUNDS, "--stability"]
    done = call(capsys, *given, "--json", "--out", tmp_path / "v.csv", "--bundle", tmp_path / "b.zip")
    assert done.code == 0
    assert verify(tmp_path / "b.zip").verified
    assert "--stability asks again about up to 7 changed copies of each image" in done.err
    for row in done.rows:
        changes = {change["change"]: change for change in row["stability"]}
        assert {"jpeg:95", "jpeg:85", "crop:3,5", "turn:90", "turn:180", "mirror"} < set(changes)
        assert changes["jpeg:95"]["covered"] == {made.profile.stem: False}
        assert set(changes["turn:90"]["outcomes"]) == {made.profile.stem}
    assert "stability" not in (tmp_path / "v.csv").read_text().splitlines()[0]
    told = call(capsys, *given, "--report", tmp_path / "report")
    assert "Stability of" in told.out
    assert "not covered" in told.out
    pages = [page.read_text(encoding="utf-8") for page in (tmp_path / "report").rglob("*.html")]
    assert any("saved as JPEG of quality 95" in page for page in pages)
    assert call(capsys, *given, "--tile", 32).code == 2
