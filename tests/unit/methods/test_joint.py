"""`joint`: its number against a formula written apart, and what neither of its parts can do alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.off_centre import OffCentre
from wherefrom import methods
from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import NoTrace, ProfileError, UsageError
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, generator
from wherefrom.core.units import ROUNDING
from wherefrom.evaluation import auc
from wherefrom.methods.arithmetic.columns import log_columns, weighted
from wherefrom.methods.blind import Blind
from wherefrom.methods.control import Control
from wherefrom.methods.joint import Joint
from wherefrom.methods.spectral import Spectral
from wherefrom.models.toy import Toy

_ASKEW: Any = OffCentre()
_PARTS = Control(copies="turn180+mirror", excess=1.0, weighted=True)


def _photos(count: int, seed: int) -> Images:
    coarse = torch.rand((count, 3, 4, 4), generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=(32, 48), mode="bicubic")
    return (smooth + 0.05 * torch.randn(smooth.shape, generator=generator(seed + 1))).clamp(0, 1)


def _asked(method: Any, images: Images, model: Any = _ASKEW) -> Scores:
    return method.scores(model, images, seeds_of(0, [str(place) for place in range(len(images))]))  # type: ignore[no-any-return]


def _own(count: int, seed: int) -> Images:
    own: Images = _ASKEW.decode(_ASKEW.encode(_photos(count, seed))).clamp(0, 1)
    return own


def _rows(count: int, seed: int, *, better: float = 0.0, apart: float = 0.0) -> Scores:
    """Scores as of images with a content of their own, reconstructed better than copies, with bands further apart."""
    rng = np.random.default_rng(seed)
    content = rng.normal(-6.0, 1.0, size=(count, 1))
    depth = better * rng.uniform(1.0, 3.0, size=(count, 1))  # how much better varies from image to image, and a lot
    columns: dict[str, Vector] = {}
    for loss, error, place, own in (
        ("first", "1", 0.0, 1.0),
        ("second", "2", -0.1, 1.0),
        ("first_mirror", "_mirror", 0.0, 0.0),
        ("first_turn180", "_turn180", 0.0, 0.0),
    ):
        bands = content + place - own * depth + 0.05 * rng.normal(size=(count, 48))
        bands[:, 10:14] += apart if error == "1" else 0.0
        columns[loss] = np.exp((content + place - own * depth)[:, 0] + 0.02 * rng.normal(size=count))
        columns |= dict(zip(log_columns(error, 4), bands.T, strict=True))
        columns |= dict(zip(log_columns(weighted(error), 4), bands.T, strict=True))
    return Scores(columns)


@pytest.mark.parametrize("counted", [True, False])
def test_the_statistic_is_that_of_the_formula(counted: bool) -> None:
    method = Joint(weight=0.7, saturation=2.0, shrinkage=0.8, excess=1.0, weighted=counted)
    control = Control(copies="turn180+mirror", excess=1.0, shrinkage=0.8, weighted=counted)
    known, images = _asked(method, _own(40, 7)), _asked(method, torch.cat([_own(5, 9), _photos(5, 11)]))
    found = method.statistic(images, method.fit(known))

    def distance(rows: Scores, learned: Scores) -> Vector:
        spectral = Spectral(easiest=0, shrinkage=0.8)
        return spectral.statistic(rows, spectral.fit(learned))

    places = np.arange(40)
    logs = np.empty(40)
    for fold in range(10):
        logs[places % 10 == fold] = np.log(distance(known.take(places % 10 == fold), known.take(places % 10 != fold)))
    better = control.statistic(images, control.fit(known))
    usual = control.statistic(known, control.fit(known))
    end = min(-2.0, max(usual.max(), np.median(usual) / 2))
    wanted = np.maximum(better, end) + 0.7 * (np.log(distance(images, known)) - np.median(logs)) / logs.std()
    np.testing.assert_allclose(found, wanted, rtol=1e-3)
    assert end < -2.0, "the profile's own saturation is beyond the option's"
    assert (better < end).any(), "some are beyond the saturation"
    assert (better > end).any(), "and some are not"
    earlier = {name: numbers for name, numbers in method.fit(known).items() if name != "saturation"}
    np.testing.assert_allclose(
        method.statistic(images, earlier) - found, np.maximum(better, -2.0) - np.maximum(better, end), atol=1e-9
    )


def test_others_that_are_beyond_the_saturation_but_far_above_belongings_are_told_apart() -> None:
    """In large images there is little chance: a few photos saturate, and their two errors say little after a JPEG."""
    known, own = _rows(60, 1, better=2.0), _rows(200, 2, better=2.0)
    odd = _rows(200, 3, better=0.5)
    joint, low = Joint(saturation=2.0), _PARTS.statistic(odd, _PARTS.fit(known))
    assert np.mean(low < -2.0) > 0.5, "these are beyond the saturation that the option says"
    assert _PARTS.statistic(known, _PARTS.fit(known)).max() < low.min(), "and all belongings are further below"
    fit = joint.fit(known)
    assert auc(joint.statistic(own, fit), joint.statistic(odd, fit)).value > 0.99
    earlier = {**fit, "saturation": np.array([joint.saturation])}
    assert auc(joint.statistic(own, earlier), joint.statistic(odd, earlier)).value < 0.9


@pytest.mark.parametrize(
    ("evidence", "ends"),
    [
        ([-30.0, -26.0, -22.0, -20.0], 12.0),  # half of the median
        ([-30.0, -26.0, -22.0, -9.0], 9.0),  # the nearest
        ([-30.0, -26.0, -22.0, -1.0], 6.0),  # the option
        ([-9.0, -8.0, -8.0, -7.0], 6.0),
    ],
)
def test_a_profiles_saturation_is_half_the_median_or_the_nearest_and_the_option_at_the_least(
    evidence: list[float], ends: float
) -> None:
    assert Joint()._learned_saturation(np.array(evidence)) == ends


def test_it_tells_a_sibling_where_control_cannot_and_damage_where_spectral_cannot() -> None:
    """A sibling is as much better than its copies, with other bands; a damaged photo has the bands of a belonging."""
    known, own = _rows(60, 1, better=1.0), _rows(200, 2, better=1.0)
    sibling, damaged = _rows(200, 3, better=1.0, apart=0.25), _rows(200, 4)
    joint, control, spectral = Joint(), _PARTS, Spectral(easiest=0)
    told = {
        name: [
            auc(*(each.statistic(rows, each.fit(known)) for rows in (own, other))).value for other in (sibling, damaged)
        ]
        for name, each in (("joint", joint), ("control", control), ("spectral", spectral))
    }
    assert told["control"][0] < 0.8
    assert told["spectral"][1] < 0.8
    assert min(told["joint"]) > 0.95


def test_it_asks_what_control_asks_with_the_second_pass_and_keeps_what_it_reads() -> None:
    method = Joint(copies="mirror+turn90")
    assert method.measure == Control(copies="turn90+mirror", second=True, weighted=True).measure
    scores = _asked(method, _own(20, 3))
    assert set(method.columns) < set(scores.names)
    kept = Scores({name: scores[name] for name in method.columns})
    np.testing.assert_array_equal(
        method.statistic(kept, method.fit(kept)), method.statistic(scores, method.fit(scores))
    )


def test_belongings_as_few_as_control_can_learn_from_are_enough() -> None:
    method = Joint()
    known = _asked(method, _own(8, 5))
    assert np.isfinite(method.statistic(known, method.fit(known))).all()
    with pytest.raises(ProfileError, match="learns from 8 belonging images at least"):
        method.fit(known.take(np.arange(7)))


def test_a_flat_image_is_undefined_and_copies_that_keep_the_trace_are_refused() -> None:
    method = Joint()
    fit = method.fit(_asked(method, _own(20, 7)))
    flat = method.scores(Toy(gain=0.9999), torch.full((1, 3, 32, 32), 0.5), seeds_of(0, ["flat"]))
    assert np.isnan(method.statistic(flat, fit)).all()
    with pytest.raises(NoTrace, match="no better than their control copies"):
        method.fit(_asked(method, Toy().decode(Toy().encode(_photos(20, 1))), Toy()))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weight": -1.0}, "weight=-1.0 is negative or infinite"),
        ({"saturation": 0.0}, "saturation=0.0 is not above 0"),
        ({"copies": "turn45+mirror"}, "'turn45' is none of turn90"),
        ({"shrinkage": 0.0}, r"outside \(0, 1\]"),
        ({"excess": -1.0}, "excess=-1.0 is negative"),
        ({"floor": -1.0}, "is negative"),
    ],
)
def test_options_out_of_range_say_what_is_allowed(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        methods.load("joint", options)


def test_every_option_changes_the_card() -> None:
    options: list[dict[str, Any]] = [{"weight": 1.0}, {"saturation": 3.0}, {"excess": 1.0}, {"weighted": False}]
    cards = {methods.load("joint", each).card.digest for each in [{}, *options]}
    assert len(cards) == len(options) + 1
    assert Joint().floor == ROUNDING


def test_a_card_of_an_earlier_version_is_read_as_it_was_meant() -> None:
    """It does not say whether blocks count alike: they did."""
    earlier = Card(
        kind="method",
        name="joint",
        facts={
            "copies": "turn180+mirror",
            "excess": 1.0,
            "floor": ROUNDING,
            "saturation": 6.0,
            "shrinkage": 0.9,
            "weight": 0.5,
        },
    )
    method = methods.from_card(earlier)
    assert method == Joint(excess=1.0, weight=0.5, weighted=False)
    assert method.card.digest == earlier.digest
    assert methods.from_card(Joint().card) == Joint()


def test_a_search_of_an_earlier_version_asks_joint_as_it_was() -> None:
    facts: dict[str, Fact] = {"method": "joint", "options": (), "find": "crop", "scales": "", "reconstructions": 2.0}
    earlier = Card(kind="method", name="blind", facts=facts)
    method = methods.from_card(earlier)
    assert isinstance(method, Blind)
    assert "weighted" not in method.measure.facts
    assert method.card.digest == earlier.digest
    now = Blind()
    assert now.measure.facts["weighted"] is True
    assert now.card.digest != earlier.digest
    assert methods.from_card(now.card) == now == Blind(options={"weighted": True})
