"""`control`: its columns against copies made by hand, its numbers against formulas, its weights against a solver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from tests.off_centre import TOY, OffCentre
from wherefrom import methods
from wherefrom.core.arrays import Matrix, Scores, Vector
from wherefrom.core.errors import ImageError, ModelError, ProfileError, UsageError
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, generator
from wherefrom.core.units import ROUNDING
from wherefrom.measures.bands import band_log_energies, block_dct, content_weights
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.arithmetic.columns import COPIES, TURNS, log_columns
from wherefrom.methods.arithmetic.control_copies import turned, turned_back
from wherefrom.methods.arithmetic.discriminant import fit_discriminant, projected
from wherefrom.methods.control import Control
from wherefrom.models.toy import Toy

_MODEL = TOY


_ASKEW: Any = OffCentre()
_BY_NUMPY = {
    "turn90": lambda a: np.rot90(a, 1),
    "turn180": lambda a: np.rot90(a, 2),
    "turn270": lambda a: np.rot90(a, 3),
    "mirror": lambda a: a[:, ::-1],
    "flip": lambda a: a[::-1],
    "transpose": lambda a: np.rot90(a[:, ::-1], 1),
    "antitranspose": lambda a: np.rot90(a[:, ::-1], 3),
}


def _photos(count: int, seed: int = 0, size: tuple[int, int] = (32, 48)) -> Images:
    coarse = torch.rand((count, 3, 4, 4), generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=size, mode="bicubic")
    return (smooth + 0.05 * torch.randn(smooth.shape, generator=generator(seed + 1))).clamp(0, 1)


def _own(count: int, seed: int = 0, model: Any = _MODEL) -> Images:
    own: Images = model.decode(model.encode(_photos(count, seed))).clamp(0, 1)
    return own


def _asked(method: Control, images: Images, model: Any = _MODEL) -> Scores:
    return method.scores(model, images, seeds_of(0, [str(place) for place in range(len(images))]))


@pytest.mark.parametrize("copy", TURNS)
def test_a_turned_copy_is_numpys_and_turns_back(copy: str) -> None:
    image = _photos(1)[0]
    wanted = np.stack([_BY_NUMPY[copy](plane) for plane in image.numpy()])
    found = turned(image[None], copy)
    np.testing.assert_array_equal(found[0].numpy(), wanted)
    assert torch.equal(turned_back(found, copy)[0], image)


def test_the_copies_are_all_the_ways_to_turn_a_square_and_none_is_the_image() -> None:
    image = torch.rand((1, 3, 8, 8), generator=generator(0))
    every = {turned(image, copy).numpy().tobytes() for copy in TURNS} | {image.numpy().tobytes()}
    assert len(every) == 8


def test_the_columns_of_a_turned_copy_are_of_its_error_turned_back() -> None:
    images = _photos(3)
    scores = _asked(Control(copies="transpose+mirror"), images)
    moved = images.flip(3).rot90(1, (2, 3))
    error = (_MODEL.decode(_MODEL.encode(moved)) - moved).rot90(-1, (2, 3)).flip(3)
    np.testing.assert_allclose(scores["first_transpose"], error.double().square().mean((1, 2, 3)).numpy(), rtol=1e-5)
    bands = band_log_energies(block_dct(error.contiguous(), 4)).numpy()
    np.testing.assert_allclose(scores.matrix(log_columns("_transpose", 4)), bands, rtol=1e-5)


def test_the_shifted_copy_and_the_image_are_compared_where_both_are() -> None:
    images = _photos(2)
    scores = _asked(Control(copies="shift", form="losses"), images)
    moved = images[:, :, 4:-4, 4:-4].contiguous()
    copy = _MODEL.decode(_MODEL.encode(moved)) - moved
    own = (_MODEL.decode(_MODEL.encode(images)) - images)[:, :, 4:-4, 4:-4]
    for name, error in (("shift", copy), ("within", own)):
        np.testing.assert_allclose(scores[f"first_{name}"], error.double().square().mean((1, 2, 3)).numpy(), rtol=1e-5)
    s = np.log(scores["first_within"] + ROUNDING) - np.log(scores["first_shift"] + ROUNDING)
    np.testing.assert_allclose(Control(copies="shift", form="losses").statistic(scores, {}), s, rtol=1e-12)


def test_weighted_bands_are_numpys_average_over_blocks_by_what_the_image_shows_there() -> None:
    images = _photos(3)
    images[0, :, :, :24] = 0.5  # half of it is flat, and counts for next to nothing
    method = Control(copies="mirror+shift", weighted=True, second=True)
    scores = _asked(method, images)
    assert set(method.columns) <= set(scores.names)
    inner = images[:, :, 4:-4, 4:-4].contiguous()
    once = _MODEL.decode(_MODEL.encode(images))
    mirrored = images.flip(3)
    for name, shown, error in (
        ("_1", images, once - images),
        ("_2", images, _MODEL.decode(_MODEL.encode(once)) - once),
        ("_mirror", images, (_MODEL.decode(_MODEL.encode(mirrored)) - mirrored).flip(3)),
        ("_shift", inner, _MODEL.decode(_MODEL.encode(inner)) - inner),
        ("_within", inner, (once - images)[:, :, 4:-4, 4:-4]),
    ):
        content = block_dct(shown, 4).double().numpy() ** 2
        for colour in range(3):
            content[:, 16 * colour] = content[:, 16 * colour + 1 : 16 * colour + 16].sum(axis=1)
        logs = np.log(block_dct(error.contiguous(), 4).double().numpy() ** 2 + ROUNDING)
        wanted = np.average(logs, axis=2, weights=np.log1p(content / 0.01**2) + 1e-6)
        np.testing.assert_allclose(scores.matrix(log_columns(f"_weighted{name}", 4)), wanted, rtol=1e-4)


def test_weights_are_one_to_one_where_nothing_is_shown_and_follow_detail_and_not_the_mean() -> None:
    flat = content_weights(block_dct(torch.full((1, 3, 8, 8), 0.7), 4))
    assert flat.max() < 2e-6
    assert flat.min() >= 1e-6
    image = torch.full((1, 3, 8, 8), 0.2)
    image[..., 4:, 4:] += 0.1 * torch.randn((4, 4), generator=generator(1))
    weights = content_weights(block_dct(image, 4))[0]
    assert (weights[:16, 3] > 0.1).all(), "grey detail, in the last block alone"
    assert weights[:16, :3].max() < 2e-6
    assert weights[16:].max() < 1e-3, "no colour"


def test_losses_have_no_blocks_to_count() -> None:
    with pytest.raises(UsageError, match="form=losses has no blocks that weighted=true could count"):
        Control(form="losses", weighted=True)


def test_the_losses_are_a_difference_of_logarithms_of_the_image_and_the_mean_of_its_copies() -> None:
    method = Control(copies="turn90+shift+mirror", form="losses", second=False)
    scores = _asked(method, _photos(4))
    apart = [
        np.log(scores[own] + ROUNDING) - np.log(scores[copy] + ROUNDING)
        for own, copy in (("first", "first_turn90"), ("first_within", "first_shift"), ("first", "first_mirror"))
    ]
    np.testing.assert_allclose(method.statistic(scores, {}), np.mean(apart, axis=0), rtol=1e-12)


def test_it_asks_one_reconstruction_a_copy_and_one_and_with_second_what_aedr_asks() -> None:
    images = _photos(3)
    whole, plain = _asked(Control(second=True), images), AEDR().scores(_MODEL, images, seeds_of(0, ["a", "b", "c"]))
    for column in plain.names:
        np.testing.assert_array_equal(whole[column], plain[column])

    class Counting:
        calls = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(_MODEL, name)

        def decode(self, latents: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return _MODEL.decode(latents)

    for second, refine, wanted in ((False, False, 4), (True, False, 5), (False, True, 8), (True, True, 9)):
        counting: Any = Counting()
        Control(second=second, refine=refine).scores(counting, images, seeds_of(0, ["a", "b", "c"]))
        assert counting.calls == wanted


def test_an_image_of_other_origin_has_s_near_zero_and_a_belonging_below() -> None:
    """The toy keeps low frequencies of 8 x 8 blocks on its grid, so that a shift is what takes its trace away."""
    method = Control(copies="shift", form="losses")
    others = method.statistic(_asked(method, _photos(40, 3)), {})
    own = method.statistic(_asked(method, _own(40, 5)), {})
    assert abs(np.median(others)) < 0.1
    assert own.max() < others.min() - 0.5


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({}, 49),
        ({"second": True}, 98),
        ({"refine": True}, 98),
        ({"refine": True, "second": True}, 147),
        ({"refine": True, "copies": "turn90"}, 98),
        ({"excess": 1.0, "copies": "turn180+mirror"}, 49),
        ({"weighted": True}, 48),
        ({"weighted": True, "second": True}, 96),
    ],
)
def test_the_discriminant_tells_belongings_and_never_claims_what_is_further_off(
    options: dict[str, Any], numbers: int
) -> None:
    method = Control(**options)
    known = _asked(method, _own(40, 7, _ASKEW), _ASKEW)
    fit = method.fit(known.take(np.arange(20)))
    own = method.statistic(known.take(np.arange(20, 40)), fit)
    others = method.statistic(_asked(method, _photos(30, 9), _ASKEW), fit)
    assert own.max() < others.min() - 3
    assert (fit["weights"] >= 0).all()
    assert len(fit["weights"]) == numbers


class _Shrinking:
    """A decoder whose encoder is no inverse of it: every latent comes back as a share of itself."""

    card, device, factor, size = _MODEL.card, _MODEL.device, 8, None

    def __init__(self, share: float) -> None:
        self.share = share

    def encode(self, images: Images) -> torch.Tensor:
        return self.share * _MODEL.encode(images)

    def decode(self, latents: torch.Tensor) -> Images:
        return _MODEL.decode(latents)


@pytest.mark.parametrize("share", [0.4, 0.9, 1.6])
def test_a_correction_leaves_nothing_of_what_a_linear_decoder_can_draw(share: float) -> None:
    """With E = c D^-1 a belonging's error lies along the step, whose best length is 1 / c: found up to 1.5."""
    model: Any = _Shrinking(share)
    scores = _asked(Control(copies="mirror", refine=True), _MODEL.decode(_MODEL.encode(_photos(3))), model)
    left = scores["refined_first"] / scores["first"]
    assert (left < (1e-6 if share > 2 / 3 else 0.2)).all()
    photos = _asked(Control(copies="mirror", refine=True), _photos(3), model)
    assert (photos["refined_first"] / photos["first"] > left).all()


def test_a_correction_never_leaves_more_and_its_columns_are_of_what_it_leaves() -> None:
    images = _photos(2, size=(40, 24))  # blocks of 16 at the far edges are incomplete
    model: Any = _Shrinking(0.7)
    scores = _asked(Control(copies="turn90", refine=True), images, model)
    latents = model.encode(images)
    once = model.decode(latents)
    change = model.decode(2 * latents - model.encode(once)) - once
    error, left = (once - images).double().numpy(), np.empty(images.shape)
    for top in range(0, 40, 16):
        for start in range(0, 24, 16):
            at = (slice(None), slice(None), slice(top, top + 16), slice(start, start + 16))
            r, v = error[at], change[at].double().numpy()
            length = -(r * v).sum((1, 2, 3)) / (v * v).sum((1, 2, 3))
            left[at] = r + np.clip(length, 0, 1.5)[:, None, None, None] * v
    np.testing.assert_allclose(scores["refined_first"], (left**2).mean((1, 2, 3)), rtol=1e-4)
    bands = band_log_energies(block_dct(torch.from_numpy(left).float(), 4)).numpy()
    np.testing.assert_allclose(scores.matrix(log_columns("_refined", 4)), bands, rtol=1e-3)
    for before, after in (("first", "refined_first"), ("first_turn90", "refined_first_turn90")):
        assert (scores[after] <= scores[before] * (1 + 1e-6)).all()


def test_the_refined_losses_are_compared_where_they_are_asked_for() -> None:
    method = Control(copies="turn90", form="losses", refine=True)
    scores = _asked(method, _photos(4), _Shrinking(0.7))
    wanted = np.log(scores["refined_first"] + ROUNDING) - np.log(scores["refined_first_turn90"] + ROUNDING)
    np.testing.assert_allclose(method.statistic(scores, {}), wanted, rtol=1e-12)
    shifted = Control(copies="shift", form="losses", refine=True)
    assert np.isfinite(shifted.statistic(_asked(shifted, _photos(4)), {})).all()


def test_a_ratio_above_the_belongings_median_counts_against_an_image_and_one_below_for_nothing() -> None:
    plain, method = Control(copies="turn180+mirror"), Control(copies="turn180+mirror", excess=2.0)
    assert method.measure == Control(copies="turn180+mirror", second=True).measure
    known = _asked(method, _own(40, 7, _ASKEW), _ASKEW)
    assert set(method.columns) < set(known.names)
    fit, images = method.fit(known), _asked(method, torch.cat([_own(5, 9, _ASKEW), _photos(5, 11)]), _ASKEW)
    ratios, others = (np.log(rows["first"] + ROUNDING) - np.log(rows["second"] + ROUNDING) for rows in (known, images))
    above = np.maximum(others - np.median(ratios), 0) / max(ratios.std(), 0.02)
    wanted = plain.statistic(images, plain.fit(known)) + 2 * above
    np.testing.assert_allclose(method.statistic(images, fit), wanted, rtol=1e-12)
    assert (above == 0).any()
    assert (above > 1).any()


def test_copies_that_keep_the_trace_are_refused_as_telling_nothing() -> None:
    method = Control()
    with pytest.raises(ProfileError, match=r"no better than their control copies.*turn90\+shift"):
        method.fit(_asked(method, _own(20)))


def _rows(count: int, seed: int, shift: float) -> Matrix:
    rng = np.random.default_rng(seed)
    found: Matrix = rng.normal(size=(count, 1)) + rng.normal(size=(count, 5)) * np.arange(1, 6)
    return found + shift * np.array([1.0, 2.0, 3.0, -1.0, 0.0])


def test_the_weights_are_those_of_a_general_solver() -> None:
    belonging, copies = _rows(60, 1, -3.0), _rows(90, 2, 0.0)
    fit = fit_discriminant(belonging, copies, shrinkage=0.4)
    covariance = np.cov(belonging.T) + np.cov(copies.T)
    spread = np.sqrt(np.diag(covariance))
    shrunk = 0.6 * covariance / np.outer(spread, spread) + 0.4 * np.eye(5)
    gap = (copies.mean(0) - belonging.mean(0)) / spread

    def loss(weights: Vector) -> float:
        return float(weights @ shrunk @ weights / 2 - weights @ gap)

    def slope(weights: Vector) -> Vector:
        found: Vector = shrunk @ weights - gap
        return found

    found = minimize(loss, np.ones(5), jac=slope, bounds=[(0, None)] * 5, tol=1e-12).x / spread
    np.testing.assert_allclose(fit["weights"] / fit["weights"].sum(), found / found.sum(), atol=1e-5)
    assert fit["weights"][3] == 0  # where belongings lie above their copies, nothing is read
    scaled = projected(copies, fit)
    assert abs(scaled.mean()) < 1e-9
    assert scaled.std(ddof=1) == pytest.approx(1)


def test_a_flat_image_is_undefined() -> None:
    flat = torch.full((1, 3, 32, 32), 0.5)
    for method in (Control(), Control(form="losses")):
        fit = method.fit(_asked(method, _own(40, 7, _ASKEW), _ASKEW)) if method.learns else {}
        scores = method.scores(Toy(gain=0.9999), flat, seeds_of(0, ["flat"]))
        assert np.isnan(method.statistic(scores, fit)).all()


def test_a_quarter_turn_of_a_model_of_one_size_and_a_small_shift_are_refused_by_name() -> None:
    class Wide:
        size = (32, 48)

        def __getattr__(self, name: str) -> Any:
            return getattr(_MODEL, name)

    wide: Any = Wide()
    seeds = seeds_of(0, ["a"])
    with pytest.raises(ImageError, match="copy 'turn90' of an image of 48 x 32 pixels does not fit toy"):
        Control(copies="turn90+mirror").scores(wide, _photos(1), seeds)
    with pytest.raises(ImageError, match="copy 'shift' needs a model that takes images of any size"):
        Control(copies="shift+mirror").scores(wide, _photos(1), seeds)
    with pytest.raises(ImageError, match="a side of at least 16 pixels, got 8 x 8"):
        Control(copies="shift+mirror").scores(_MODEL, _photos(1, size=(8, 8)), seeds)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"copies": "turn45+mirror"}, "'turn45' is none of turn90"),
        ({"copies": "mirror+mirror"}, "names a copy twice"),
        ({"form": "ratio"}, "none of bands, losses"),
        ({"shrinkage": 0.0}, r"outside \(0, 1\]"),
        ({"floor": -1.0}, "is negative"),
        ({"excess": -1.0}, "excess=-1.0 is negative"),
        ({"excess": 1.0, "form": "losses"}, "no median to compare with"),
    ],
)
def test_options_out_of_range_say_what_is_allowed(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        methods.load("control", options)


def test_the_order_of_copies_asks_the_same_and_other_copies_ask_other() -> None:
    assert Control(copies="mirror+turn180+turn90").measure == Control().measure
    digests = {Control(copies=copy, form="losses").measure.digest for copy in COPIES}
    assert len(digests) == len(COPIES)
    assert Control(form="losses").measure == Control(shrinkage=0.1).measure


def test_a_model_without_an_encoder_is_refused() -> None:
    decoder: Any = type("Decoder", (), {"card": _MODEL.card, "size": None, "encode": None})()
    for second in (True, False):
        with pytest.raises(ModelError, match="no encoder"):
            Control(second=second).scores(decoder, _photos(1), seeds_of(0, ["a"]))


def test_an_image_that_is_the_same_as_its_copies_is_undefined() -> None:
    """Its losses are those of its copies, which would speak against a belonging for no reason."""
    quarter = _photos(1, 5, (16, 16))
    half = torch.cat([quarter, quarter.flip(3)], dim=3)
    symmetric = torch.cat([half, half.flip(2)], dim=2)
    method = Control(copies="turn180+mirror")
    fit = method.fit(_asked(method, _own(20, 7, _ASKEW), _ASKEW))
    asked = _asked(method, torch.cat([symmetric, _photos(1, 6, (32, 32))]), _ASKEW)
    assert np.isnan(method.statistic(asked, fit)).tolist() == [True, False]
