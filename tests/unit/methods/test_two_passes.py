"""The two passes on a model whose losses are known on paper (`wherefrom.models.toy`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.fft
import torch
from scipy.spatial.distance import mahalanobis

from wherefrom import methods
from wherefrom.core.arrays import Scores
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, generator
from wherefrom.core.units import ROUNDING, bands
from wherefrom.measures.bands import band_energies, band_log_energies, block_dct
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.arithmetic.columns import log_columns
from wherefrom.methods.reconstruction import Reconstruction
from wherefrom.methods.spectral import Spectral
from wherefrom.models.toy import Toy

SEEDS = seeds_of(0, ["a", "b", "c"])


def _drawn(model: Toy) -> Images:
    return model.decode(model.draw(SEEDS))


_OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])


def _scores(model: Toy, images: Images) -> Scores:
    return AEDR().scores(model, images, SEEDS[: len(images)])


@pytest.mark.parametrize("gain", [0.5, 0.9, 0.97])
def test_losses_of_a_belonging_are_those_of_the_formula(gain: float) -> None:
    model = Toy(gain=gain)
    images = _drawn(model)
    power = images.double().square().mean((1, 2, 3)).numpy()
    scores = _scores(model, images)
    np.testing.assert_allclose(scores["first"], (1 - gain) ** 2 * power, rtol=1e-4)
    np.testing.assert_allclose(scores["second"], gain**2 * (1 - gain) ** 2 * power, rtol=1e-4)
    np.testing.assert_allclose(AEDR(adjustment="none").statistic(scores, {}), 1 / gain**2, rtol=1e-4)


def test_what_lies_off_the_range_adds_its_square_to_the_first_loss() -> None:
    model = Toy(gain=0.9, bands=4)
    images = _drawn(model)
    highest = torch.zeros_like(images)
    highest[..., ::2] = 0.05  # alternating columns: the mean is in the range, the rest is half in the highest band
    highest[..., 1::2] = -0.05
    off = highest - model.decode(model.encode(highest)) / 0.9
    plain, moved = _scores(model, images), _scores(model, images + off)
    added = off.double().square().mean((1, 2, 3)).numpy()
    np.testing.assert_allclose(moved["first"] - plain["first"], added, rtol=1e-3)
    np.testing.assert_allclose(moved["second"], plain["second"], rtol=1e-4)


def test_homogeneity_multiplies_the_ratio() -> None:
    model = Toy()
    scores = _scores(model, _drawn(model).clamp(0, 1))
    ratio = AEDR(adjustment="none").statistic(scores, {})
    for form in ("squared", "absolute"):
        adjusted = methods.load("aedr", {"adjustment": "homogeneity", "form": form}).statistic(scores, {})
        np.testing.assert_allclose(adjusted, ratio * scores[f"homogeneity_{form}"])
    assert (scores["homogeneity_squared"] < scores["homogeneity_absolute"]).all()


def test_the_residual_is_what_the_line_leaves() -> None:
    rng = np.random.default_rng(3)
    second = np.exp(rng.normal(-6, 1, 60))
    noise = rng.normal(0, 0.1, 60)
    first = second * np.exp(0.7 - 0.3 * np.log(second) + noise)
    scores = Scores({"first": first, "second": second})
    method = AEDR(adjustment="residual")
    fit = method.fit(scores)
    assert fit["slope"][0] == pytest.approx(-0.3, abs=0.05)
    assert method.statistic(scores, fit).mean() == pytest.approx(0, abs=1e-9)
    assert np.corrcoef(method.statistic(scores, fit), noise)[0, 1] > 0.98


def test_a_residual_needs_belongings_that_differ() -> None:
    scores = Scores({"first": np.full(9, 0.2), "second": np.full(9, 0.1)})
    with pytest.raises(ProfileError, match="differ"):
        AEDR(adjustment="residual").fit(scores)
    with pytest.raises(ProfileError, match="needs 5 belonging images"):
        AEDR(adjustment="residual").fit(scores.take(np.arange(4)))


@pytest.mark.parametrize("gain", [0.5, 0.9])
def test_by_band_the_distance_of_a_belonging_is_that_of_the_formula(gain: float) -> None:
    model = Toy(gain=gain)
    images = _drawn(model)
    mixed = np.einsum("kc,nchw->nkhw", _OPPONENT, images.double().numpy())
    n, _, height, width = mixed.shape
    waves = scipy.fft.dctn(mixed.reshape(n, 3, height // 4, 4, width // 4, 4), axes=(3, 5), norm="ortho")
    logs = [np.log(np.square(share * (1 - gain) * waves) + ROUNDING).mean((2, 4)) for share in (1.0, gain)]
    expected = np.sqrt(np.log(gain**2) ** 2 + np.square(logs[0] - logs[1]).mean((1, 2, 3)))
    found = AEDR(adjustment="bands").statistic(_scores(model, images), {})
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_by_band_counts_what_the_ratio_of_all_does_not_see() -> None:
    shift = np.where(np.arange(48) % 2, [[2.0], [0.0], [0.0]], [[-2.0], [0.0], [0.0]])
    columns = {name: shift[:, place] for place, name in enumerate(log_columns(1, 4))}
    columns |= dict.fromkeys(log_columns(2, 4), np.zeros(3))
    scores = Scores({"first": np.array([1.0, 1.0, np.e]), "second": np.ones(3), **columns})
    np.testing.assert_allclose(AEDR(adjustment="bands").statistic(scores, {}), [2, 0, 1])
    low = Scores({**scores.columns, "second": np.array([ROUNDING, 1.0, 1.0])})
    assert np.isnan(AEDR(adjustment="bands").statistic(low, {})).tolist() == [True, False, False]


def test_at_the_floor_the_ratio_is_undefined() -> None:
    scores = Scores({"first": np.array([1e-3, 1e-3, 0.0]), "second": np.array([ROUNDING, 2 * ROUNDING, 1e-3])})
    statistic = AEDR(adjustment="none").statistic(scores, {})
    assert np.isnan(statistic).tolist() == [True, False, True]


def test_one_pass_is_the_first_of_two_and_undefined_at_the_floor() -> None:
    model = Toy()
    images = _drawn(model)
    method = Reconstruction()
    scores = method.scores(model, images, SEEDS)
    np.testing.assert_array_equal(scores["first"], _scores(model, images)["first"])
    low = Scores({"first": np.array([0.0, ROUNDING, 1e-3])})
    assert np.isnan(method.statistic(low, {})).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("name", "options"), [("aedr", {"adjustment": "all"}), ("aedr", {"form": "round"}), ("spectral", {"block": 5})]
)
def test_options_out_of_range_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="is none of"):
        methods.load(name, options)
    with pytest.raises(UsageError, match="negative"):
        methods.load(name, {"floor": -1.0})


def test_waves_are_scipys_dct_of_each_block_and_keep_the_energy() -> None:
    images = torch.rand((2, 3, 24, 20), generator=generator(1))
    waves = block_dct(images)
    assert waves.shape == (2, 192, 6)
    grey = images.numpy().sum(1) / np.sqrt(3)
    block = scipy.fft.dctn(grey[1, 8:16, 8:16], norm="ortho")
    np.testing.assert_allclose(waves[1, :64, 3].reshape(8, 8).numpy(), block, atol=1e-5)
    whole = images[..., :16].double().square().sum((1, 2, 3))
    torch.testing.assert_close(waves.double().square().sum((1, 2)), whole, rtol=1e-5, atol=0)
    assert bands(8)[0] == "grey_00"
    assert bands(8)[63] == "grey_77"


def test_band_energies_are_an_arithmetic_and_a_geometric_mean() -> None:
    waves = torch.tensor([[[0.1, 0.2, 0.4]] * 192])
    np.testing.assert_allclose(band_energies(waves)[0, 0], (0.01 + 0.04 + 0.16) / 3, rtol=1e-6)
    expected = np.log(np.array([0.01, 0.04, 0.16]) + ROUNDING).mean()
    np.testing.assert_allclose(band_log_energies(waves)[0, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(waves[0, 0], [0.1, 0.2, 0.4], rtol=1e-6)


def _ratios(count: int, spread: float, seed: int, shift: float = 0.0) -> Scores:
    """Columns of images whose log ratios are normal around 0.2 in every band, with a factor that all bands share."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, spread, (count, 1))
    values = 0.2 + shift + shared + rng.normal(0, spread / 3, (count, 48))
    columns = {name: values[:, i] for i, name in enumerate(log_columns(1, 4))}
    columns |= dict.fromkeys(log_columns(2, 4), np.zeros(count))
    return Scores({**columns, "first": np.full(count, 0.02), "second": rng.uniform(0.01, 0.02, count)})


def test_spectral_is_the_mahalanobis_distance_that_scipy_computes() -> None:
    belonging, asked = _ratios(40, 0.1, 1), _ratios(7, 0.1, 2, shift=0.3)
    method = Spectral(shrinkage=0.5, easiest=0.0)
    values = belonging.matrix(log_columns(1, 4))
    spread = values.std(axis=0, ddof=1)
    correlation = 0.5 * np.corrcoef(values.T) + 0.5 * np.eye(48)
    inverse = np.linalg.inv(correlation * np.outer(spread, spread))
    expected = [mahalanobis(row, values.mean(axis=0), inverse) ** 2 / 48 for row in asked.matrix(log_columns(1, 4))]
    np.testing.assert_allclose(method.statistic(asked, method.fit(belonging)), expected, rtol=1e-8)


def test_spectral_is_two_sided() -> None:
    method = Spectral()
    fit = method.fit(_ratios(60, 0.1, 1))
    usual = method.statistic(_ratios(60, 0.1, 2), fit)
    for shift in (-1.0, 1.0):
        foreign = method.statistic(_ratios(60, 0.1, 3, shift=shift), fit)
        assert np.nanmin(foreign) > np.nanmax(usual)


def test_spectral_does_not_judge_what_is_easier_than_nearly_all_belongings() -> None:
    belonging = _ratios(100, 0.1, 1)
    fit = Spectral().fit(belonging)
    assert fit["least"][0] == pytest.approx(np.quantile(belonging["second"], 0.02))
    easy = Scores({**belonging.columns, "second": belonging["second"] / 3})
    assert np.isnan(Spectral().statistic(easy, fit)).all()
    assert 0 < np.isnan(Spectral().statistic(belonging, fit)).mean() <= 0.03


def test_spectral_learns_from_eight_belongings_and_not_from_seven() -> None:
    assert np.isfinite(Spectral(easiest=0.0).statistic(_ratios(9, 0.1, 2), Spectral().fit(_ratios(8, 0.1, 1)))).any()
    with pytest.raises(ProfileError, match="8 belonging images at least"):
        Spectral().fit(_ratios(7, 0.1, 1))
