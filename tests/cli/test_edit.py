"""`wherefrom edit`: copies that say how they were made, a bad file is a row, nothing is replaced unasked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.calling import call, save_noise
from wherefrom.images import edits
from wherefrom.images.read import read_image


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("name", "suffix", "seed"),
    [("jpeg:75", ".jpg", None), ("resize:0.5+webp:60", ".webp", None), ("noise:0.05", ".png", 7)],
)
def test_a_bad_file_is_a_row_and_the_others_are_edited(
    name: str, suffix: str, seed: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = save_noise(tmp_path / "photos", range(3)), tmp_path / "out"
    (photos / "a-bad.png").write_text("no image")
    done = call(capsys, "edit", photos, "--edit", name, "--seed", 7, "--out", out, "--json")
    assert done.code == 3
    assert "1 of 4 images failed" in done.err
    bad, *good = done.rows
    assert bad["path"] is None
    assert "text file" in bad["error"]
    assert len(good) == len(contents(out)) == 3
    for row in good:
        assert (row["edit"], row["seed"], row["kept"], row["error"]) == (name, seed, False, None)
        assert Path(row["path"]).suffix == suffix
        expected = edits.load(name).apply(read_image(row["source"]).pixels, seed=7)
        np.testing.assert_array_equal(read_image(row["path"]).pixels, expected)


@pytest.mark.parametrize("name", ["jpeg:75", "webp:60", "noise:0.05"])
def test_what_is_there_and_whole_is_kept(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos, out = save_noise(tmp_path / "photos", range(3)), tmp_path / "out"
    given = ["edit", photos, "--edit", name, "--out", out]
    first_run = call(capsys, *given)
    assert (first_run.code, first_run.out) == (0, f"3 images edited by {name}, 0 were there, in {out}\n")
    before = contents(out)
    first, second, third = sorted(out.iterdir())
    cut = {"webp:60": b""}.get(name, first.read_bytes()[:300])  # of these a WebP's start does not say who made it
    first.write_bytes(cut)
    second.unlink()
    if not cut:
        refused = call(capsys, *given)
        assert (refused.code, "is there and is no file that was made here" in refused.err) == (2, True)
        assert first.read_bytes() == cut
        first.unlink()
    stamp = third.stat().st_mtime_ns
    done = call(capsys, *given)
    assert (done.code, done.out) == (0, f"2 images edited by {name}, 1 were there, in {out}\n")
    assert contents(out) == before
    assert third.stat().st_mtime_ns == stamp


def test_a_copy_does_not_depend_on_its_neighbours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = save_noise(tmp_path / "photos", range(3))
    for folder, paths in (("all", [photos]), ("one", [photos / "noise-001.png"])):
        assert call(capsys, "edit", *paths, "--edit", "noise:0.05", "--out", tmp_path / folder).code == 0
    everything, alone = contents(tmp_path / "all"), contents(tmp_path / "one")
    assert len(alone) == 1
    assert alone.items() < everything.items()


@pytest.mark.parametrize("name", ["jpeg:75", "webp:60", "noise:0.05"])
@pytest.mark.parametrize("said", [None, "not json", '{"wherefrom:kind": "edit"}', "[1]"])
def test_a_file_that_was_made_otherwise_is_never_replaced(
    name: str, said: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = save_noise(tmp_path / "photos", range(1)), tmp_path / "out"
    given = ["edit", photos, "--edit", name, "--out", out]
    assert call(capsys, *given).code == 0
    (path,) = out.iterdir()
    exif = Image.Exif()
    if said is not None:
        exif[270] = said
    Image.new("RGB", (9, 9)).save(path, exif=exif, **({"comment": said} if said and name == "jpeg:75" else {}))
    before = contents(out)
    done = call(capsys, *given)
    assert done.code == 2
    assert "is there and was made otherwise" in done.err
    assert contents(out) == before


def test_another_seed_is_another_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos, out = save_noise(tmp_path / "photos", range(1)), tmp_path / "out"
    for name in ("noise:0.05", "jpeg:75"):
        assert call(capsys, "edit", photos, "--edit", name, "--seed", 1, "--out", out).code == 0
    again = call(capsys, "edit", photos, "--edit", "jpeg:75", "--seed", 2, "--out", out)
    assert (again.code, "1 were there" in again.out) == (0, True)
    other = call(capsys, "edit", photos, "--edit", "noise:0.05", "--seed", 2, "--out", out)
    assert other.code == 2
    assert "made otherwise (seed 1, here 2)" in other.err


def test_images_of_one_name_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place, seed in (("a", 0), ("b", 1)):
        (tmp_path / place).mkdir()
        Image.fromarray(np.full((16, 16, 3), seed, dtype=np.uint8)).save(tmp_path / place / ("x" * 120 + ".png"))
    done = call(capsys, "edit", tmp_path / "a", tmp_path / "b", "--edit", "none", "--out", tmp_path / "out", "--json")
    assert done.code == 0
    assert len({row["path"] for row in done.rows}) == len(contents(tmp_path / "out")) == 2


def test_an_image_that_is_too_small_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = save_noise(tmp_path / "photos", range(1), side=64)
    save_noise(tmp_path / "photos", range(1, 2), side=20)
    done = call(capsys, "edit", photos, "--edit", "resize:0.25", "--out", tmp_path / "out", "--json")
    assert done.code == 3
    assert [row["error"] for row in done.rows] == [None, "resize:0.25: 5 x 5 pixels are too small: at least 8 x 8"]


@pytest.mark.parametrize(
    ("name", "said"), [("jpg:75", "did you mean 'jpeg'"), ("jpeg:101", "from 1 to 100"), ("none+none", "stands alone")]
)
def test_a_wrong_edit_is_refused_before_anything_is_read(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "edit", "nowhere", "--edit", name, "--out", tmp_path / "out")
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pilgram", None)
    photos = save_noise(tmp_path / "photos", range(1))
    done = call(capsys, "edit", photos, "--edit", "filter:_1977", "--out", tmp_path / "out")
    assert done.code == 1
    assert "wherefrom[filters]" in done.err


def test_images_are_edited_without_torch(tmp_path: Path) -> None:
    photos = save_noise(tmp_path / "photos", range(1))
    program = (
        "import sys; from wherefrom.cli import run; code = run(sys.argv[1:]);"
        "assert 'torch' not in sys.modules and 'wherefrom.images.edits.pixels' in sys.modules; sys.exit(code)"
    )
    given = ["edit", str(photos), "--edit", "blur:1+noise:0.05+jpeg:75", "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", program, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(contents(tmp_path / "out")) == 1
