"""What every method must do on every kind of model under every rule, methods of other packages included."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any, cast

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny

from tests.off_centre import OffCentre
from wherefrom import methods, rules
from wherefrom.core.arrays import Scores
from wherefrom.core.card import Card
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, generator
from wherefrom.core.units import ROUNDING
from wherefrom.inversion.results import Step
from wherefrom.judging import calibrate, judge
from wherefrom.methods.base import Gradual, Method, Selective
from wherefrom.models.adapters.plain_network import wrap_generator
from wherefrom.models.base import Autoencoder, Decoder
from wherefrom.models.opening.autoencoder import wrap_autoencoder
from wherefrom.models.toy import Toy
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome

_SHORT = {"optimiser": "adam", "steps": 2}
_FEW = {"steps": 2, "start": "encoder", "restarts": 1}
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "aedr": ({}, {"adjustment": "homogeneity"}, {"adjustment": "residual"}, {"adjustment": "bands"}),
    "blind": (
        {"method": "reconstruction", "scales": "0.5"},
        {"method": "latenttracer", "options": tuple(_SHORT.items()), "find": "crop+turns"},
    ),
    "control": ({"copies": "turn180+shift", "second": True},),
    "joint": ({"copies": "shift"},),
    "latenttracer": ({"steps": 2}, {**_SHORT, "optimiser": "gradient-free"}),
    "relative": (
        {"method": "reconstruction", "reference": "toy"},
        {"method": "latenttracer", "options": tuple(_SHORT.items()), "reference": "toy"},
    ),
    "ronan": (_FEW, {**_FEW, "metric": "ssim"}),
    "symmetry": ({"part": 4, "fewest": 2.0},),  # the images are small
    "traced": ({"steps": 1}, {"steps": 1, "bands": False}),
}
"""What a method is tested with, where its defaults alone are too dear or too little; else its defaults."""
METHODS = [(name, options) for name in methods.names() for options in OPTIONS.get(name, ({},))]
_GAIN = {"AutoencoderKL": 1.0, "AutoencoderTiny": 2.0}  # or every image would come back as the same grey
MODELS = ("toy", "AutoencoderKL", "AutoencoderTiny")

BY_MEASURE = {methods.load(name, options).measure.digest: (name, options) for name, options in reversed(METHODS)}
"""One method of each measure: the others ask the model the same, so their scores are the same numbers."""

every_method = pytest.mark.parametrize(("name", "options"), METHODS, ids=[f"{n}{o or ''}" for n, o in METHODS])
every_measure = pytest.mark.parametrize(
    ("name", "options"), BY_MEASURE.values(), ids=[f"{n}{o or ''}" for n, o in BY_MEASURE.values()]
)
every_model = pytest.mark.parametrize("model", MODELS)
some_models = pytest.mark.parametrize("model", ["toy", "AutoencoderTiny"])
"""For what depends on the method more than on the model: one with closed forms, and one that is a network."""


@functools.cache
def _model(name: str) -> Autoencoder:
    """A small model of each kind, with random weights that are always the same."""
    if name == "toy":
        return cast("Autoencoder", OffCentre(Toy(gain=0.8)))  # for Toy draws turned images as well as others
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(7)
        module: torch.nn.Module = (
            AutoencoderKL(
                block_out_channels=[8, 8, 16, 16],
                down_block_types=["DownEncoderBlock2D"] * 4,
                up_block_types=["UpDecoderBlock2D"] * 4,
                norm_num_groups=4,
            )
            if name == "AutoencoderKL"
            else AutoencoderTiny(
                encoder_block_out_channels=(8, 8, 8, 8),
                decoder_block_out_channels=(8, 8, 8, 8),
                num_encoder_blocks=(1, 1, 1, 1),
                num_decoder_blocks=(1, 1, 1, 1),
            )
        )
        for weights in module.parameters():
            weights.data.mul_(_GAIN[name] if weights.ndim == 4 else 1)
    return wrap_autoencoder(module)


@functools.cache
def _generator() -> Decoder:
    """A decoder that has no encoder."""
    network = torch.nn.Sequential(
        torch.nn.Linear(4, 3 * 8 * 8), torch.nn.Unflatten(1, (3, 8, 8)), torch.nn.Upsample(32)
    )
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=generator(3)))
    stated: dict[str, Any] = {"latent_shape": (4,), "size": (32, 32), "range": "0,1"}
    return wrap_generator(network, name="generator", options=stated, device="cpu", dtype="float32", notes={})


def _images(count: int, seed: int = 0, side: int = 32) -> Images:
    """Smooth random images with some noise, in [0, 1]."""
    coarse = torch.rand((count, 3, 4, 4), generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    return (smooth + 0.02 * torch.randn(smooth.shape, generator=generator(seed + 1))).clamp(0, 1)


def _seeds(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return seeds_of(0, [f"image {index}" for index in range(count)])


_ASKED: dict[tuple[str, str, str], Scores] = {}


def _asked(method: Method[Any], model: str, what: str) -> Scores:
    """Scores of images; asked once for all methods that ask the same.

    Args:
        method: by which.
        model: of which.
        what: `belonging`: 40; `noise`: 6; `flat`: a black one; 3 others `together`, or each `alone`.
    """
    key = (method.measure.digest, model, what)
    if key not in _ASKED:
        images = _images_of(what, _model(model))
        seeds, batch = _seeds(len(images)), 1 if what == "alone" else len(images)
        starts = range(0, len(images), batch)
        _ASKED[key] = Scores.concatenate(
            [method.scores(_model(model), images[i : i + batch], seeds[i : i + batch]) for i in starts]
        )
    return _ASKED[key]


def _images_of(what: str, model: Autoencoder) -> Images:
    if what == "belonging":
        with torch.inference_mode():
            return model.decode(model.encode(_images(40, seed=5))).clamp(0, 1)
    if what == "noise":
        return torch.rand((6, 3, 32, 32), generator=generator(11))
    return torch.zeros((1, 3, 32, 32)) if what == "flat" else _images(3)


def _fit(method: Method[Any], model: str) -> Any:
    """What the method learns from half of the belongings."""
    return method.fit(_asked(method, model, "belonging").take(np.arange(0, 40, 2))) if method.learns else {}


def _close(one: Scores, other: Scores) -> None:
    """Losses of passes to 1e-5 relative, of searches to 1e-4; logarithms to 1e-4.

    That is what 1e-5 of a difference of nearly equal images can be.
    """
    assert one.names == other.names
    for column in one.names:
        if "log" in column or "homogeneity" in column:
            np.testing.assert_allclose(one[column], other[column], rtol=1e-4, atol=1e-4)
        else:
            share = 1e-5 if column in ("first", "second") else 1e-4
            np.testing.assert_allclose(one[column], other[column], rtol=share, atol=share * ROUNDING)


@every_method
def test_satisfies_the_protocol_and_is_frozen(name: str, options: dict[str, Any]) -> None:
    method: Any = methods.load(name, options)
    some = dataclasses.fields(method)[0].name
    assert isinstance(method, Method)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(method, some, None)


@every_method
def test_card_round_trip(name: str, options: dict[str, Any]) -> None:
    method = methods.load(name, options)
    card = Card.from_json(json.loads(json.dumps(method.card.to_json())))
    assert card == method.card
    assert card.digest == method.card.digest
    assert methods.from_card(card) == method


@every_method
def test_an_unknown_option_is_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no option hue"):
        methods.load(name, {**options, "hue": 1})


@every_model
@every_method
def test_a_score_does_not_depend_on_neighbours(name: str, options: dict[str, Any], model: str) -> None:
    method = methods.load(name, options)
    together, alone = _asked(method, model, "together"), _asked(method, model, "alone")
    _close(together, alone)
    fit = _fit(method, "toy")  # whatever was learned, both are read by it
    np.testing.assert_allclose(method.statistic(together, fit), method.statistic(alone, fit), rtol=1e-3)


@some_models
@every_measure
def test_a_score_does_not_depend_on_order(name: str, options: dict[str, Any], model: str) -> None:
    method, owner, images, seeds = methods.load(name, options), _model(model), _images(3), _seeds(3)
    order = np.array([2, 0, 1])
    _close(_asked(method, model, "together").take(order), method.scores(owner, images[order], seeds[order]))


@some_models
@pytest.mark.parametrize(
    ("name", "options"),
    [(name, options) for name, options in METHODS if isinstance(methods.load(name, options), Gradual)],
)
def test_what_settles_image_by_image_are_the_rows_of_the_batch(name: str, options: dict[str, Any], model: str) -> None:
    method, owner, images, seeds = methods.load(name, options), _model(model), _images(3), _seeds(3)
    assert isinstance(method, Gradual)
    told: list[Step] = []
    settled = list(method.settle(owner, images, seeds, report=told.append))
    assert sorted(row.row for row in settled) == [0, 1, 2]
    scores = method.scores(owner, images, seeds)
    for row in settled:
        assert row.error is None
        assert row.scores is not None
        _close(row.scores, scores.take(np.array([row.row])))
    assert {step.images for step in told} <= ({1, 2, 3} if name == "blind" else {1, 3})  # or by what it found of each
    assert all(0 <= step.step <= step.steps and 1 <= step.searching <= step.images for step in told)
    assert told or name in ("blind", "relative")  # which may wrap a method that takes no steps


@every_method
def test_a_decoder_without_an_encoder_is_asked_or_refused_by_name(name: str, options: dict[str, Any]) -> None:
    method, owner = methods.load(name, options), _generator()
    try:
        scores = method.scores(owner, _images(2), _seeds(2))
    except ModelError as error:
        assert "encoder" in str(error)  # noqa: PT017  # or it is asked, which is as good
    else:
        assert len(scores) == 2


@some_models
@every_measure
def test_the_same_seed_gives_the_same_score(name: str, options: dict[str, Any], model: str) -> None:
    method, owner = methods.load(name, options), _model(model)
    torch.default_generator.seed()
    first = method.scores(owner, _images(3), _seeds(3))
    torch.rand(17)
    second = method.scores(owner, _images(3), _seeds(3))
    for column in first.names:
        np.testing.assert_array_equal(first[column], second[column])


@some_models
@every_measure
def test_inputs_and_weights_are_left_alone(name: str, options: dict[str, Any], model: str) -> None:
    owner, images, seeds = _model(model), _images(2), _seeds(2)
    before, seeds_before, card = images.clone(), seeds.copy(), owner.card
    methods.load(name, options).scores(owner, images, seeds)
    assert torch.equal(images, before)
    assert not images.requires_grad
    np.testing.assert_array_equal(seeds, seeds_before)
    assert owner.card == card
    assert torch.equal(owner.decode(owner.encode(before)), owner.decode(owner.encode(images)))


@some_models
@every_measure
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_than_three_channels_are_refused(name: str, options: dict[str, Any], model: str, channels: int) -> None:
    with pytest.raises(ImageError, match="need \\(n, 3"):
        methods.load(name, options).scores(_model(model), torch.rand((1, channels, 32, 32)), _seeds(1))


@some_models
@every_method
def test_a_flat_image_is_undefined_or_harder_than_nothing(name: str, options: dict[str, Any], model: str) -> None:
    """A flat image must never turn into an infinite statistic."""
    method = methods.load(name, options)
    statistic = method.statistic(_asked(method, model, "flat"), _fit(method, model))
    assert not np.isinf(statistic).any()


@every_method
def test_the_columns_that_a_method_names_are_all_that_it_reads(name: str, options: dict[str, Any]) -> None:
    """A profile keeps no others."""
    method, scores = methods.load(name, options), _asked(methods.load(name, options), "toy", "belonging")
    if not isinstance(method, Selective):
        return
    kept = Scores({column: scores[column] for column in method.columns})
    learned = [method.fit(part.take(np.arange(0, 40, 2))) if method.learns else {} for part in (scores, kept)]
    np.testing.assert_array_equal(method.statistic(kept, learned[1]), method.statistic(scores, learned[0]))


def _table(method: Method[Any], model: Autoencoder, scores: Scores, tag: str) -> ScoreTable:
    digests = [f"{tag} {index}" for index in range(len(scores))]
    return ScoreTable(
        images=tuple(
            ImageFacts(name=d, file_digest=d, pixel_digest=d, format="PNG", width=32, height=32, lossy=False)
            for d in digests
        ),
        sizes=((32, 32),) * len(scores),
        scores=scores,
        model=model.card,
        method=method.card,
        measure=method.measure,
    )


@pytest.mark.parametrize("rule", [name for name in rules.names() if name != "fixed"])
@some_models
@every_method
def test_noise_is_never_claimed_and_a_larger_alpha_excludes_more(
    name: str, options: dict[str, Any], model: str, rule: str
) -> None:
    method, owner = methods.load(name, options), _model(model)
    scores = _asked(method, model, "belonging")
    profile = calibrate(belonging=_table(method, owner, scores, "belonging"))
    asked = _table(method, owner, _asked(method, model, "noise"), "noise")
    excluded = []
    for alpha in (0.06, 0.1, 0.3):  # of 20 belongings that are ranked a few can be undefined
        outcomes = [verdict.outcome for verdict in judge(asked, profile=profile, alpha=alpha, rule=rule)]
        excluded.append(outcomes.count(Outcome.EXCLUDED))
        assert Outcome.SUPPORTED not in outcomes
    assert excluded == sorted(excluded)
    if model == "toy" and rule == "conformal" and name != "relative":  # which would need a reference of another range
        assert excluded[-1] == 6
