"""For which images a profile speaks, and what it says to the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.toy_tables import facts, jpeg, table
from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import DOUBTFUL, ImageFacts
from wherefrom.records.coverage import coverage_of, outside
from wherefrom.records.profile import Coverage

LOSSLESS = coverage_of(table([1.0, 1.0]))
JPEGS = coverage_of(table([1.0, 1.0], images=[jpeg("a", 80.0), jpeg("b", 92.0)]))
WEBP = facts("w", format="WEBP", lossy=True)


def test_what_belongings_cover() -> None:
    assert Coverage(pixels=(2731, 6144), lossless=True, changes=((),)) == LOSSLESS
    assert Coverage(pixels=(2731, 6144), lossless=False, jpeg_quality=(75.0, 97.0), changes=((),)) == JPEGS
    mixed = coverage_of(table([1.0] * 3, images=[facts("a"), jpeg("b", 90.0), WEBP]))
    assert (mixed.lossless, mixed.jpeg_quality, mixed.other_lossy) == (True, (85.0, 95.0), ("WEBP",))


def test_rows_with_errors_cover_nothing() -> None:
    bad = jpeg("bad", 50.0, error="truncated")
    assert coverage_of(table([1.0, 1.0], images=[facts("a"), bad])) == LOSSLESS
    with pytest.raises(ProfileError, match="none of 1 belonging images was scored"):
        coverage_of(table([1.0], images=[bad]))


def test_no_profile_covers_an_image_that_may_be_damaged() -> None:
    doubtful = facts("a", changes=(f"{DOUBTFUL} more coded data than the image needs",))
    coverage = coverage_of(table([1.0, 1.0], images=[facts("b"), doubtful]))
    assert coverage == LOSSLESS
    reason = outside(doubtful, (64, 64), coverage)
    assert reason is not None
    assert "perhaps damaged: more coded data" in reason
    only = coverage_of(table([1.0], images=[doubtful]))
    assert only.changes == ()
    assert "that are known to be whole only" in str(outside(doubtful, (64, 64), only))


@pytest.mark.parametrize(
    ("query", "coverage"),
    [
        (facts("q"), LOSSLESS),
        (facts("q", format="BMP"), LOSSLESS),
        (jpeg("q", 75.0), JPEGS),
        (jpeg("q", 97.0), JPEGS),
        (WEBP, replace(LOSSLESS, other_lossy=("WEBP",))),
    ],
)
def test_covered(query: ImageFacts, coverage: Coverage) -> None:
    assert outside(query, (64, 64), coverage) is None


@pytest.mark.parametrize(
    ("query", "coverage", "message"),
    [
        (jpeg("q", 75.0), LOSSLESS, "stored as JPEG quality 75, the profile covers lossless files only"),
        (jpeg("q", 74.9), JPEGS, "stored as JPEG quality 74.9, the profile covers JPEG quality 75 to 97 only"),
        (replace(jpeg("q"), jpeg_quality=None), JPEGS, "stored as JPEG of unknown quality, the profile covers"),
        (facts("q"), JPEGS, "stored without loss as PNG, the profile covers JPEG quality 75 to 97 only"),
        (WEBP, LOSSLESS, "stored with loss as WEBP, the profile covers lossless files only"),
        (replace(WEBP, lossy=None), LOSSLESS, "as WEBP, the profile covers lossless files only"),
    ],
)
def test_stored_otherwise(query: ImageFacts, coverage: Coverage, message: str) -> None:
    reason = outside(query, (64, 64), coverage)
    assert reason is not None
    assert message in reason
    assert reason.endswith("make a profile with belongings saved the same way")


@pytest.mark.parametrize(
    ("size", "covered"), [((64, 96), True), ((64, 97), False), ((48, 57), True), ((48, 56), False)]
)
def test_size_within_a_factor(size: tuple[int, int], covered: bool) -> None:
    reason = outside(facts("q"), size, LOSSLESS)
    assert (reason is None) == covered
    assert covered or "the profile covers 2731 to 6144 pixels: make a profile" in str(reason)
