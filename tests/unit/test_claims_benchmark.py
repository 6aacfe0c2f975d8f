"""Images of every kind are drawn as the benchmark says, and the page shows what was counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.places import RESULTS
from wherefrom.bench.claims import markdown as show
from wherefrom.bench.shared.drawn import DRAWN, enlarged
from wherefrom.checking.null import SIDE

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check.md"
DOCUMENT = json.loads((RESULTS / "claims.json").read_text(encoding="utf-8"))


def test_the_page_has_every_row_and_the_command() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert show(DOCUMENT) in page
    assert DOCUMENT["command"] in page


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
