"""Cropping keeps the top-left corner; a PNG is there whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.bad_files import good_pixels
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.fit import crop
from wherefrom.images.read import read_image
from wherefrom.images.write import save_png


@settings(max_examples=50)
@given(height=st.integers(1, 70), width=st.integers(1, 70), factor=st.integers(1, 32))
def test_crop_is_the_largest_multiple_from_the_top_left(height: int, width: int, factor: int) -> None:
    pixels = good_pixels(size=(height, width))
    if min(height, width) < factor:
        with pytest.raises(ImageError, match=f"{width} x {height} pixels are too small.* at least {factor} x {factor}"):
            crop(pixels, factor)
        return
    cropped = crop(pixels, factor)
    rows, columns, _ = cropped.shape
    assert rows % factor == columns % factor == 0
    assert height - rows < factor
    assert width - columns < factor
    assert np.array_equal(cropped, pixels[:rows, :columns])


def test_crop_refuses_no_factor() -> None:
    with pytest.raises(UsageError, match="factor=0"):
        crop(good_pixels(), 0)


def test_png_comes_back_with_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    text = {"Software": "wherefrom", "seed": "7", "note": "Grüße, 日本\nzwei"}
    save_png(good_pixels(), path, text)
    assert np.array_equal(read_image(path).pixels, good_pixels())
    with Image.open(path) as image:
        assert {key: str(value) for key, value in image.info.items()} == text
    first = path.read_bytes()
    save_png(good_pixels(), path, text)
    assert path.read_bytes() == first
    save_png(good_pixels()[:, ::-1][:8, :8], path)
    assert np.array_equal(read_image(path).pixels, good_pixels()[:, ::-1][:8, :8])


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    save_png(good_pixels(0), path)

    def full(place: Path, data: bytes) -> None:
        with place.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ImageError, match="cannot be written: No space left"):
        save_png(good_pixels(1), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    assert np.array_equal(read_image(path).pixels, good_pixels(0))


def test_a_reader_of_the_old_file_keeps_it_whole(tmp_path: Path) -> None:
    path, other = tmp_path / "a.png", tmp_path / "b.png"
    save_png(good_pixels(0), path)
    other.hardlink_to(path)
    save_png(good_pixels(1), path)
    assert np.array_equal(read_image(other).pixels, good_pixels(0))
    assert np.array_equal(read_image(path).pixels, good_pixels(1))


def test_two_writers_of_one_file_leave_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    threads = [threading.Thread(target=save_png, args=(good_pixels(i), path)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pixels = read_image(path).pixels
    assert any(np.array_equal(pixels, good_pixels(i)) for i in range(8))
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="No such file"):
        save_png(good_pixels(), tmp_path / "none" / "a.png")
    with pytest.raises(ImageError, match=r"float64 \(4, 4, 3\)"):
        save_png(np.zeros((4, 4, 3)), tmp_path / "a.png")  # type: ignore[arg-type]
    with pytest.raises(ImageError, match=r"\(0, 4, 3\)"):
        save_png(np.zeros((0, 4, 3), dtype=np.uint8), tmp_path / "a.png")
    for keyword in ("", "x" * 80, "日本", " x", "a\nb"):
        with pytest.raises(ImageError, match="keyword"):
            save_png(good_pixels(), tmp_path / "a.png", {keyword: "v"})
    assert not list(tmp_path.iterdir())
