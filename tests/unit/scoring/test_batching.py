"""Batches of one size, bounded, and as large as pays."""

from __future__ import annotations

import pytest

from tests.unit.scoring.standins import pixels_of
from wherefrom.scoring import reading
from wherefrom.scoring.batching import BatchSize, Buckets, Item, Size

SQUARE: Size = (512, 512)


def item(number: int, height: int = 8, width: int = 8) -> Item:
    return Item(digest=f"{number}", pixels=pixels_of(number, height, width), given="")


def grown(rate: dict[int, float], batches: int = 60) -> int:
    sizes = BatchSize(device="cuda")
    for _ in range(batches):
        images = sizes.of(SQUARE)
        sizes.measured(SQUARE, images, images * 512 * 512 / rate[images])
    return sizes.of(SQUARE)


@pytest.mark.parametrize(
    ("rate", "best"),
    [
        ({4: 10, 8: 10, 16: 10, 32: 10, 64: 10}, 4),
        ({4: 10, 8: 19, 16: 19.5, 32: 40, 64: 80}, 8),
        ({4: 10, 8: 20, 16: 40, 32: 80, 64: 160}, 64),
    ],
)
def test_an_accelerators_batch_grows_while_that_makes_it_faster(rate: dict[int, float], best: int) -> None:
    assert grown(rate) == best


def test_a_slow_first_batch_of_a_size_is_a_warm_up() -> None:
    sizes = BatchSize(device="cuda")
    for seconds in (100, 1, 1):
        sizes.measured(SQUARE, 4, seconds)
    for seconds in (200, 1, 1):
        sizes.measured(SQUARE, 8, seconds)
    assert sizes.of(SQUARE) == 16


def test_a_cpus_batch_does_not_grow_and_small_images_share_one() -> None:
    sizes = BatchSize(device="cpu")
    for _ in range(20):
        sizes.measured(SQUARE, 1, 0.001)
    assert (sizes.of(SQUARE), sizes.of((64, 64)), sizes.of((4096, 4096))) == (1, 64, 1)


@pytest.mark.parametrize(("image", "largest"), [(0.01, 64), (0.03, 16), (0.06, 8), (0.3, 4)])
def test_a_batch_is_not_doubled_when_two_would_not_fit(image: float, largest: int) -> None:
    sizes = BatchSize(device="cuda")
    for _ in range(60):
        images = sizes.of(SQUARE)
        sizes.measured(SQUARE, images, 1.0, memory=image * images)
    assert sizes.of(SQUARE) == largest


def test_after_memory_ran_out_batches_are_half_as_large_for_good() -> None:
    sizes = BatchSize(device="cuda")
    sizes.overflowed(SQUARE, 4)
    for _ in range(20):
        sizes.measured(SQUARE, sizes.of(SQUARE), 1e-9)
        sizes.measured((256, 256), sizes.of((256, 256)), 1e-9)
    assert (sizes.of(SQUARE), sizes.of((256, 256))) == (2, 8)
    sizes.overflowed(SQUARE, 2)
    assert sizes.of(SQUARE) == 1
    sizes = BatchSize(device="cpu", fixed=16)
    sizes.overflowed((8, 8), 16)
    assert (sizes.of((8, 8)), sizes.of((4, 4))) == (8, 16)


def test_full_buckets_leave_at_once_and_the_rest_at_the_end() -> None:
    buckets = Buckets(sizes=BatchSize(device="cpu", fixed=2))
    out = [batch for i in range(5) for batch in buckets.add(item(i, 8 if i % 2 else 12))]
    assert [[one.digest for one in batch] for batch in out] == [["0", "2"], ["1", "3"]]
    assert [[one.digest for one in batch] for batch in buckets.rest()] == [["4"]]


def test_what_waits_is_bounded_however_many_sizes_there_are() -> None:
    buckets = Buckets(sizes=BatchSize(device="cpu", fixed=1000), bound=20_000)
    waiting, most, sent = 0, 0, 0
    for i in range(300):
        waiting += item(i, 4 + i % 50, 8).pixels.nbytes
        for batch in buckets.add(item(i, 4 + i % 50, 8)):
            assert len({one.size for one in batch}) == 1
            waiting -= sum(one.pixels.nbytes for one in batch)
            sent += len(batch)
        most = max(most, waiting)
    assert most <= 20_000
    assert sent + sum(len(batch) for batch in buckets.rest()) == 300


def test_the_fullest_bucket_leaves_first() -> None:
    buckets = Buckets(sizes=BatchSize(device="cpu", fixed=1000), bound=8 * 8 * 3 * 5)
    out = [batch for i in range(6) for batch in buckets.add(item(i, 8, 4 if i == 0 else 8))]
    assert [len(batch) for batch in out] == [5]


@pytest.mark.parametrize(("processors", "threads"), [(1, 2), (8, 8), (64, 16)])
def test_a_gpu_is_read_for_by_as_many_threads_as_there_are_processors(
    processors: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "usable", lambda: processors)
    assert (reading.usual_workers("cuda"), reading.usual_workers("cpu")) == (threads, 2)
