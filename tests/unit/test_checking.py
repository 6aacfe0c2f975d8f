"""An answer without a profile: its p-values against the formula, its null kept and reused, its refusals by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch

import wherefrom as wf
from tests.off_centre import OffCentre
from wherefrom.checking import Null, check, measured_null
from wherefrom.checking import measuring as nulls
from wherefrom.checking.null import METHOD, Pool, asked_of
from wherefrom.core.tensors import Images, generator
from wherefrom.images import edits
from wherefrom.images.batches import to_pixels
from wherefrom.images.write import save_png
from wherefrom.records.verdict import Outcome

MODEL: Any = OffCentre()
FEW: Final = 119
"""Tiles, so that tests take less time."""


def _photos(count: int, seed: int, side: int = 128) -> Images:
    coarse = torch.rand((count, 3, 8, 8), generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    return (smooth + 0.05 * torch.randn(smooth.shape, generator=generator(seed + 1))).clamp(0, 1)


def _saved(images: Images, folder: Path, stem: str) -> list[Path]:
    paths = [folder / f"{stem}{place}.png" for place in range(len(images))]
    for path, pixels in zip(paths, to_pixels(images), strict=True):
        save_png(pixels, path)
    return paths


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nulls")


@pytest.fixture(scope="module")
def null(cache: Path) -> Iterator[Null]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wherefrom.checking.answers.TILES", (FEW,))
        patch.setattr(nulls, "OTHERS", ("toy",))
        yield measured_null(MODEL, tiles=FEW, cache=cache)


def test_the_null_is_of_tiles_of_photos_and_centred_near_zero(null: Null, cache: Path) -> None:
    assert set(null.pools) == {"photos", "photos passed through toy"}
    assert null.count > 100
    assert abs(np.median(null.pools["photos"].mean)) < 0.05
    (kept,) = cache.iterdir()
    assert {name: len(values["mean"]) for name, values in json.loads(kept.read_text())["pools"].items()} == {
        name: len(pool) for name, pool in null.pools.items()
    }


def test_a_kept_null_is_not_measured_again_and_a_damaged_one_is(
    null: Null, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def measure(*_: object) -> Mapping[str, Pool]:
        calls.append(1)
        return null.pools

    monkeypatch.setattr(nulls, "_measured", measure)
    again = measured_null(MODEL, tiles=FEW, cache=cache)
    assert not calls
    for name, pool in null.pools.items():
        np.testing.assert_allclose(again.pools[name].mean, pool.mean, rtol=1e-8)
        np.testing.assert_allclose(again.pools[name].error, pool.error, rtol=1e-8)
    (kept,) = cache.iterdir()
    whole = kept.read_text()
    try:
        kept.write_text(whole[: len(whole) // 2])
        measured_null(MODEL, tiles=FEW, cache=cache)
        found = json.loads(whole)
        spoils: tuple[dict[str, list[float]], ...] = (
            {"error": [0.0]},
            {"error": [0.1, 0.1]},
            {"mean": []},
            {"mean": [float("nan")]},
        )
        for spoil in spoils:
            found["pools"]["photos"] = {"mean": [0.1], "error": [0.1], **spoil}
            kept.write_text(json.dumps(found))
            measured_null(MODEL, tiles=FEW, cache=cache)
        assert calls == [1] * 5
    finally:
        kept.write_text(whole)


def test_belongings_are_compatible_and_others_undecided(null: Null, cache: Path, tmp_path: Path) -> None:
    own = _saved(MODEL.decode(MODEL.encode(_photos(4, 3))).clamp(0, 1), tmp_path, "own")
    others = _saved(_photos(8, 5), tmp_path, "other")
    found = check([*own, *others], model=MODEL, cache=cache)
    assert [one.outcome for one in found[:4]] == [Outcome.COMPATIBLE] * 4
    assert [one.outcome for one in found[4:]] == [Outcome.UNDECIDED] * 8
    assert "fine-tuned from it" in found[0].reason
    assert "excludes nothing" in found[4].reason
    for one in found:
        assert one.statistic is not None
        assert one.p_value == pytest.approx(null.p_value(one.statistic))


def _pool(values: Any, error: float = 1e-6) -> Pool:
    """Images of which s is known all but exactly."""
    return Pool(mean=np.asarray(values, dtype=np.float64), error=np.full(len(values), error))


def test_other_decoders_images_count_with_a_margin_and_photos_without(null: Null) -> None:
    values = np.linspace(-1, 1, 99)
    photos = _pool(np.zeros(99))
    some = Null(model=null.model, pools={"photos": photos, "photos passed through toy": _pool(values)}, side=null.side)
    assert some.p_value(-1.5 - 1e-4) == pytest.approx(0.01)
    assert some.p_value(-1.5 + 1e-4) == pytest.approx(0.02)
    assert some.p_value(0.5) == pytest.approx(1.0), "as high as all photos"
    alone = Null(model=null.model, pools={"photos": _pool(values, error=10.0)}, side=null.side)
    lowest = -1 + 3 * np.hypot(10, 0.02)
    assert alone.p_value(lowest - 1e-6) == pytest.approx(0.01), "the upper end, three standard errors above"
    assert alone.p_value(lowest + 1e-6) == pytest.approx(0.02)


def test_the_standard_error_is_as_large_as_the_photos_say_and_never_smaller_than_it_is_said_to_be(null: Null) -> None:
    rng = np.random.default_rng(2)
    for truly, scale in ((1.5, 1.5), (0.4, 1.0)):
        photos = _pool(truly * 0.1 * rng.normal(size=4000), error=0.1)
        some = Null(model=null.model, pools={"photos": photos}, side=null.side)
        assert some.scale == pytest.approx(scale, rel=0.05)
        wanted = photos.mean + 3 * np.hypot(0.1 * some.scale, 0.02)
        np.testing.assert_allclose(some.upper(photos.mean, photos.error), wanted)
        large = some.upper(np.array([-0.059, -0.061]), np.array([1e-6, 1e-6]))
        assert large[0] > 0 > large[1], "no image is quite symmetric, however large"


def test_resemblance_is_spread_as_s_without_chance(null: Null) -> None:
    """By simulation: the values are spread as the true ones, and where all is chance they are one number."""
    rng = np.random.default_rng(3)
    photos = _pool(0.1 * rng.normal(size=4000), error=0.1)
    some = Null(model=null.model, pools={"photos": photos}, side=null.side)
    true = -0.1 + 0.08 * rng.normal(size=4000)
    found = some.resemblance(_pool(true + 0.1 * rng.normal(size=4000), error=0.1))
    np.testing.assert_allclose(np.quantile(found, [0.01, 0.1, 0.5]), np.quantile(true, [0.01, 0.1, 0.5]), atol=0.02)
    chance = some.resemblance(_pool(0.05 + 0.1 * rng.normal(size=400), error=0.12))
    np.testing.assert_allclose(chance, chance.mean())


def test_images_of_a_decoder_that_resembles_more_are_claimed_for_at_most_beta(null: Null) -> None:
    """Promise, by simulation: a decoder whose trace is one and a half times the pool's, in images of any size."""
    rng, beta = np.random.default_rng(4), 0.01
    claimed, made = dict.fromkeys((1, 4, 16, 64), 0), 0
    for _ in range(60):
        s = -0.06 + 0.07 * rng.normal(size=199)
        pools = {
            "photos": _pool(0.06 * rng.normal(size=199), error=0.04),
            "photos passed through another": _pool(s + 0.06 * rng.normal(size=199), error=0.04),
        }
        some = Null(model=null.model, pools=pools, side=null.side)
        made += 200
        for larger in claimed:  # so many times the parts, and with them s is better known
            true = 1.5 * (-0.06 + 0.07 * rng.normal(size=200))
            mean = true + 0.06 / np.sqrt(larger) * rng.normal(size=200)
            upper = some.upper(mean, np.full(200, 0.04 / np.sqrt(larger)))
            claimed[larger] += sum(some.p_value(float(value)) <= beta for value in upper)
    assert max(claimed.values()) <= beta * made, claimed
    assert claimed[64] > 0.1 * beta * made, "and not because nothing is ever claimed"


@pytest.mark.parametrize("beside", [False, True])
def test_false_claims_are_at_most_beta_for_images_like_the_photos(null: Null, beside: bool) -> None:
    """Promise: ranked among the rest, a share of at most beta of exchangeable images has a p-value of at most beta.

    A second pool, whose images count with a margin, makes claims rarer.
    """
    rng = np.random.default_rng(0)
    for beta in (0.01, 0.05):
        shares = []
        for _ in range(600):
            drawn = rng.normal(size=250)
            pools = {"photos": _pool(drawn[50:], 1.0), **({"others": _pool(rng.normal(size=99))} if beside else {})}
            some = Null(model=null.model, pools=pools, side=null.side)
            upper = some.upper(drawn[:50], np.ones(50))
            shares.append(np.mean([some.p_value(value) <= beta for value in upper]))
        assert np.mean(shares) <= beta + 4 * np.std(shares) / np.sqrt(len(shares))
        assert beside or np.mean(shares) > beta / 2


def test_several_models_are_tested_together(null: Null, cache: Path, tmp_path: Path) -> None:
    own = _saved(MODEL.decode(MODEL.encode(_photos(1, 3))).clamp(0, 1), tmp_path, "own")
    with pytest.raises(wf.UsageError, match=r"beta=0.001 with 2 models needs 1999 tiles"):
        check(own, model=[MODEL, MODEL], beta=0.001, cache=cache)
    first, second = check(own, model=[MODEL, MODEL], beta=0.02, cache=cache)
    assert first.outcome is second.outcome is Outcome.COMPATIBLE


def test_a_bound_that_no_null_can_hold_is_refused_before_one_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object, **__: object) -> Null:
        raise AssertionError("a null was measured")

    monkeypatch.setattr("wherefrom.checking.answers.measured_null", measure)
    with pytest.raises(wf.UsageError, match=r"beta=0.0005 with 1 model needs 1999 tiles .* a check has 999"):
        check(_saved(_photos(1, 3), tmp_path, "own"), model=MODEL, beta=0.0005)


def test_the_smallest_null_that_a_bound_needs_is_taken(null: Null, tmp_path: Path, monkeypatch: Any) -> None:
    asked = []

    def measured(*_: object, tiles: int, **__: object) -> Null:
        asked.append(tiles)
        values = np.linspace(-0.2, 0.2, tiles - 1)  # one tile has no statistic
        return Null(model=null.model, pools={"photos": _pool(values, error=0.2)}, side=null.side)

    monkeypatch.setattr("wherefrom.checking.answers.TILES", (199, 1019))
    monkeypatch.setattr("wherefrom.checking.answers.measured_null", measured)
    own = _saved(MODEL.decode(MODEL.encode(_photos(1, 3))).clamp(0, 1), tmp_path, "own")
    for beta, tiles, smallest in ((0.01, [199], 199), (0.005, [199, 1019], 1019), (0.001, [1019], 1019)):
        asked.clear()
        (found,) = check(own, model=MODEL, beta=beta)
        assert asked == tiles
        assert found.outcome is Outcome.COMPATIBLE
        assert found.p_value == pytest.approx(1 / smallest)
    asked.clear()
    assert len(check(own, model=[MODEL] * 5, beta=0.005)) == 5
    assert asked == [1019] * 5
    monkeypatch.setattr("wherefrom.checking.answers.TILES", (199, 999))
    with pytest.raises(wf.UsageError, match=r"needs 999 tiles .* only 998 have a statistic under toy"):
        check(own, model=MODEL, beta=0.001)


def test_what_cannot_be_answered_has_its_reason(null: Null, cache: Path, tmp_path: Path) -> None:
    (small,) = _saved(_photos(1, 3, side=64), tmp_path, "small")
    flat, bare, broken = (tmp_path / name for name in ("flat.png", "bare.png", "broken.png"))
    plain = np.full((128, 128, 3), 90, dtype=np.uint8)
    save_png(plain, flat)
    plain[32:48, 64:80] = np.random.default_rng(0).integers(0, 256, (16, 16, 3))
    save_png(plain, bare)
    broken.write_bytes(b"no image")
    found = check([small, flat, bare, broken], model=MODEL, cache=cache)
    reasons = [one.reason for one in found]
    assert "64 x 64 pixels are fewer than the 128" in reasons[0]
    assert "flat" in reasons[1]
    assert "too little of it has texture, as much as 1.0 parts of 16 x 16 pixels, and 8 are needed" in reasons[2]
    assert "not scored" in reasons[3]
    assert {one.outcome for one in found} == {Outcome.UNDECIDED}
    assert all(one.statistic is None and one.p_value is None for one in found)
    with pytest.raises(wf.UsageError, match="no model"):
        check([small], model=[], cache=cache)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(null: Null, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(nulls, "_measured", lambda *_: null.pools)
    file = tmp_path / "file"
    file.write_text("in the way")
    assert measured_null(MODEL, tiles=FEW, cache=file / "nulls").count == null.count


def test_a_cropped_image_of_an_embedded_model_shows_a_sign_only_where_its_grid_is_searched_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nulls, "OTHERS", ("zoo:kl-f8-a", "zoo:kl-f8-b"))
    monkeypatch.setattr("wherefrom.checking.answers.TILES", nulls.TILES)
    model: Any = wf.load_model("zoo:kl-f8-a", device="cpu")
    drawn = model.decode(model.draw(np.array([0, 4, 5], dtype=np.uint64), size=(160, 144))).clamp(0, 1)[:, :, 5:, 3:]
    paths = _saved(drawn, tmp_path, "cropped")
    for find, outcome, word in (("", Outcome.UNDECIDED, "no sign"), ("crop", Outcome.COMPATIBLE, "grid starts 3 px")):
        answers = check(paths, model=model, cache=tmp_path / "nulls", find=find)
        assert [answer.outcome for answer in answers] == [outcome] * 3
        assert all(word in answer.reason for answer in answers)
    assert not (tmp_path / "nulls").exists(), "both came with the package"
    with pytest.raises(wf.UsageError, match="find='zoom': 'zoom' is none of crop, turns, scale"):
        check(paths, model=model, find="zoom")


def test_an_image_that_was_resized_shows_a_sign_only_where_its_factor_is_searched_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nulls, "OTHERS", ("zoo:kl-f8-a", "zoo:kl-f8-b"))
    monkeypatch.setattr("wherefrom.checking.answers.TILES", nulls.TILES)
    model: Any = wf.load_model("zoo:kl-f8-a", device="cpu")
    drawn = model.decode(model.draw(np.array([0, 4], dtype=np.uint64), size=(208, 176))).clamp(0, 1)
    paths = [tmp_path / f"{number}.png" for number in range(2)]
    for path, image in zip(paths, to_pixels(drawn), strict=True):
        save_png(edits.load("resize:0.77").apply(image), path)
    for find, outcome, word in (
        ("crop", Outcome.UNDECIDED, "no sign"),
        ("crop+scale", Outcome.COMPATIBLE, "resized by 0.77"),
    ):
        answers = check(paths, model=model, cache=tmp_path / "nulls", find=find)
        assert [answer.outcome for answer in answers] == [outcome] * 2
        assert all(word in answer.reason for answer in answers)
    assert not (tmp_path / "nulls").exists(), "both came with the package"


def test_what_is_searched_for_is_named_in_any_order_and_once() -> None:
    assert asked_of("turns+crop").card == asked_of("crop+turns").card
    assert asked_of("scale").card == asked_of("crop+scale").card == asked_of("scale+crop").card
    assert asked_of("crop+scale").card != asked_of("crop").card
    assert asked_of("") is METHOD
    with pytest.raises(wf.UsageError, match=r"find='crop\+crop' names one twice"):
        asked_of("crop+crop")


@pytest.mark.parametrize(
    ("find", "tiles", "left"),
    [("", 199, 198), ("", 1019, 999), ("crop", 199, 198), ("crop", 1019, 999), ("crop+scale", 199, 190)],
)
@pytest.mark.parametrize("name", ["zoo:kl-f8-a", "zoo:kl-f8-b"])
def test_the_embedded_models_come_with_their_null(
    name: str, find: str, tiles: int, left: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the null was measured again")

    monkeypatch.setattr(nulls, "_measured", refuse)
    monkeypatch.setattr(nulls, "OTHERS", ("zoo:kl-f8-a", "zoo:kl-f8-b"))
    model: Any = wf.load_model(name, device="cpu")
    null = measured_null(model, find=find, tiles=tiles, cache=tmp_path)
    assert tiles >= null.count >= left, "a tile without texture has no statistic"
    assert len(null.pools) == 2, "photos, and the other one's images; never its own"
    searched = "scale" in find  # of many factors that is found with which an image does better than its copy
    assert abs(np.median(null.pools["photos"].mean)) < (0.02 if searched else 0.01), "0 by symmetry"
    assert 1 < null.scale < (1.8 if searched else 1.6)


@pytest.mark.slow
def test_a_shipped_null_is_what_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its first tile, to what another processor may change."""
    model: Any = wf.load_model("zoo:kl-f8-a", device="cpu")
    monkeypatch.setattr(nulls, "OTHERS", ("zoo:kl-f8-a", "zoo:kl-f8-b"))
    shipped = measured_null(model, cache=tmp_path)
    for name, pool in nulls._measured(model, "", 1, None).items():
        np.testing.assert_allclose(pool.mean, shipped.pools[name].mean[:1], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(pool.error, shipped.pools[name].error[:1], rtol=1e-3, atol=1e-4)
