"""`wherefrom generate` on a file of a generator: 8-bit PNG, seeded, a stopped run goes on, options count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import wherefrom as wf
from tests.cli.calling import call
from tests.unit.models.adapters.test_generator import burgess
from wherefrom.images.batches import to_pixels
from wherefrom.models.load import load_model


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A tiny VAE's file; its images are 32 px."""
    path = tmp_path / "tiny.pt"
    torch.save(burgess(), path)
    return path


def test_belongings_of_a_generator(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "generate", file, "--count", 35, "--seed", 3, "--out", tmp_path / "all", "--json")
    assert (done.code, len(done.rows)) == (0, 35)
    with Image.open(done.rows[34]["path"]) as image:
        assert (image.size, image.mode, image.format) == ((32, 32), "RGB", "PNG")
        pixels = np.asarray(image)
    model = load_model(str(file), device="cpu")
    seeds = np.array([done.rows[34]["seed"]], dtype=np.uint64)
    with torch.inference_mode():
        np.testing.assert_array_equal(pixels, to_pixels(model.decode(model.draw(seeds)))[0])  # type: ignore[attr-defined]


def test_a_stopped_run_goes_on_to_the_same_files(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["generate", file, "--seed", 3]
    call(capsys, *given, "--count", 34, "--out", tmp_path / "whole")
    call(capsys, *given, "--count", 5, "--out", tmp_path / "stopped")
    torn = sorted((tmp_path / "stopped").iterdir())[2]
    torn.write_bytes(torn.read_bytes()[:99])
    done = call(capsys, *given, "--count", 34, "--out", tmp_path / "stopped", "--batch", 7)
    assert "30 draws made by tiny, 4 were there" in done.out
    whole, stopped = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("whole", "stopped")
    )
    assert whole == stopped


def test_files_of_other_settings_are_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.unit.models.architectures.stacks import trained

    torch.save(trained("grey-28")[2], tmp_path / "g.pt")
    given = ["generate", tmp_path / "g.pt", "--count", 2, "--out", tmp_path / "made"]
    assert call(capsys, *given).code == 0
    assert call(capsys, *given).code == 0
    other = call(capsys, *given, "--model-option", "output=sigmoid")
    assert other.code == 2
    assert "was made otherwise (settings" in other.err
    wrong = call(capsys, *given, "--model-option", "output")
    assert (wrong.code, "is no NAME=VALUE, as prior=uniform" in wrong.err) == (2, True)
    assert call(capsys, "generate", tmp_path / "g.pt", "--count", 1, "--size", 64, "--out", tmp_path / "big").code == 1


def test_a_profile_opens_its_generator_again_with_its_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"g": burgess(0), "g_ema": burgess(1)}, tmp_path / "g.pt")
    option = ["--model-option", "part=g_ema"]
    made, profile = tmp_path / "made", tmp_path / "p.json"
    assert call(capsys, "generate", tmp_path / "g.pt", "--count", 20, "--out", made, *option).code == 0
    asked = ["--method", "reconstruction", "--out", profile]
    assert call(capsys, "profile", tmp_path / "g.pt", "--belonging", made, *asked, *option).code == 0
    image = min(made.iterdir())
    assert call(capsys, "attribute", image, "--profile", profile).code == 0
    other = call(capsys, "attribute", image, "--profile", profile, "--model-option", "part=g")
    assert other.code == 1
    assert "of another model" in other.err


def test_belongings_of_any_class_say_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.unit.models.architectures.test_classes import CLASSES, OPTIONS, _dcgan

    torch.save(_dcgan(0), tmp_path / "g.pt")
    told = [f"--model-option={name}={value}" for name, value in OPTIONS["dcgan"].items()]
    given = ["generate", tmp_path / "g.pt", "--count", 12, "--out", tmp_path / "made", "--json", *told]
    done = call(capsys, *given, "--model-option", "label=search")
    labels = [row["label"] for row in done.rows]
    assert (done.code, set(labels)) == (0, set(range(CLASSES)))
    model = load_model(str(tmp_path / "g.pt"), device="cpu", options={**OPTIONS["dcgan"], "label": "search"})
    for row in done.rows:
        with Image.open(row["path"]) as image:
            assert image.info["wherefrom:class"] == str(row["label"])
            pixels = np.asarray(image)
        latents = model.draw(np.array([row["seed"]], dtype=np.uint64))  # type: ignore[attr-defined]
        assert latents[0, -1] == row["label"]
        with torch.inference_mode():
            np.testing.assert_array_equal(pixels, to_pixels(model.decode(latents))[0])  # type: ignore[attr-defined]
    again = call(capsys, *given, "--model-option", "label=search")
    assert [(row["label"], row["kept"]) for row in again.rows] == [(label, True) for label in labels]
    other = call(capsys, *given, "--model-option", "label=1")
    assert other.code != 0
    assert "was made otherwise (settings" in other.err
    method = wf.methods.load("ronan", {"steps": 3, "restarts": CLASSES, "race": None})
    files = sorted((tmp_path / "made").iterdir())[:3]
    asked: dict[str, Any] = {"model": model, "method": method, "store": tmp_path / "scores.sqlite"}
    first, kept = (wf.score(files, **asked).scores for _ in range(2))
    assert set(first["class"]) <= set(range(CLASSES))
    assert (first["class"] == kept["class"]).all()
