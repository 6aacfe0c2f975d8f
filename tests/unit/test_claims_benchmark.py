"""Images of every kind are drawn as the benchmark says, and what was counted keeps to beta."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.places import RESULTS
from wherefrom.bench.shared.drawn import DRAWN, cut_out, enlarged
from wherefrom.checking.measuring import SIDE

DOCUMENTS = sorted((RESULTS / "tables").glob("claims_*.json"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_no_kind_is_surely_claimed_more_often_than_beta_allows(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    others = [row for row in document["rows"] if not row["kind"].startswith("own")]
    assert {*DRAWN, "photos", "photos enlarged twice", "parts of photos on white"} <= {row["kind"] for row in others}
    assert all(row["images"] >= 200 and row["low"] <= document["beta"] for row in others)


def test_the_embedded_decoder_was_checked_on_four_hundred_images_a_kind_and_quality() -> None:
    document = json.loads((RESULTS / "tables" / "claims_kl_f8_a.json").read_text(encoding="utf-8"))
    others = [row for row in document["rows"] if not row["kind"].startswith("own")]
    assert len(others) == 9 * 4
    assert all(row["images"] >= 400 for row in others)
    assert document["strict_beta"] == 0.001
    assert all(row["strict"]["low"] <= 0.001 for row in others)
    assert sum(row["strict"]["count"] for row in others) <= 0.001 * sum(row["images"] for row in others)


@pytest.mark.parametrize("kind", DRAWN)
def test_a_kind_is_seeded_of_the_tiles_size_and_not_flat(kind: str) -> None:
    first, again, other = (np.asarray(DRAWN[kind](np.random.default_rng(seed), SIDE)) for seed in (1, 1, 2))
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.std() > 5


def test_an_enlarged_image_keeps_its_size_and_is_smoother() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    large = enlarged(noise)
    assert large.shape == noise.shape
    assert (
        np.abs(np.diff(large.astype(float), axis=0)).mean() < np.abs(np.diff(noise.astype(float), axis=0)).mean() / 1.5
    )


def test_a_part_that_was_cut_out_lies_where_it_was_on_white() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    sides = set()
    for seed in range(20):
        cut = cut_out(noise, np.random.default_rng(seed))
        rows, columns = np.nonzero((cut != 255).any(axis=2))
        place = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert np.array_equal(cut[place], noise[place])
        assert (np.delete(cut.reshape(-1, 3), np.flatnonzero((cut != 255).any(axis=2)), axis=0) == 255).all()
        sides.add(rows.max() + 1 - rows.min())
    assert SIDE // 8 <= min(sides) < max(sides) <= SIDE // 2
