"""`wherefrom demo` in a small size, with toys in place of the embedded autoencoders."""

from __future__ import annotations

import csv
import io
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.calling import call
from wherefrom.cli import run
from wherefrom.core.shares import fewest
from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS, save_tiles
from wherefrom.images.read import read_image
from wherefrom.records.files import load_profile, load_table

# The weight tells the flat image from belongings; by the ratio alone it ranks as one, since it lies in the toy's range.
METHOD = ("--method", "aedr", "--option", "adjustment=homogeneity")
SEARCH = ("--search", "restarts=1", "--search", "race=null", "--search", "steps=2")
TOYS = ("--count", 24, "--size", 64, "--model", "toy", "--other", "toy:0.6", "--rival", "toy", *METHOD, *SEARCH)
SMALL = (*TOYS, "--jobs", 1)


@dataclass(frozen=True)
class Ran:
    """A demo in one process: its folder, and what it printed."""

    folder: Path
    out: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder, said = tmp_path_factory.mktemp("ran") / "demo", io.StringIO()
    with redirect_stdout(said):
        assert run([str(word) for word in ("demo", "--out", folder, *SMALL, "-q")]) == 0
    return Ran(folder, said.getvalue())


def test_the_demo_leaves_what_it_says(ran: Ran) -> None:
    out = ran.folder
    profile = load_profile(out / "profile.json")
    assert (len(profile.belonging), {name: len(table) for name, table in profile.foreign.items()}) == (
        23,
        {"photos": 24, "toy-2": 24},
    )
    told = {finding.attribute for finding in profile.audit.findings if finding.decides}
    assert told <= {"brightness"}, "the toy draws a middle grey, and these few photos are dark; no file differs"
    table = load_table(out / "scores.parquet")
    assert len(table) == 4 * 2 + 2
    assert list(table.errors) == [str(out / "mixed" / "damaged.png")]
    with (out / "verdicts.csv").open(newline="") as file:
        kept = {Path(row["name"]).name: row for row in csv.DictReader(file)}
    assert set(kept) == {path.name for path in (out / "mixed").iterdir()}
    assert kept["flat.png"]["outcome"] in ("EXCLUDED", "UNDECIDED")
    assert kept["damaged.png"]["outcome"] == "UNDECIDED"
    assert {row["outcome"] for name, row in kept.items() if name.startswith("photo-")} == {"EXCLUDED"}
    said = Counter(row["outcome"] for name, row in kept.items() if name.startswith("toy-draw"))
    counted, *_ = (line.split() for line in ran.out.splitlines() if line.startswith("  draws of toy  "))
    assert counted[3:] == ["2", *(str(said[x]) for x in ("SUPPORTED", "COMPATIBLE", "EXCLUDED", "UNDECIDED"))]
    assert f"missed, alpha=0.05: {said['EXCLUDED']} of 2" in ran.out
    (alone,) = (line.split() for line in ran.out.splitlines() if line.startswith("  draws of toy, judged without"))
    assert alone[-4:] == [
        "0",
        str(said["SUPPORTED"] + said["COMPATIBLE"] + said["UNDECIDED"]),
        str(said["EXCLUDED"]),
        "0",
    ]
    assert "Tiles of one photo are" in (out / "README.md").read_text()
    assert (out / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert not list(out.glob(".*"))
    place = Path(ran.out.splitlines()[-1])
    assert place == out / "report" / "index.html"
    assert len(list(place.parent.glob("0*.html"))) == 6, "four kinds of image, a flat one and a damaged one"
    assert (out / "mixed" / "damaged.png").name in place.read_text()


def test_the_second_part_searches_a_small_generator(ran: Ran) -> None:
    out = ran.folder / "generator"
    profile = load_profile(out / "profile.json")
    assert (profile.model.name, profile.method.name) == ("zoo:dcgan-cifar10", "ronan")
    assert len(profile.belonging) == 23, "alpha=0.05 needs 19, and some may be undefined"
    assert {name: len(table) for name, table in profile.foreign.items()} == {"scaled-photos": 24, "toy-draws": 24}
    assert not [finding for finding in profile.audit.findings if finding.decides]
    table = load_table(out / "scores.parquet")
    assert (len(table), set(table.sizes), dict(table.errors)) == (3 * 2, {(32, 32)}, {})
    with (out / "verdicts.csv").open(newline="") as file:
        kept = [row["outcome"] for row in csv.DictReader(file) if "dcgan" in Path(row["name"]).name]
    assert f"missed, alpha=0.05: {kept.count('EXCLUDED')} of 2" in (ran.folder / "README.md").read_text()
    scaled = next((out / "mixed").glob("photo-*.png"))
    with Image.open(scaled) as image:
        assert image.info["wherefrom:scaled"] == f"from 64x64 of {scaled.name} by Lanczos"


@pytest.mark.weekly
def test_a_longer_search_tells_the_generators_draws_from_photos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = [part for option in ("restarts=3", "race=6", "keep=1", "steps=40") for part in ("--search", option)]
    done = call(capsys, "demo", "--out", tmp_path, *SMALL, *longer, "-q")
    assert done.code == 0, done.err
    profile = load_profile(tmp_path / "generator" / "profile.json")
    known = profile.belonging.scores["loss"]
    assert np.median(known) < 0.5 * np.median(profile.foreign["scaled-photos"].scores["loss"])
    assert np.median(known) < 0.5 * np.median(profile.foreign["toy-draws"].scores["loss"])


def test_a_second_demo_finds_its_images_and_scores(
    ran: Ran, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("wherefrom.models.toy.Toy.encode", refuse)
    monkeypatch.setattr("wherefrom.models.toy.Toy.draw", refuse)
    monkeypatch.setattr("wherefrom.models.adapters.generator.Generator.decode", refuse)
    assert call(capsys, "demo", "--out", ran.folder, *SMALL, "-q").out == ran.out


@pytest.mark.weekly
def test_both_parts_at_once_say_what_they_say_one_by_one(
    ran: Ran, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("two") / "demo"  # a path as long as the other, so that lines break alike
    two = call(capsys, "demo", "--out", folder, *TOYS, "--jobs", 2, "-q")
    assert two.code == 0, two.err
    files = [path.relative_to(ran.folder) for path in ran.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} > {"README.md", "profile.json", "verdicts.csv"}
    assert all((folder / path).is_file() for path in files)
    assert two.out.replace(f"{folder}", f"{ran.folder}") == ran.out


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


@pytest.mark.parametrize(
    ("method", "count", "why"),
    [("aedr", 22, "needs 23 belongings"), ("spectral", 45, "spectral learns from one half: use --count 46 or more")],
)
def test_too_few_belongings_are_refused_before_anything_is_made(
    method: str, count: int, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "demo", "--out", tmp_path / "demo", "--count", count, "--method", method)
    assert (done.code, done.out) == (2, "")
    assert f"--count {count} is too few" in done.err
    assert why in done.err
    assert not (tmp_path / "demo").exists()


@pytest.mark.weekly  # a third demo
def test_the_least_count_is_enough_for_a_method_that_learns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toys = ("--model", "toy", "--other", "toy:0.6", "--rival", "toy", "--jobs", 1)
    small = ("--size", 32, *toys, "--method", "spectral", *SEARCH)
    done = call(capsys, "demo", "--out", tmp_path, "--count", 46, *small, "-q")
    assert done.code == 0, done.err
    assert len(load_profile(tmp_path / "profile.json").ranked) >= 19


def test_two_names_of_one_decoder_are_no_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "demo", "--out", tmp_path, *SMALL, "--other", "toy")
    assert done.code == 2
    assert "have one decoder" in done.err
