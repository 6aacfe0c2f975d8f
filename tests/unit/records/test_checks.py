"""Halves by hash, and cards in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.toy_tables import MEASURE, MODEL, facts, table
from wherefrom.core.errors import ProfileError
from wherefrom.records.checks import halves, refuse_duplicates, refuse_other_provenance


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
def test_halves_are_apart_and_equal(count: int) -> None:
    learned, ranked = halves([f"{i:064x}" for i in range(count)])
    assert sorted([*learned, *ranked]) == list(range(count))
    assert len(ranked) - len(learned) == count % 2


def test_halves_do_not_follow_the_digests_order() -> None:
    learned, _ = halves([f"{i:064x}" for i in range(1000)])
    assert 150 < np.count_nonzero(learned < 500) < 350


def test_differences_are_spelled_out() -> None:
    other = replace(MODEL, name="other", facts={**MODEL.facts, "decoder": "e" * 64})
    with pytest.raises(ProfileError) as refused:
        refuse_other_provenance("the scores", (MODEL, MEASURE, 0), "the profile", (other, MEASURE, 1))
    message = str(refused.value)
    for part in ("model name: 'toy', 'other'", f"model decoder: '{'d' * 64}', '{'e' * 64}'", "root seed: 0, 1"):
        assert part in message
    refuse_other_provenance(
        "a", (MODEL, MEASURE, 0), "b", (replace(MODEL, name="other", notes={"source": "x"}), MEASURE, 0)
    )


def test_a_scored_row_without_digest_is_refused() -> None:
    with pytest.raises(ProfileError, match=r"a.png in the belongings has no digest of its pixels"):
        refuse_duplicates(table([1.0], images=[facts("a", pixel_digest=None)]), {})


def test_broken_files_are_no_duplicates() -> None:
    broken = [facts("a", error="empty", pixel_digest=None), facts("b", error="empty", pixel_digest=None)]
    refuse_duplicates(table([1.0, 1.0], images=broken), {"pool": table([1.0, 1.0], images=broken)})
