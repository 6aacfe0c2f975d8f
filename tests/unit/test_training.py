"""What the training programs promise: shares that overlap as said, a distance in closed form, runs that go on."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import typer
from PIL import Image

from training.dcgan import Recipe, Trainer
from training.frechet import distance
from training.small_images import read_images, share_of

RECIPE = Recipe(seed=3, steps=4, batch=8, latent=6, generator=(8, 8, 8), discriminator=(8, 8, 8))


def _pixels(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(count).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def test_images_are_read_from_parquet_and_from_files_at_one_size(tmp_path: Path) -> None:
    wide = np.zeros((40, 80, 3), dtype=np.uint8)
    wide[:, 20:60] = 255  # the central square, all that is kept
    data = io.BytesIO()
    Image.fromarray(wide).save(data, "PNG")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.png").write_bytes(data.getvalue())
    exact = _pixels(1)[0]
    own = io.BytesIO()
    Image.fromarray(exact).save(own, "PNG")
    pq.write_table(pa.table({"image": [data.getvalue(), own.getvalue()], "label": ["a", "b"]}), tmp_path / "x.parquet")
    assert read_images(tmp_path / "files", 32).tolist() == np.full((1, 32, 32, 3), 255).tolist()
    found = read_images(tmp_path, 32)
    assert (found[0] == 255).all()
    assert (found[1] == exact).all(), "an image of the size is not resampled"
    with pytest.raises(typer.BadParameter, match="no parquet files and no images"):
        read_images(tmp_path / "files" / "none", 32)


@pytest.mark.parametrize(("start", "shared"), [(0.0, 1.0), (0.1, 0.8), (0.25, 0.5), (0.5, 0.0)])
def test_shares_of_half_the_images_overlap_as_said(start: float, shared: float) -> None:
    images = np.arange(200, dtype=np.uint8).reshape(200, 1, 1, 1)
    one, other = (set(share_of(images, 0.5, place).ravel().tolist()) for place in (0.0, start))
    assert len(one) == len(other) == 100
    assert len(one & other) == round(100 * shared)
    around = share_of(images, 0.5, 0.75).ravel().tolist()
    assert len(set(around)) == 100, "at the end of the order it goes on at the beginning"
    with pytest.raises(typer.BadParameter, match="need 0 < subset <= 1"):
        share_of(images, 0.0, 0.0)


def test_the_distance_of_normal_distributions_is_that_of_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    (mean_1, mean_2), (wide, narrow) = rng.normal(size=(2, 4)), rng.uniform(0.5, 2.0, (2, 4))
    first, second = ((mean, (turn * spread**2) @ turn.T) for mean, spread in ((mean_1, wide), (mean_2, narrow)))
    expected = np.square(mean_1 - mean_2).sum() + np.square(wide - narrow).sum()
    assert distance(first, second) == pytest.approx(expected)
    assert distance(first, first) == pytest.approx(0, abs=1e-9)


def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    images = _pixels(20)
    whole, first = Trainer(RECIPE, tmp_path / "whole"), Trainer(RECIPE, tmp_path)
    for trainer, steps in ((whole, 4), (first, 2)):
        for _ in range(steps):
            trainer.advance(images)
    first.save()
    second = Trainer(RECIPE, tmp_path)
    assert second.step == 2
    for _ in range(2):
        second.advance(images)
    for mine, theirs in zip(whole.networks.parameters(), second.networks.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)
    made = second.averaged().main(torch.randn(2, 6, 1, 1, generator=torch.Generator().manual_seed(0)))
    assert made.shape == (2, 3, 32, 32)
