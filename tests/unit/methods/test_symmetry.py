"""`symmetry`: its numbers against formulas by NumPy and SciPy, what is undefined, and which options are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.fft
import torch

from tests.off_centre import OffCentre
from wherefrom.core.arrays import Scores
from wherefrom.core.errors import UsageError
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, generator
from wherefrom.core.units import ROUNDING
from wherefrom.methods.symmetry import Symmetry

_MODEL: Any = OffCentre()
_GREY = np.full(3, 3**-0.5)


def _photos(count: int, seed: int = 0, size: tuple[int, int] = (72, 56)) -> Images:
    """Neither side is a multiple of a part."""
    coarse = torch.rand((count, 3, 6, 6), generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=size, mode="bicubic")
    return (smooth + 0.05 * torch.randn(smooth.shape, generator=generator(seed + 1))).clamp(0, 1)


def _own(images: Images) -> Images:
    own: Images = _MODEL.decode(_MODEL.encode(images)).clamp(0, 1)
    return own


def _asked(method: Symmetry, images: Images) -> Scores:
    return method.scores(_MODEL, images, seeds_of(0, [str(place) for place in range(len(images))]))


def _grey_bands(image: Any) -> Any:
    """Squared coefficients of 4 x 4 blocks of grey, `(rows, columns, 15)`."""
    grey = np.tensordot(_GREY, np.asarray(image, dtype=np.float64), axes=1)
    rows, columns = (side // 4 for side in grey.shape)
    blocks = grey[: 4 * rows, : 4 * columns].reshape(rows, 4, columns, 4).transpose(0, 2, 1, 3)
    return scipy.fft.dctn(blocks, axes=(2, 3), norm="ortho").reshape(rows, columns, 16)[..., 1:] ** 2


def _error(image: Any) -> Any:
    batch = torch.from_numpy(np.ascontiguousarray(image))[None]
    return (_MODEL.decode(_MODEL.encode(batch)) - batch)[0].numpy()


def test_numbers_are_those_of_the_formulas() -> None:
    images = _photos(2, size=(72, 72))
    scores = _asked(Symmetry(copies="turn90+mirror", part=16), images)
    for row, image in enumerate(images.numpy()):
        turned = np.rot90(_error(np.rot90(image, 1, (1, 2))), -1, (1, 2))
        mirrored = _error(image[:, :, ::-1])[:, :, ::-1]
        own, *copies = (np.log(_grey_bands(each) + ROUNDING) for each in (_error(image), turned, mirrored))
        weights = np.log1p(_grey_bands(image) / 0.01**2) + 1e-6
        apart = (own - np.mean(copies, axis=0)) * weights
        places = [(slice(top, top + 4), slice(left, left + 4)) for top in range(0, 18, 4) for left in range(0, 18, 4)]
        weight = np.array([weights[place].sum() for place in places])
        value = np.array([apart[place].sum() for place in places]) / weight
        mean = np.average(value, weights=weight)
        parts = weight.sum() ** 2 / (weight**2).sum()
        error = np.sqrt((weight**2 * (value - mean) ** 2).sum() / weight.sum() ** 2 * parts / (parts - 1))
        found = [scores[name][row] for name in ("apart", "apart_error", "apart_parts")]
        np.testing.assert_allclose(found, [mean, error, parts], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(scores["first_mirror"][row], np.square(mirrored.astype(float)).mean(), rtol=1e-4)


def test_the_statistic_is_the_upper_end_and_low_for_belongings_alone() -> None:
    photos = _photos(6)
    own, others = (_asked(Symmetry(), images) for images in (_own(photos), photos))
    method = Symmetry(doubt=2.0)
    np.testing.assert_allclose(method.statistic(others, {}), others["apart"] + 2 * others["apart_error"])
    assert method.statistic(own, {}).max() < -0.5
    assert Symmetry().statistic(others, {}).min() > -0.1
    np.testing.assert_allclose(Symmetry(doubt=0).statistic(others, {}), others["apart"])
    assert abs(others["apart"].mean()) < 0.05


def test_what_differs_in_one_part_alone_is_no_sign_however_much_it_is() -> None:
    """An image of other origin in which one small square is the decoder's own, and the rest is nearly plain."""
    images = 0.5 + 0.004 * (_photos(4, size=(96, 96)) - 0.5)
    own = _own(_photos(4, seed=3, size=(96, 96)))
    images[:, :, 40:56, 40:56] = own[:, :, 40:56, 40:56]
    scores = _asked(Symmetry(), images)
    assert (scores["apart_parts"] < 8).all()
    assert np.isnan(Symmetry().statistic(scores, {})).all()
    assert (Symmetry(fewest=1.01).statistic(scores, {}) > scores["apart"]).all()


def test_an_image_of_one_part_has_no_standard_error() -> None:
    scores = _asked(Symmetry(part=64), _photos(1, size=(64, 64)))
    assert scores["apart_parts"][0] == pytest.approx(1.0)
    assert scores["apart_error"][0] == np.inf
    assert np.isnan(Symmetry(part=64).statistic(scores, {}))


def test_flat_images_and_those_that_are_their_own_copies_are_undefined() -> None:
    half = _photos(1, size=(64, 64))
    quarter = torch.cat([half, half.flip(3)], dim=3)
    same = torch.cat([quarter, quarter.flip(2)], dim=2)
    flat = torch.full_like(same, 0.3)
    method = Symmetry(copies="turn180+mirror")
    centred: Any = OffCentre()
    centred.encode, centred.decode = centred._toy.encode, centred._toy.decode  # which draws turned images as well
    for images in (same, flat):
        scores = method.scores(centred, images, seeds_of(0, ["0"]))
        assert np.isnan(method.statistic(scores, {})).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"copies": "turn90+turn45"}, "'turn45' is none of turn90"),
        ({"copies": "shift"}, "'shift' is none of"),
        ({"copies": "mirror+mirror"}, "names a copy twice"),
        ({"doubt": -1.0}, "doubt=-1.0 is negative"),
        ({"part": 6}, "part=6 is no multiple of 4"),
        ({"part": 0}, "part=0 is no multiple"),
        ({"fewest": 1.0}, "fewest=1.0 is not above 1"),
        ({"floor": -1.0}, "floor=-1.0 is negative"),
    ],
)
def test_options_out_of_range_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Symmetry(**options)


def test_what_is_asked_depends_on_copies_and_parts_and_what_is_said_on_all() -> None:
    assert Symmetry(doubt=1.0, fewest=4.0).measure == Symmetry().measure
    assert Symmetry(part=8).measure != Symmetry().measure
    assert Symmetry(copies="mirror+turn180+turn90").measure == Symmetry().measure
    assert len({Symmetry(**each).card.digest for each in ({}, {"doubt": 1.0}, {"fewest": 4.0})}) == 3  # type: ignore[arg-type]
