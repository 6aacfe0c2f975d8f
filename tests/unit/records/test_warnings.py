"""What a profile says against itself: each kind of bad profile has its sentence, and a good one has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.toy_tables import MODEL, PLAIN, RESIDUAL, facts, jpeg, table
from wherefrom.core.facts import Appearance, ImageFacts
from wherefrom.judging import calibrate, judge
from wherefrom.records import warnings
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome

OWN = str(MODEL.facts["decoder"])
LOW, HIGH = np.linspace(0.9, 1.1, 60), np.linspace(1.5, 2.5, 120)


def images(prefix: str, count: int, **changes: Any) -> list[ImageFacts]:
    return [facts(f"{prefix}-{i}", **changes) for i in range(count)]


def profile_of(belonging: list[ImageFacts] | None = None, pool: list[ImageFacts] | None = None) -> Profile:
    ours, theirs = belonging or images("own", 60), pool or images("pool", 120)
    return calibrate(
        belonging=table(np.resize(LOW, len(ours)), images=ours),
        foreign={"photos": table(np.resize(HIGH, len(theirs)), images=theirs)},
        method=PLAIN,
    )


def only(profile: Profile) -> str:
    (said,) = profile.warnings
    return said


def test_a_good_profile_says_nothing() -> None:
    assert profile_of().warnings == ()
    generated = images("own", 60, origin="draw", origin_decoder=OWN, jpeg_grid=False)
    photos = images("pool", 120, origin="round trip", origin_decoder="e" * 64, jpeg_grid=False)
    assert profile_of(generated, photos).warnings == ()


def test_what_the_audit_found_is_a_warning() -> None:
    profile = profile_of(pool=[jpeg(f"pool-{i}") for i in range(120)])
    assert profile.warnings == tuple(finding.message for finding in profile.audit.findings)
    assert "a JPEG saved again as PNG keeps what the JPEG did to it" in profile.warnings[0]


def test_too_few_belongings() -> None:
    assert only(profile_of(images("own", 10))) == (
        "10 belongings are ranked, alpha=0.05 needs 19: add images, or ask for alpha >= 0.091"
    )
    assert profile_of(images("own", 19)).warnings == ()
    learner = calibrate(belonging=table(LOW[:20], detail=np.linspace(0, 1, 20)), method=RESIDUAL)
    assert "10 belongings are ranked, alpha=0.05 needs 19 (38 in all, since half of them" in learner.warnings[0]


def test_belongings_and_pool_swapped() -> None:
    swapped = calibrate(belonging=table(HIGH, "own"), foreign={"photos": table(LOW, "pool")}, method=PLAIN)
    assert only(swapped).startswith("images of pool 'photos' score lower than the belongings, as if")
    alike = calibrate(belonging=table(HIGH, "own"), foreign={"photos": table(HIGH - 1e-6, "pool")}, method=PLAIN)
    assert alike.warnings == ()


def test_the_share_of_false_warnings_of_a_swap() -> None:
    rng = np.random.default_rng(2)
    said = 0
    for _ in range(300):
        own, pool = table(rng.normal(size=25), "own"), table(rng.normal(size=25), "pool")
        said += bool(calibrate(belonging=own, foreign={"pool": pool}, method=PLAIN).warnings)
    assert said <= 4


def test_round_trips_as_belongings() -> None:
    trips = [*images("trip", 40, origin="round trip", origin_decoder=OWN), *images("own", 20)]
    assert only(profile_of(trips)).startswith("40 of 60 belongings say that they are round trips")


def test_belongings_of_another_decoder_and_a_pool_of_this_one() -> None:
    strange = profile_of(images("own", 60, origin="draw", origin_decoder="e" * 64))
    assert only(strange).startswith("60 of 60 belongings say that another decoder made them")
    made = profile_of(pool=[*images("pool", 117), *images("made", 3, origin="draw", origin_decoder=OWN)])
    assert only(made).startswith("3 of 120 images of pool 'photos' say that this very decoder made them")


@pytest.mark.parametrize("sides", [(60, 146), (24, 24), (7, 300)])
def test_how_often_chance_sets_sides_apart_is_what_scipy_says(sides: tuple[int, int]) -> None:
    for shown in ((0, 0), (0, 7), (7, 7), (3, 24), (5, 1)):
        expected = stats.fisher_exact([[shown[0], sides[0] - shown[0]], [shown[1], sides[1] - shown[1]]]).pvalue
        assert warnings.apart_by_chance(shown, sides) == pytest.approx(expected, rel=1e-9)


def test_jpeg_photos_saved_again_as_png() -> None:
    clean = images("own", 60, jpeg_grid=False)
    said = only(profile_of(clean, [*images("p", 90, jpeg_grid=True), *images("q", 30, jpeg_grid=False)]))
    assert said.startswith("90 of 120 images of pool 'photos' show the 8 x 8 grid of a JPEG in their pixels, 0 of 60")
    chance = [*images("p", 1, jpeg_grid=True), *images("q", 119, jpeg_grid=False)]
    assert profile_of(clean, chance).warnings == ()
    said = only(profile_of(images("own", 60, jpeg_grid=True), images("p", 120, jpeg_grid=False)))
    assert said.startswith("60 of 60 belongings show the 8 x 8 grid")
    cells = images("own", 60, jpeg_grid=True, origin="draw", origin_decoder=OWN)
    assert profile_of(cells, images("p", 120, jpeg_grid=False)).warnings == (), "a decoder may work in such cells"


@pytest.mark.parametrize("grid", [True, False])
def test_an_image_in_question_says_what_it_is(grid: bool) -> None:
    asked = images("trip", 1, origin="round trip", origin_decoder=OWN, jpeg_grid=grid)
    (verdict,) = judge(table([1.0], images=asked), profile=profile_of(), method=PLAIN)
    assert "the file says that it is a round trip" in verdict.warnings[0]
    assert any("show the 8 x 8 grid" in said for said in verdict.warnings) == grid


def coded(prefix: str, count: int, *, alike: int = 1, seed: int = 0) -> list[ImageFacts]:
    """Images of which as many as are said show the same as each other."""
    codes = [np.random.default_rng([seed, i // alike]).bytes(64).hex() for i in range(count)]
    looks = [Appearance(code=code, brightness=100.0, contrast=50.0, content=1.0) for code in codes]
    return [facts(f"{prefix}-{i}", appearance=each) for i, each in enumerate(looks)]


def test_a_pool_that_near_copies_fill() -> None:
    assert profile_of(coded("own", 60), coded("pool", 120, seed=1)).warnings == ()
    assert only(profile_of(coded("own", 60), coded("pool", 120, alike=4, seed=1))) == (
        "120 of 120 images of pool 'photos' look like another of them: they are worth about 30 independent images at "
        "least, beta=0.01 needs 99: take more different images, one tile of each"
    )
    assert "60 of 60 belongings look like another" in only(
        profile_of(coded("own", 60, alike=2), coded("p", 120, seed=1))
    )


def test_a_pool_of_tiles_of_few_images() -> None:
    tiles = [
        facts(f"{i}", name=f"photo-{i // 8}.png#{i % 8 * 64},0", file_digest=f"{i // 8}", pixel_digest=f"p{i}")
        for i in range(120)
    ]
    said = only(profile_of(pool=tiles))
    assert "120 are tiles of images of which other tiles are there too: they are worth about 15 independent" in said


def test_a_pool_with_images_that_look_like_belongings() -> None:
    pool = [*coded("pool", 118, seed=1), *(replace(each, name="copy") for each in coded("other", 2))]
    said = only(profile_of(coded("own", 60), pool))
    assert said.startswith("2 of 120 images of pool 'photos' look like belongings, as copy like own-0.png: ")


def test_an_own_image_that_was_cut_is_marked_and_never_claimed() -> None:
    own, pool = coded("own", 60), coded("pool", 120, seed=1)
    profile = profile_of(own, pool)
    cut = [replace(facts("cut"), appearance=each.appearance) for each in (own[3], own[3], pool[5])]
    cut = [replace(each, name=f"cut-{i}", pixel_digest=f"cut-{i}") for i, each in enumerate(cut)]
    claimed, excluded, known = judge(table([1.0, 3.0, 1.0], images=cut), profile=profile, method=PLAIN)
    assert claimed.outcome is Outcome.UNDECIDED
    assert "but it looks like own-3.png of the profile's belongings, perhaps cut or saved again" in claimed.reason
    assert excluded.outcome is Outcome.EXCLUDED
    for verdict in (claimed, excluded):
        assert "it looks like own-3.png of the profile's belongings: perhaps the same image" in verdict.warnings[0]
    assert known.outcome is Outcome.SUPPORTED
    assert "it looks like pool-5.png of pool 'photos', known non-belongings" in known.warnings[0]
    (other,) = judge(table([1.0], images=coded("x", 1, seed=9)), profile=profile, method=PLAIN)
    assert (other.outcome, other.warnings) == (Outcome.SUPPORTED, ())
