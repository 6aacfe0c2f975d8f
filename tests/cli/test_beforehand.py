"""What can be known of images before a model is asked is said before; what is written is a manifest too."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.cli.calling import call, save_noise
from wherefrom.models.toy import Toy
from wherefrom.records.files import load_profile, load_table

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)
SIZED = """
from wherefrom.models.toy import Toy

class OneSize(Toy):
    size = (32, 32)

def Sized():
    return OneSize(gain=0.5)
"""


@pytest.fixture
def doubled(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Belongings of which one is there twice and one is in the pool, and a pool of which one is there three times."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made.belonging, "ours")
    shutil.copytree(made.noise, "noise")
    first, second, *_ = sorted(Path("ours").iterdir())
    shutil.copy(first, "ours/copy.png")
    shutil.copy(second, "noise/mine.png")
    for name in ("x", "y"):
        shutil.copy("noise/noise-003.png", f"noise/{name}.png")
    return tmp_path


KNOWN = ("--belonging", "ours", "--pool", "noise=noise")
PROFILE = ("profile", "--model", "toy", "--method", "aedr", *KNOWN, "--out", "p.json")


def refuse(*_: object) -> None:
    raise AssertionError("the model was asked")


def test_images_that_are_there_twice_are_listed_by_a_command(
    doubled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Toy, "encode", refuse)
    for more in ([], ["--model", "toy"]):
        done = call(capsys, "duplicates", *KNOWN, *more, "--json")
        assert done.code == 0
        found = {Path(row["name"]).name: (row["group"], row["pool"], row["leaves"]) for row in done.rows}
        assert len(found) == 7
        assert found["copy.png"] == (1, None, False), "the first of a name's order stays"
        assert found["toy-draw-0-000000.png"] == (1, None, True)
        assert found["toy-draw-0-000001.png"][1:] == (None, True), "what is on both sides is neither"
        assert found["mine.png"][1:] == ("noise", True)
        assert [found[name][1:] for name in ("noise-003.png", "x.png", "y.png")] == [
            ("noise", False),
            ("noise", True),
            ("noise", True),
        ]
    table = call(capsys, "duplicates", *KNOWN)
    assert "7 of 52 images have the pixels of another one, in 3 groups" in table.out
    assert call(capsys, "duplicates", "--belonging", "noise/x.png").out.startswith("0 of 1 images")


def test_a_crop_may_make_two_images_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    save_noise(tmp_path / "ours", [0], side=65)
    with Image.open(tmp_path / "ours" / "noise-000.png") as image:
        image.crop((0, 0, 64, 64)).save(tmp_path / "ours" / "cut.png")
    assert call(capsys, "duplicates", "--belonging", tmp_path / "ours", "--json").rows == []
    assert len(call(capsys, "duplicates", "--belonging", tmp_path / "ours", "--model", "toy", "--json").rows) == 2


def test_a_profile_refuses_images_that_are_there_twice_before_the_model_is_asked(
    doubled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Toy, "encode", refuse)
        done = call(capsys, *PROFILE)
    assert (done.code, done.out) == (1, "")
    for said in ("7 images", "copy.png in belongings", "mine.png in pool noise", "--leave-out-duplicates"):
        assert said in done.err
    assert not Path("p.json").exists()


def test_images_are_left_out_by_name(doubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["ours/copy.png", "noise/mine.png", "noise/x.png", "noise/noise-003.png"]
    leaving = [text for name in names for text in ("--leave-out", name)]
    done = call(capsys, *PROFILE, *leaving)
    assert done.code == 0
    assert "left out of the belongings, as was asked: 1 of 25" in done.err
    assert "left out of the pool noise, as was asked: 3 of 27" in done.err
    profile = load_profile(Path("p.json"))
    assert (len(profile.belonging), len(profile.foreign["noise"])) == (24, 24)
    wrong = call(capsys, *PROFILE, "--leave-out", "ours/copi.png")
    assert (wrong.code, "did you mean 'ours/copy.png'?" in wrong.err) == (2, True)
    none = call(capsys, *PROFILE[:5], "--belonging", "ours/copy.png", "--leave-out", "ours/copy.png", "--out", "q.json")
    assert (none.code, "would be left out" in none.err) == (2, True)


def test_all_images_that_are_there_twice_are_left_out_together(
    doubled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, *PROFILE, "--leave-out-duplicates").code == 0
    profile = load_profile(Path("p.json"))
    assert (len(profile.belonging), len(profile.foreign["noise"])) == (23, 24)
    names = {Path(facts.name).name for facts in profile.foreign["noise"].images}
    assert "noise-003.png" in names
    assert not {"mine.png", "x.png", "y.png"} & names


def test_an_image_that_no_profile_covers_is_named_before_the_model_is_asked(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_noise(tmp_path, [0], side=256)
    given = ["attribute", tmp_path / "noise-000.png", made.held / "noise-100.png", "--profile", made.profile, *BOUNDS]
    seen: list[str] = []
    encode = Toy.encode

    def asked(self: Toy, images: Any) -> Any:
        seen.append(capsys.readouterr().err)
        return encode(self, images)

    with monkeypatch.context() as patched:
        patched.setattr(Toy, "encode", asked)
        assert call(capsys, *given).code == 0
    assert "of 2 images profile toy does not cover 1, which will be UNDECIDED" in seen[0]
    assert "256 x 256" in seen[0]
    assert "does not cover" not in call(capsys, *given, "-q").err


def test_an_image_that_fails_under_the_second_candidate_alone_is_a_failure(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sized.py").write_text(SIZED)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert call(capsys, "generate", "--model", "toy", "--size", 32, "--count", 12, "--out-dir", "small").code == 0
    small = ["--model", "sized:Sized", "--trust", "--method", "aedr", "--belonging", "small", "--out", "small.json"]
    assert call(capsys, "profile", *small).code == 0
    both = ["--profile", made.profile, "--profile", "small.json", "--model", "toy", "--model", "sized:Sized", "--trust"]
    done = call(capsys, "attribute", made.held, *both, *BOUNDS)
    assert done.code == 3
    assert "8 of 8 images failed" in done.err


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("command", ["score", "attribute"])
def test_what_is_written_is_a_manifest_and_keeps_the_columns_of_one(
    command: str, suffix: str, made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["noise-100.png", "noise-101.png"]
    rows = [f"{made.held / name},id-{place},=real" for place, name in enumerate(names)]
    (tmp_path / "mx.csv").write_text("path,id,label,error\n" + "".join(f"{row},no\n" for row in rows))
    with_ = ["--model", "toy"] if command == "score" else ["--profile", made.profile, *BOUNDS]
    out = tmp_path / "deep" / f"out.{suffix}"
    first = call(capsys, command, tmp_path / "mx.csv", *with_, "--out", out, "--json")
    assert first.code == 0
    assert [row["more"] for row in first.rows] == [{"id": f"id-{i}", "label": "=real"} for i in (0, 1)]
    second = call(capsys, "score", out, "--model", "toy", "--json")
    assert second.code == 0
    assert [row["name"] for row in second.rows] == [row["name"] for row in first.rows]
    assert [row["pixel_digest"] for row in second.rows] == [
        (row if command == "score" else row["image"])["pixel_digest"] for row in first.rows
    ]
    assert [(row["more"]["id"], row["more"]["label"]) for row in second.rows] == [("id-0", "=real"), ("id-1", "=real")]


def test_the_statistic_is_shown_by_score_and_is_that_of_a_verdict(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["score", made.held, "--model", "toy", "--method", "aedr"]
    scored = call(capsys, *given, "--json", "--out", tmp_path / "s.parquet")
    judged = call(capsys, "attribute", made.held, "--profile", made.profile, *BOUNDS, "--json")
    assert [row["statistic"] for row in scored.rows] == [row["statistic"] for row in judged.rows]
    assert all(row["statistic"] > 0 for row in scored.rows)
    assert pq.read_table(tmp_path / "s.parquet")["statistic"].to_pylist() == [row["statistic"] for row in scored.rows]
    assert len(load_table(tmp_path / "s.parquet")) == 8
    assert "statistic" in call(capsys, *given).out.splitlines()[1]
    learned = call(capsys, "score", made.held, "--model", "toy", "--json")
    assert {row["statistic"] for row in learned.rows} == {None}
    assert "joint learns its statistic" in call(capsys, "score", made.held, "--model", "toy").out


def test_a_column_has_one_name_in_every_form(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for suffix in ("csv", "parquet"):
        assert call(capsys, "score", made.held, "--model", "toy", "--out", tmp_path / f"s.{suffix}").code == 0
        judged = ["attribute", made.held, "--profile", made.profile, *BOUNDS, "--out", tmp_path / f"v.{suffix}"]
        assert call(capsys, *judged).code == 0
    for name in ("s", "v"):
        with (tmp_path / f"{name}.csv").open(newline="") as file:
            columns = set(next(csv.reader(file)))
        found = set(pq.read_schema(tmp_path / f"{name}.parquet").names)
        assert columns - found == {"wherefrom"}, "which Parquet keeps in its metadata"
        assert found - columns <= {"appearance", "jpeg_tables", "trailing_bytes"}
