"""Reading ahead: order, bounds, errors, threads that stop. Pixels to tensors and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bad_files import good_pixels, make_bad_files, make_good_files
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images import batches
from wherefrom.images.batches import read_ahead, to_device, to_images, to_pixels
from wherefrom.images.read import ImageRecord, Limits, read_or_explain
from wherefrom.images.sources import load_images


def _name(result: ImageRecord | ImageFacts) -> str:
    return result.facts.name if isinstance(result, ImageRecord) else result.name


def _readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("wherefrom-read")]


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_comes_in_order_and_bad_files_are_rows(tmp_path: Path, workers: int) -> None:
    reasons = make_bad_files(tmp_path)
    make_good_files(tmp_path, 20)
    sources = load_images(tmp_path)
    results = list(read_ahead(sources, workers))
    assert [_name(result) for result in results] == [source.name for source in sources]
    assert sum(isinstance(result, ImageRecord) for result in results) == 20
    assert sum(isinstance(result, ImageFacts) for result in results) == len(reasons)
    assert not _readers()


def test_slow_files_do_not_change_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = make_good_files(tmp_path, 6)

    def uneven(source: Path, limits: Limits) -> ImageRecord | ImageFacts:
        time.sleep(0.05 if source.name.endswith(("0.png", "3.png")) else 0)
        return read_or_explain(source, limits)

    monkeypatch.setattr(batches, "read_or_explain", uneven)
    assert [_name(result) for result in read_ahead(paths, 3)] == [str(path) for path in paths]


def test_no_more_than_two_images_a_worker_are_read_ahead(tmp_path: Path) -> None:
    (path,) = make_good_files(tmp_path, 1)
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield path

    results = read_ahead(endless(), 2)
    assert taken == 0
    for consumed in range(1, 10):
        next(results)
        time.sleep(0.01)
        assert taken <= consumed + 3
    results.close()
    assert not _readers()


def test_closing_early_stops_the_threads(tmp_path: Path) -> None:
    results = read_ahead(make_good_files(tmp_path, 12), 3)
    next(results)
    assert _readers()
    results.close()
    assert not _readers()


def test_other_exceptions_end_the_iteration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = make_good_files(tmp_path, 6)

    def failing(source: Path, limits: Limits) -> ImageRecord | ImageFacts:
        if source == paths[2]:
            raise RuntimeError("a bug")
        return read_or_explain(source, limits)

    monkeypatch.setattr(batches, "read_or_explain", failing)
    results = read_ahead(paths, 2)
    assert [_name(next(results)) for _ in range(2)] == [str(path) for path in paths[:2]]
    with pytest.raises(RuntimeError, match="a bug"):
        next(results)
    assert not _readers()


def test_workers_and_limits_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="workers=0"):
        read_ahead([], 0)
    (result,) = read_ahead(make_good_files(tmp_path, 1), limits=Limits(max_pixels=9))
    assert isinstance(result, ImageFacts)
    assert "over the limit of 9 pixels" in (result.error or "")
    assert list(read_ahead([])) == []


def test_images_are_exact_and_contiguous() -> None:
    pixels = [good_pixels(0), good_pixels(1)]
    images = to_images(pixels)
    assert images.dtype == torch.float32
    assert images.is_contiguous()
    assert images.shape == (2, 3, 24, 40)
    assert np.array_equal(images.numpy(), (np.stack(pixels).astype(np.float32) / np.float32(255)).transpose(0, 3, 1, 2))
    assert torch.equal(to_images(pixels[1:]), images[1:])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 3), height=st.integers(1, 9), width=st.integers(1, 9))
def test_there_and_back(seed: int, n: int, height: int, width: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)
    before = pixels.copy()
    assert np.array_equal(to_pixels(to_images(list(pixels))), pixels)
    assert np.array_equal(pixels, before)


def test_all_levels_come_back() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert np.array_equal(to_pixels(to_images([levels]))[0], levels)


def test_rounding_is_half_away_from_zero_and_clamped() -> None:
    values = torch.tensor([-0.5, 0.49999997 / 255, 0.5 / 255, 1.5 / 255, 2.5 / 255, 254.5 / 255, 1.0, 7.0])
    images = values.double().expand(1, 3, 1, -1)
    exact = torch.tensor([-0.5, 0.49999997, 0.5, 1.5, 2.5, 254.5, 255, 7 * 255], dtype=torch.float64) / 255
    images = exact.expand(1, 3, 1, -1)
    assert to_pixels(images)[0, 0, :, 0].tolist() == [0, 0, 1, 2, 3, 255, 255, 255]


def test_wrong_batches_are_refused() -> None:
    with pytest.raises(ImageError, match="got none"):
        to_images([])
    with pytest.raises(ImageError, match="one shape"):
        to_images([good_pixels(), good_pixels(size=(8, 8))])
    with pytest.raises(ImageError, match="float64"):
        to_images([good_pixels().astype(np.float64)])
    with pytest.raises(ImageError, match="NaN or infinity"):
        to_pixels(torch.full((1, 3, 2, 2), float("nan")))
    with pytest.raises(ImageError, match=r"\(1, 4, 2, 2\)"):
        to_pixels(torch.zeros(1, 4, 2, 2))


def test_every_byte_is_the_nearest_number_to_its_share_of_255() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    ((red, *_),) = to_device([np.dstack([levels] * 3)], torch.device("cpu")).numpy()
    np.testing.assert_array_equal(red, (levels.astype(np.float64) / 255).astype(np.float32))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use on this machine")
def test_a_gpu_holds_the_same_numbers() -> None:
    pixels = [np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8) for _ in range(3)]
    assert torch.equal(to_device(pixels, torch.device("cuda")).cpu(), to_images(pixels))
