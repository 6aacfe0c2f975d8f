"""`wherefrom score`: rows for good and bad files, on stdout and in every kind of file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.bad_files import make_bad_files, make_good_files
from tests.cli.calling import call, save_noise
from wherefrom.records.files import load_table


def test_bad_files_are_rows_with_their_own_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_good_files(tmp_path, 20)
    reasons = make_bad_files(tmp_path)
    assert len(reasons) >= 20
    done = call(capsys, "score", tmp_path, "--model", "toy", "--json")
    assert done.code == 3
    assert "Traceback" not in done.err
    assert f"{len(reasons)} of {20 + len(reasons)} images failed" in done.err
    rows = {Path(row["name"]).name: row for row in done.rows}
    scored = {name: row for name, row in rows.items() if row["error"] is None}
    assert sorted(scored) == [f"good-{i:02}.png" for i in range(20)]
    assert all(row["size"] == [24, 40] and row["scores"]["first"] > 0 for row in scored.values())
    assert set(rows) - set(scored) == set(reasons)
    for name, reason in reasons.items():
        assert reason in rows[name]["error"]
        assert rows[name]["scores"] is None
    assert len({rows[name]["error"] for name in reasons}) == len(reasons)


def test_the_suffix_says_how_scores_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = save_noise(tmp_path / "images", range(3))
    (images / "zz.png").write_text("no image")
    found = {}
    for suffix in ("parquet", "json", "jsonl", "csv"):
        done = call(
            capsys,
            "score",
            images,
            "--model",
            "toy",
            "--method",
            "aedr",
            "--out",
            tmp_path / f"new/s.{suffix}",
            "--store",
            tmp_path / "db",
        )
        assert done.code == 3
        assert "3 images scored under toy by aedr, 1 failed" in done.out
        assert "zz.png" in done.out
        assert "noise-000.png" not in done.out
        if suffix != "csv":
            found[suffix] = load_table(tmp_path / f"new/s.{suffix}")
    for table in found.values():
        assert [Path(facts.name).name for facts in table.images][:2] == ["noise-000.png", "noise-001.png"]
        np.testing.assert_array_equal(table.scores["first"], found["json"].scores["first"])
    with (tmp_path / "new/s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["score.first"]) for row in rows[:3]] == found["json"].scores["first"][:3].tolist()
    assert "text file" in rows[3]["error"]


def test_a_table_has_a_row_an_image_whatever_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = save_noise(tmp_path / "a very long name of a folder, so that no terminal could hold a row of this", [0])
    (images / "noise-000.png").rename(images / "[bold red]x.png")
    done = call(capsys, "score", images, "--model", "toy", "--method", "reconstruction")
    assert done.code == 0
    (row,) = (line for line in done.out.splitlines() if ".png" in line)
    assert f"{images}/[bold red]x.png" in row
    assert "64x64" in row


def test_options_of_the_method_and_the_seed_are_on_the_cards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, out = save_noise(tmp_path / "images", [0]), tmp_path / "s.json"
    given = ["--option", "adjustment=residual", "--option", "floor=1e-5", "--seed", 3]
    assert call(capsys, "score", images, "--model", "toy", "--method", "aedr", *given, "--out", out).code == 0
    table = load_table(out)
    assert table.method.facts["adjustment"] == "residual"
    assert table.method.facts["floor"] == 1e-5
    assert table.seed == 3
    assert json.loads(out.read_text())["wherefrom"] == "table"
