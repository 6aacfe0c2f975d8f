"""An answer without a profile: its p-values against the formula, its null kept and reused, its refusals by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import wherefrom as wf
from tests.off_centre import OffCentre
from wherefrom.checking import Null, check, measured_null
from wherefrom.checking import null as nulls
from wherefrom.core.arrays import Vector
from wherefrom.core.tensors import Images, generator
from wherefrom.images.batches import to_pixels
from wherefrom.images.write import save_png
from wherefrom.records.verdict import Outcome

MODEL: Any = OffCentre()


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
        patch.setattr(nulls, "TILES", 119)
        patch.setattr(nulls, "OTHERS", ("toy",))
        yield measured_null(MODEL, cache=cache)


def test_the_null_is_of_tiles_of_photos_and_centred_near_zero(null: Null, cache: Path) -> None:
    assert set(null.pools) == {"photos", "photos passed through toy"}
    assert null.count > 100
    assert abs(np.median(null.pools["photos"])) < 0.05
    (kept,) = cache.iterdir()
    assert {name: len(values) for name, values in json.loads(kept.read_text())["pools"].items()} == {
        name: len(values) for name, values in null.pools.items()
    }


def test_a_kept_null_is_not_measured_again_and_a_damaged_one_is(
    null: Null, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def measure(*_: object) -> Mapping[str, Vector]:
        calls.append(1)
        return null.pools

    monkeypatch.setattr(nulls, "_measured", measure)
    again = measured_null(MODEL, cache=cache)
    assert not calls
    for name, values in null.pools.items():
        np.testing.assert_allclose(again.pools[name], values, rtol=1e-8)
    (kept,) = cache.iterdir()
    whole = kept.read_text()
    try:
        kept.write_text(whole[: len(whole) // 2])
        measured_null(MODEL, cache=cache)
        assert calls == [1]
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
        photos, toys = null.pools["photos"], null.pools["photos passed through toy"]
        twice_as_low = np.where(toys < 0, 2 * toys, toys)
        ranks = [(1 + np.sum(values <= one.statistic)) / (len(values) + 1) for values in (photos, twice_as_low)]
        assert one.p_value == pytest.approx(max(ranks))


def test_other_decoders_images_count_with_a_margin_and_photos_without(null: Null) -> None:
    values = np.linspace(-1, 1, 99)
    for name, cut in (("photos", -1.0), ("photos passed through toy", -2.0)):
        some = Null(model=null.model, pools={name: values}, side=null.side)
        assert some.p_value(cut - 1e-9) == pytest.approx(0.01)
        assert some.p_value(cut) == pytest.approx(0.02)
        assert some.p_value(0.5) == pytest.approx((1 + np.sum(values <= 0.5)) / 100)


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
            pools = {"photos": drawn[50:], **({"others": rng.normal(size=99)} if beside else {})}
            some = Null(model=null.model, pools=pools, side=null.side)
            shares.append(np.mean([some.p_value(value) <= beta for value in drawn[:50]]))
        assert np.mean(shares) <= beta + 4 * np.std(shares) / np.sqrt(len(shares))
        assert beside or np.mean(shares) > beta / 2


def test_several_models_are_tested_together(null: Null, cache: Path, tmp_path: Path) -> None:
    own = _saved(MODEL.decode(MODEL.encode(_photos(1, 3))).clamp(0, 1), tmp_path, "own")
    with pytest.raises(wf.UsageError, match=r"beta=0.006 with 2 models needs 333 photos"):
        check(own, model=[MODEL, MODEL], beta=0.006, cache=cache)
    first, second = check(own, model=[MODEL, MODEL], beta=0.02, cache=cache)
    assert first.outcome is second.outcome is Outcome.COMPATIBLE


def test_a_bound_that_no_null_can_hold_is_refused_before_one_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object, **__: object) -> Null:
        raise AssertionError("a null was measured")

    monkeypatch.setattr("wherefrom.checking.answers.measured_null", measure)
    with pytest.raises(wf.UsageError, match=r"beta=0.001 with 1 model needs 999 photos, the null has 199"):
        check(_saved(_photos(1, 3), tmp_path, "own"), model=MODEL, beta=0.001)


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
    monkeypatch.setattr(nulls, "_measured", lambda model, progress: null.pools)
    file = tmp_path / "file"
    file.write_text("in the way")
    assert measured_null(MODEL, cache=file / "nulls").count == null.count


@pytest.mark.parametrize("name", ["zoo:kl-f8-a", "zoo:kl-f8-b"])
def test_the_embedded_models_come_with_their_null(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the null was measured again")

    monkeypatch.setattr(nulls, "_measured", refuse)
    monkeypatch.setattr(nulls, "OTHERS", ("zoo:kl-f8-a", "zoo:kl-f8-b"))
    monkeypatch.setattr(nulls, "TILES", 199)  # which the other tests of this file cut short
    model: Any = wf.load_model(name, device="cpu")
    null = measured_null(model, cache=tmp_path)
    assert null.count == 199
    assert len(null.pools) == 2, "photos, and the other one's images; never its own"
    assert 0 < np.median(null.pools["photos"]) < 0.05, "the upper end of what is 0 by symmetry"


@pytest.mark.slow
def test_a_shipped_null_is_what_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its first tile, to what another processor may change."""
    model: Any = wf.load_model("zoo:kl-f8-a", device="cpu")
    monkeypatch.setattr(nulls, "OTHERS", ("zoo:kl-f8-a", "zoo:kl-f8-b"))
    monkeypatch.setattr(nulls, "TILES", 199)
    shipped = measured_null(model, cache=tmp_path)
    monkeypatch.setattr(nulls, "TILES", 1)
    for name, values in nulls._measured(model, None).items():
        np.testing.assert_allclose(values, shipped.pools[name][:1], rtol=1e-3, atol=1e-4)
