"""`recompressed`: its columns against Pillow's own JPEG, its statistic against the formula written out."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from wherefrom import methods
from wherefrom.core.arrays import Matrix, Scores
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, generator
from wherefrom.core.units import ROUNDING
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.measures.bands import band_log_energies, block_dct
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.arithmetic.columns import STORED, STORED_AGAIN, log_columns
from wherefrom.methods.arithmetic.covariance import excess, fit_covariance
from wherefrom.methods.recompressed import Recompressed
from wherefrom.methods.spectral import Spectral
from wherefrom.models.toy import Toy


def _jpeg(images: Images, quality: int) -> Images:
    """Pillow's JPEG of each image, read again."""
    found = []
    for pixels in to_pixels(images):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        with Image.open(file) as image:
            found.append(np.asarray(image))
    return to_images(found)


def _photos(count: int, seed: int = 0) -> Images:
    coarse = torch.rand((count, 3, 4, 4), generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=(32, 32), mode="bicubic")
    return (smooth + 0.05 * torch.randn(smooth.shape, generator=generator(seed + 1))).clamp(0, 1)


@pytest.mark.parametrize("quality", [40, 90])
def test_the_stored_errors_are_those_of_pillows_jpeg(quality: int) -> None:
    model, images = Toy(gain=0.9), _jpeg(_photos(3), quality)
    scores = Recompressed(quality=quality).scores(model, images, seeds_of(0, ["a", "b", "c"]))
    stored = _jpeg(model.decode(model.encode(images)), quality)
    again = _jpeg(model.decode(model.encode(stored)), quality)
    for name, number, error in (("first", STORED, stored - images), ("second", STORED_AGAIN, again - stored)):
        losses = error.double().square().mean((1, 2, 3)).numpy()
        np.testing.assert_allclose(scores[f"stored_{name}"], losses, rtol=1e-6)
        energies = band_log_energies(block_dct(error, 4)).numpy()
        np.testing.assert_allclose(scores.matrix(log_columns(number, 4)), energies, rtol=1e-6)
    plain = AEDR().scores(model, images, seeds_of(0, ["a", "b", "c"]))
    for column in plain.names:
        np.testing.assert_array_equal(scores[column], plain[column])


def test_another_quality_is_another_measure_and_shares_none_with_two_passes() -> None:
    digests = {Recompressed(quality=quality).measure.digest for quality in (75, 90)} | {Spectral().measure.digest}
    assert len(digests) == 3
    assert Recompressed(shrinkage=0.5).measure == Recompressed().measure


def _rows(count: int, seed: int, shift: float = 0.0, place: slice = slice(None)) -> Matrix:
    """Numbers with a factor that all share and one of their own."""
    rng = np.random.default_rng(seed)
    found: Matrix = 0.3 + 0.2 * rng.normal(size=(count, 1)) + 0.1 * rng.normal(size=(count, 6))
    found[:, place] += shift
    return found


def test_the_excess_is_the_positive_part_of_the_normal_score() -> None:
    known, asked = _rows(50, 1), _rows(9, 2, 0.2, slice(0, 2))
    fit = fit_covariance(known, shrinkage=0.5)
    spread = known.std(axis=0, ddof=1)
    correlation = 0.5 * np.corrcoef(known.T) + 0.5 * np.eye(6)
    standard = (asked - known.mean(axis=0)) / spread
    scores = np.linalg.solve(correlation, standard.T).T
    np.testing.assert_allclose(excess(asked, fit), (np.maximum(scores, 0) ** 2).mean(axis=1), rtol=1e-8)


def test_what_lies_above_in_some_numbers_is_seen_and_what_lies_below_is_not() -> None:
    known = _rows(200, 1)
    fit = fit_covariance(known, shrinkage=0.9)
    usual = np.quantile(excess(_rows(400, 2), fit), 0.95)
    assert (excess(_rows(400, 3, 1.0, slice(0, 2)), fit) > usual).mean() > 0.95
    assert (excess(_rows(400, 4, -1.0), fit) > usual).mean() < 0.01


def _columns(count: int, seed: int) -> Scores:
    rng = np.random.default_rng(seed)
    names = [name for number in (1, 2, STORED, STORED_AGAIN) for name in log_columns(number, 4)]
    bands = {name: rng.normal(-8, 0.1, count) for name in names}
    losses = {name: rng.uniform(0.01, 0.02, count) for name in ("first", "second", "stored_first", "stored_second")}
    return Scores({**bands, **losses})


def test_it_learns_98_numbers_from_eight_belongings_and_not_from_seven() -> None:
    method = Recompressed()
    assert len(method.fit(_columns(8, 1))["centre"]) == 98
    with pytest.raises(ProfileError, match="8 belonging images at least"):
        method.fit(_columns(7, 1))


def test_what_is_easier_than_nearly_all_belongings_is_undefined() -> None:
    method, belonging = Recompressed(), _columns(100, 1)
    fit = method.fit(belonging)
    easy = Scores({**belonging.columns, "second": belonging["second"] / 3})
    assert np.isnan(method.statistic(easy, fit)).all()
    assert 0 < np.isnan(method.statistic(belonging, fit)).mean() <= 0.03
    rounded = Scores({**belonging.columns, "second": np.full(100, ROUNDING)})
    assert np.isnan(Recompressed(easiest=0).statistic(rounded, fit)).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"quality": 0}, "1 to 100"),
        ({"quality": 101}, "1 to 100"),
        ({"quality": 75.5}, "need a whole number"),
        ({"quality": True}, "need a whole number"),
        ({"shrinkage": 0.0}, "outside"),
        ({"easiest": 1.0}, "outside"),
        ({"floor": -1.0}, "negative"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        methods.load("recompressed", options)
