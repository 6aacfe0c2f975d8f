"""`wherefrom generate`: seeded files that say who made them, and a stopped run that goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.calling import call, save_noise
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.models.toy import Toy


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_images_depend_on_seed_and_place_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, count, seed in (("five", 5, 7), ("two", 2, 7), ("other", 2, 8)):
        done = call(capsys, "generate", "toy", "--count", count, "--seed", seed, "--out", tmp_path / name)
        assert done.code == 0
    five, two, other = (contents(tmp_path / name) for name in ("five", "two", "other"))
    assert len(five) == 5
    assert len(set(five.values())) == 5
    assert two.items() < five.items()
    assert not set(other.values()) & set(five.values())


def test_a_batch_changes_no_more_than_the_last_bit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for batch in (1, 3):
        done = call(capsys, "generate", "toy", "--count", 5, "--batch", batch, "--out", tmp_path / str(batch))
        assert done.code == 0
    for name in contents(tmp_path / "1"):
        alone, together = (np.asarray(Image.open(tmp_path / x / name), dtype=np.int16) for x in ("1", "3"))
        assert np.abs(alone - together).max() <= 1
        assert len(np.unique(alone)) > 2


def test_a_file_says_who_made_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "generate", "toy", "--count", 1, "--size", "72x48", "--out", tmp_path, "--json")
    (row,) = done.rows
    with Image.open(row["path"]) as image:
        assert (image.size, image.mode, image.format) == ((72, 48), "RGB", "PNG")
        assert image.info["wherefrom:decoder"] == row["decoder"] == Toy().card.facts["decoder"]
        assert image.info["wherefrom:seed"] == str(row["seed"])
        assert image.info["wherefrom:kind"] == row["kind"] == "draw"
    drawn = Toy().decode(Toy().draw(np.array([row["seed"]], dtype=np.uint64), size=(48, 72)))
    np.testing.assert_array_equal(np.asarray(Image.open(row["path"])), to_pixels(drawn)[0])


def test_what_is_there_and_whole_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["generate", "toy", "--count", 3, "--out", tmp_path]
    call(capsys, *given)
    before = contents(tmp_path)
    first, second, third = sorted(tmp_path.iterdir())
    first.write_bytes(first.read_bytes()[:200])
    second.unlink()
    stamp = third.stat().st_mtime_ns
    done = call(capsys, *given)
    assert "2 draws made by toy, 1 were there" in done.out
    assert contents(tmp_path) == before
    assert third.stat().st_mtime_ns == stamp


def test_another_models_files_are_not_taken_for_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "generate", "toy", "--count", 1, "--out", tmp_path).code == 0
    before = contents(tmp_path)
    for model, more in (("toy:0.5", []), ("toy", ["--size", "32"])):
        done = call(capsys, "generate", model, "--count", 1, *more, "--out", tmp_path)
        assert done.code == 2
        assert "was made otherwise" in done.err
        assert contents(tmp_path) == before


def test_round_trips_are_named_so_and_a_bad_photo_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = save_noise(tmp_path / "photos", range(2), side=37)
    (photos / "bad.png").write_text("no image")
    out = tmp_path / "out"
    done = call(capsys, "generate", "toy", "--from", photos, "--out", out, "--json")
    assert done.code == 3
    bad, *good = done.rows
    assert "text file" in bad["error"]
    assert bad["path"] is None
    for row in good:
        assert "roundtrip" in Path(row["path"]).name
        with Image.open(row["path"]) as image, Image.open(row["source"]) as photo:
            assert image.size == (32, 32)
            assert image.info["wherefrom:kind"] == row["kind"] == "round trip"
            once = Toy().decode(Toy().encode(to_images([np.asarray(photo)[:32, :32]])))
            np.testing.assert_array_equal(np.asarray(image), to_pixels(once)[0])
    again = call(capsys, "generate", "toy", "--from", photos, "--out", out)
    assert "0 round trips made by toy, 2 were there" in again.out


def test_a_model_that_cannot_draw_says_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from diffusers import AutoencoderKL

    with torch.random.fork_rng():
        AutoencoderKL(
            block_out_channels=[8],
            norm_num_groups=4,
            down_block_types=["DownEncoderBlock2D"],
            up_block_types=["UpDecoderBlock2D"],
            layers_per_block=1,
            latent_channels=4,
        ).save_pretrained(tmp_path / "vae")
    done = call(capsys, "generate", tmp_path / "vae", "--count", 1, "--size", "16x16", "--out", tmp_path / "out")
    assert done.code == 1
    assert "make images with its own pipeline" in done.err
