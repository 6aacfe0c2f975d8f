"""What a command says that it will take, and tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.calling import call, save_noise
from wherefrom.cli._cost import told
from wherefrom.scoring.cost import Cost

COST = Cost(pixels=128**2, seconds=0.5, memory=32 * 2**20)
BOUNDS = ("--alpha", 0.1, "--beta", 0.1)


def large(path: Path, side: int = 1024) -> Path:
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)).save(path)
    return path


def test_time_and_memory_are_said_with_a_way_to_less() -> None:
    first, second = told(COST, [(1024, 1024), (512, 512)], 10, tiled=False)
    assert first.startswith("note: this will take about 3.3 minutes for 10 images, and about 2 GB of memory")
    assert "1024 x 1024" in first
    assert "--tile 256" in second
    assert "128 MB" in second
    assert len(told(COST, [(1024, 1024)], 1, tiled=True)) == 1
    assert told(COST, [(64, 64)], 10, tiled=False) == []


def test_it_is_said_before_the_images_are_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wherefrom.scoring.cost.probe", lambda *_: COST)
    asked = ["score", large(tmp_path / "x.png"), "--model", "toy", "--method", "reconstruction"]
    done = call(capsys, *asked)
    assert done.code == 0
    assert "this will take about 32 seconds for 1 image, and about 2 GB of memory" in done.err
    assert "--tile 256" in done.err
    assert "this will take" not in call(capsys, *asked, "--quiet").err
    kept = ["--store", tmp_path / "s.db"]
    assert "this will take" in call(capsys, *asked, *kept).err
    assert "this will take" not in call(capsys, *asked, *kept).err
    small = call(capsys, "score", large(tmp_path / "s.png", 64), "--model", "toy", "--method", "reconstruction")
    assert "this will take" not in small.err
    searched = call(capsys, *asked[:4], "--method", "latenttracer", "--option", "steps=1")
    assert "this will take" not in searched.err


def test_a_real_probe_of_a_quick_model_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "score", large(tmp_path / "x.png", 768), "--model", "toy", "--method", "aedr")
    assert (done.code, done.err) == (0, "")


def test_a_large_image_is_judged_tile_by_tile(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = large(tmp_path / "x.png", 200)
    given = ["attribute", image, "--profile", made.profile, *BOUNDS, "--json"]
    whole = call(capsys, *given).rows
    assert "scored at 200 x 200" in whole[0]["reason"]
    done = call(capsys, *given, "--tile", 64)
    assert done.code == 0
    assert [row["name"] for row in done.rows] == [f"{image}#{x},{y}" for y in (0, 64, 128) for x in (0, 64, 128)]
    assert {row["outcome"] for row in done.rows} == {"EXCLUDED"}
    assert "tiles of one image are not independent" in done.err
    refused = call(capsys, *given, "--tile", 60)
    assert (refused.code, "use a multiple of 8, as 56" in refused.err) == (2, True)


def test_a_profile_takes_one_tile_an_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = save_noise(tmp_path / "images", range(20), side=128)
    given = ["profile", "toy", "--method", "aedr", "--belonging", images, "--tile", 64, "--json"]
    done = call(capsys, *given, "--out", tmp_path / "p.json")
    assert done.code == 0, done.err
    assert done.rows[0]["belonging"]["images"] == 20
    again = call(capsys, *given, "--out", tmp_path / "q.json")
    assert again.rows[0]["digest"] == done.rows[0]["digest"]


def test_a_model_of_one_size_has_no_tiles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["score", large(tmp_path / "x.png", 64), "--model", "zoo:dcgan-cifar10", "--method", "ronan"]
    done = call(capsys, *asked, "--tile", 32)
    assert done.code == 2
    assert "makes images of 32 x 32 only" in done.err
