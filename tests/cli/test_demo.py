"""`wherefrom demo` in a small size, with toys in place of the embedded models."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.calling import call
from wherefrom.cli._photos import PROFILE_PHOTOS, TEST_PHOTOS, save_tiles
from wherefrom.core.shares import fewest
from wherefrom.images.read import read_image
from wherefrom.records.files import load_profile, load_table

# The weight tells the flat image from belongings; by the ratio alone it ranks as one, since it lies in the toy's range.
METHOD = ("--method", "aedr", "--option", "adjustment=homogeneity")
SMALL = ("--count", 20, "--size", 64, "--model", "toy", "--other", "toy:0.6", *METHOD)


def test_the_demo_leaves_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    done = call(capsys, "demo", "--out", out, *SMALL)
    assert done.code == 0, done.err
    profile = load_profile(out / "profile.json")
    assert (len(profile.belonging), {name: len(table) for name, table in profile.foreign.items()}) == (
        20,
        {"photos": 20, "toy-2-draws": 20, "toy-2-photos": 20},
    )
    assert not profile.audit.findings
    table = load_table(out / "scores.parquet")
    assert len(table) == 4 * 5 + 2
    assert list(table.errors) == [str(out / "mixed" / "damaged.png")]
    with (out / "verdicts.csv").open(newline="") as file:
        kept = {Path(row["name"]).name: row for row in csv.DictReader(file)}
    assert set(kept) == {path.name for path in (out / "mixed").iterdir()}
    assert kept["flat.png"]["outcome"] in ("EXCLUDED", "UNDECIDED")
    assert kept["damaged.png"]["outcome"] == "UNDECIDED"
    assert {row["outcome"] for name, row in kept.items() if name.startswith("photo-")} == {"EXCLUDED"}
    said = Counter(row["outcome"] for name, row in kept.items() if name.startswith("toy-draw"))
    (counted,) = (line.split() for line in done.out.splitlines() if line.startswith("  draws of toy  "))
    assert counted[3:] == ["5", *(str(said[x]) for x in ("SUPPORTED", "COMPATIBLE", "EXCLUDED", "UNDECIDED"))]
    assert f"missed, alpha=0.05: {said['EXCLUDED']} of 5" in done.out
    assert "Tiles of one photo are" in (out / "README.md").read_text()
    assert (out / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert not list(out.glob(".*"))


def test_a_second_demo_finds_its_images_and_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = call(capsys, "demo", "--out", tmp_path, *SMALL, "-q")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("wherefrom.models.toy.Toy.encode", refuse)
    monkeypatch.setattr("wherefrom.models.toy.Toy.draw", refuse)
    assert call(capsys, "demo", "--out", tmp_path, *SMALL, "-q").out == first.out


def test_there_are_enough_tiles_to_bound_false_claims_and_none_is_on_both_sides(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert not set(PROFILE_PHOTOS) & set(TEST_PHOTOS)
    tiles = save_tiles(PROFILE_PHOTOS, tmp_path / "a", size=192, count=120)
    assert len(tiles) >= fewest(0.01)
    assert len(set(tiles)) == len(tiles)
    assert len({path.read_bytes() for path in tiles}) == len(tiles)
    assert all(read_image(path).pixels.std() > 2 for path in tiles)
    assert len(save_tiles(TEST_PHOTOS, tmp_path / "b", size=192, count=30)) >= 20
    few = save_tiles(PROFILE_PHOTOS, tmp_path / "a", size=192, count=len(PROFILE_PHOTOS))
    assert len({path.name.partition("-")[0] for path in few}) == len(PROFILE_PHOTOS)


def test_two_names_of_one_decoder_are_no_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "demo", "--out", tmp_path, *SMALL, "--other", "toy")
    assert done.code == 2
    assert "have one decoder" in done.err
