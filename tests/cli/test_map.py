"""`wherefrom map`: a picture and numbers for each image, errors as rows, and names that do no harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.calling import call, save_noise
from wherefrom.records.maps import load_map


def test_each_image_has_a_picture_and_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, out = tmp_path / "in", tmp_path / "out"
    save_noise(images, [0], side=32)
    hostile = images / "<script>alert(1)<\x1b[31m.png"
    Image.new("RGB", (32, 24), (90, 90, 90)).save(hostile)
    (images / "zz.png").write_text("no image")
    done = call(capsys, "map", images, "--model", "toy", "--out-dir", out, "--json", "-q")
    assert done.code == 3
    assert "\x1b" not in done.out
    shown = {Path(row["name"]).name: row for row in done.rows}
    assert shown["zz.png"]["error"]
    assert shown["zz.png"]["share"] is None
    flat = shown[hostile.name]
    assert (flat["share"], flat["share_masked"]) == (None, 1)
    for row in (flat, next(row for name, row in shown.items() if name.startswith("noise"))):
        picture, numbers = (out / name for name in row["files"])
        assert "<" not in picture.name
        assert np.asarray(Image.open(picture)).ndim == 3
        assert load_map(numbers).share == row["share"]
        assert load_map(numbers).image.name == row["name"]


def test_a_person_sees_a_sentence_and_files_of_others_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, out = tmp_path / "in", tmp_path / "out"
    save_noise(images, [0], side=32)
    arguments = ("map", images, "--model", "toy", "--out-dir", out, "--npz", "--no-refine")
    done = call(capsys, *arguments, "-q")
    assert done.code == 0
    assert "consistent with this decoder" in done.out
    assert call(capsys, *arguments, "-q").code == 0
    (numbers,) = out.glob("*.npz")
    numbers.write_bytes(b"mine")
    done = call(capsys, *arguments, "-q")
    assert done.code == 2
    assert "no map of evidence that this program made" in done.err
    assert numbers.read_bytes() == b"mine"


def test_what_cannot_be_asked_is_refused_before_a_model_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = tmp_path / "in"
    save_noise(images, [0], side=32)
    done = call(capsys, "map", images, "--model", "toy", "--out-dir", tmp_path / "out", "--copies", "mirror")
    assert done.code == 2
    assert "at least 2 copies" in done.err
    done = call(capsys, "map", images, "--model", "toy", "--out-dir", tmp_path / "out", "--dtype", "bfloat16")
    assert done.code == 1
    assert "not in bfloat16" in done.err
    done = call(capsys, "map", images, "--model", "toy", "--out-dir", images / "out")
    assert done.code == 2
    assert "is read whole" in done.err
