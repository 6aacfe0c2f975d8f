"""Tiles: whole, on the grid, each the pixels of its place, and rows of a run like any other image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import wherefrom as wf
from wherefrom.images.read import read_image
from wherefrom.models.toy import Toy

PIXELS = np.random.default_rng(3).integers(0, 256, (100, 200, 3), dtype=np.uint8)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "large.png"
    Image.fromarray(PIXELS).save(path)
    return path


def test_tiles_are_cut_from_the_top_left_and_named_by_their_place(image: Path) -> None:
    cut = wf.tiles(wf.load_images(image), 64, factor=8)
    assert [tile.name for tile in cut] == [f"{image}#{x},0" for x in (0, 64, 128)]
    whole = read_image(image).facts
    for tile in cut:
        record = read_image(tile)
        x = int(tile.name.rpartition("#")[2].partition(",")[0])
        np.testing.assert_array_equal(record.pixels, PIXELS[:64, x : x + 64])
        assert (record.facts.width, record.facts.height, record.facts.name) == (64, 64, tile.name)
        assert (record.facts.file_digest, record.facts.format) == (whole.file_digest, "PNG")
        assert not record.pixels.flags.writeable
    assert len({read_image(tile).facts.pixel_digest for tile in cut}) == 3


@pytest.mark.parametrize("form", ["path", "array", "bytes"])
def test_a_tile_scores_as_the_same_pixels_do(form: str, image: Path) -> None:
    given: Any = {"path": image, "array": PIXELS, "bytes": image.read_bytes()}[form]
    method = wf.methods.load("aedr")
    cut = wf.score(wf.tiles([given], 48, factor=8), model=Toy(), method=method)
    alone = wf.score(
        [PIXELS[y : y + 48, x : x + 48] for y in (0, 48) for x in (0, 48, 96, 144)], model=Toy(), method=method
    )
    np.testing.assert_array_equal(cut.scores["first"], alone.scores["first"])
    assert cut.sizes == ((48, 48),) * 8


def test_one_tile_an_image_is_the_same_every_time_and_not_always_the_first(image: Path, tmp_path: Path) -> None:
    others = []
    for seed in range(12):
        others.append(tmp_path / f"{seed}.png")
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(others[-1])
    cut = wf.tiles([image, PIXELS, *others], 16, single=True)
    assert len(cut) == 14
    assert cut[2:] == wf.tiles(others, 16, single=True)
    assert len({tile.tile for tile in cut}) > 4


def test_what_holds_no_tile_or_cannot_be_read_is_a_row_with_its_reason(image: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no image")
    cut = wf.tiles([tmp_path / "bad.png", image, PIXELS[:40]], 64, factor=8)
    table = wf.score(cut, model=Toy(), method=wf.methods.load("aedr"))
    bad, *fine, small = table.images
    assert "text file" in str(bad.error)
    assert [facts.error for facts in fine] == [None] * 3
    assert small.error == "200 x 40 pixels hold no tile of 64 x 64: give a larger image, or smaller tiles"


def test_tiles_off_the_decoder_s_grid_are_refused() -> None:
    with pytest.raises(wf.UsageError, match="tiles of 60 pixels: use a multiple of 8, as 56"):
        wf.tiles([PIXELS], 60, factor=8)


def test_a_file_is_decoded_once_for_its_tiles_and_anew_when_it_changed(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wherefrom.images import read

    read._whole.cache_clear()
    cut = wf.tiles([image], 16)
    for tile in cut:
        read_image(tile)
    assert read._whole.cache_info().misses == 1
    Image.fromarray(255 - PIXELS).save(image)
    np.testing.assert_array_equal(read_image(cut[0]).pixels, 255 - PIXELS[:16, :16])
    Image.fromarray(PIXELS[:8, :8]).save(image)
    with pytest.raises(wf.ImageError, match="the file changed"):
        read_image(cut[0])
