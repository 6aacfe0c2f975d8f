"""`wherefrom check`: an answer without a profile, for the embedded models from their own null."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.calling import call, save_noise


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three draws of an embedded model, a tile of noise and a file that is no image."""
    monkeypatch.setenv("WHEREFROM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "images"


def test_draws_are_compatible_and_noise_is_undecided(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "generate", "zoo:kl-f8-a", "--count", 3, "--size", 128, "--out", images, "-q").code == 0
    save_noise(images, [0], side=128)
    (images / "zz.png").write_text("no image")
    done = call(capsys, "check", images, "--model", "zoo:kl-f8-a", "--model", "zoo:kl-f8-b", "--beta", 0.02, "--json")
    assert done.code == 3
    assert "1 of 5 images failed" in done.err
    foreign = [row for row in done.rows if Path(row["name"]).name.startswith(("noise", "zz"))]
    assert [row["outcome"] for row in foreign] == ["UNDECIDED"] * 4
    own = [row for row in done.rows if "noise" not in row["name"] and "zz" not in row["name"]]
    assert [row["outcome"] for row in own if row["model"].endswith("kl-f8-a")] == ["COMPATIBLE"] * 3
    assert all(row["p_value"] == 1 / 200 for row in own if row["model"].endswith("kl-f8-a"))
    assert all(np.isfinite(row["statistic"]) for row in own)


def test_a_person_sees_a_row_an_image(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_noise(images, [0], side=128)
    done = call(capsys, "check", images, "--model", "zoo:kl-f8-a", "-q")
    assert done.code == 0
    assert "UNDECIDED" in done.out
    assert "which excludes nothing" in done.out


def test_a_model_without_an_encoder_a_precision_it_lacks_and_a_beta_beyond_the_photos_are_refused(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_noise(images, [0], side=128)
    done = call(capsys, "check", images, "--model", "zoo:dcgan-cifar10")
    assert done.code == 1
    assert "encoder" in done.err
    done = call(capsys, "check", images, "--model", "toy", "--dtype", "bfloat16")
    assert done.code == 1
    assert "not in bfloat16" in done.err
    done = call(capsys, "check", images, "--model", "zoo:kl-f8-a", "--beta", 0.0005)
    assert done.code == 2
    assert "needs 1999 tiles of known photos, and a check has 999" in done.err
