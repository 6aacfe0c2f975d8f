"""Which images show the same, and how many independent ones they are worth: by codes and names made up by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.toy_tables import facts
from wherefrom.core.facts import Appearance, ImageFacts
from wherefrom.records.near_copies import Related, index_of, related


def coded(label: str, code: int | None, **changes: object) -> ImageFacts:
    text = None if code is None else f"{code:0128x}"
    looks = Appearance(code=text, brightness=100.0, contrast=50.0, content=1.0)
    return facts(label, appearance=looks, **changes)


def random_code(seed: int) -> int:
    return int.from_bytes(np.random.default_rng(seed).bytes(64), "big")


@pytest.mark.parametrize(("low", "differences", "near"), [(56, 72, True), (57, 0, False), (0, 73, False), (0, 0, True)])
def test_both_halves_must_agree(low: int, differences: int, near: bool) -> None:
    code = random_code(1)
    other = code ^ (((1 << low) - 1) << 256) ^ ((1 << differences) - 1)
    found = index_of([coded("far", random_code(2)), coded("own", code)]).of(coded("query", other))
    assert found == ("own.png" if near else None)


def test_the_nearest_is_named() -> None:
    code = random_code(1)
    index = index_of([coded("further", code ^ 0b111), coded("nearer", code ^ 1), coded("failed", code, error="broken")])
    assert index.of(coded("query", code)) == "nearer.png"


def test_images_without_a_code_are_copies_of_none() -> None:
    assert index_of([coded("plain", None), facts("old")]).of(coded("query", None)) is None
    assert index_of([coded("own", random_code(1))]).of(facts("old")) is None


def test_different_images_count_one_by_one() -> None:
    images = [coded(f"a-{i}", random_code(i)) for i in range(300)]
    assert related(images) == Related(count=300, copies=0, tiles=0, independent=300.0)


def test_copies_of_one_image_count_as_one() -> None:
    images = [coded(f"a-{i}", random_code(7) ^ (1 << i)) for i in range(10)]
    assert related(images) == Related(count=10, copies=10, tiles=0, independent=1.0)
    mixed = related([*images, *(coded(f"b-{i}", random_code(100 + i)) for i in range(90))])
    assert mixed.copies == 10
    assert mixed.independent == pytest.approx(100**2 / (10**2 + 90))


def test_tiles_of_one_image_count_as_one() -> None:
    tiles = [
        coded(f"f{i // 5}#{i % 5 * 64},0", i, name=f"f{i // 5}.png#{i % 5 * 64},0", file_digest=str(i // 5))
        for i in range(20)
    ]
    spread = [
        coded(f"{i}", random_code(i), name=each.name, file_digest=each.file_digest) for i, each in enumerate(tiles)
    ]
    assert related(spread) == Related(count=20, copies=0, tiles=20, independent=4.0)
    unnamed = [coded(f"{i}", random_code(i), name=each.name, file_digest=None) for i, each in enumerate(tiles)]
    assert related(unnamed).independent == pytest.approx(4)


def test_many_images_in_blocks_of_rows() -> None:
    images = [coded(f"a-{i}", random_code(i % 290)) for i in range(580)]
    assert related(images).copies == 580
    assert related(images).independent == pytest.approx(290)
