"""What every method must do on every kind of model under every rule, methods of other packages included."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny

from wherefrom import methods, rules
from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.card import Card
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, generator
from wherefrom.core.units import ROUNDING
from wherefrom.judging import calibrate, judge
from wherefrom.methods.base import Method
from wherefrom.models.base import Autoencoder
from wherefrom.models.diffusers import wrap_autoencoder
from wherefrom.models.toy import Toy
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome

_VARIANTS: dict[str, tuple[dict[str, Any], ...]] = {"aedr": ({"adjustment": "homogeneity"}, {"adjustment": "residual"})}
METHODS = [(name, options) for name in methods.names() for options in ({}, *_VARIANTS.get(name, ()))]
_GAIN = {"AutoencoderKL": 1.0, "AutoencoderTiny": 2.0}  # or every image would come back as the same grey
MODELS = ("toy", "AutoencoderKL", "AutoencoderTiny")

every_method = pytest.mark.parametrize(("name", "options"), METHODS, ids=[f"{n}{o or ''}" for n, o in METHODS])
every_model = pytest.mark.parametrize("model", MODELS)


@functools.cache
def _model(name: str) -> Autoencoder:
    """A small model of each kind, with random weights that are always the same."""
    if name == "toy":
        return Toy(gain=0.8)
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


def _images(count: int, seed: int = 0, side: int = 32) -> Images:
    """Smooth random images with some noise, in [0, 1]."""
    coarse = torch.rand((count, 3, 4, 4), generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    return (smooth + 0.02 * torch.randn(smooth.shape, generator=generator(seed + 1))).clamp(0, 1)


def _seeds(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return seeds_of(0, [f"image {index}" for index in range(count)])


@functools.cache
def _belonging(name: str, options: tuple[tuple[str, Any], ...], model: str) -> tuple[Scores, Any, Vector]:
    """Scores of 48 belongings, what the method learns from half of them, and the statistics of the others."""
    method = methods.load(name, dict(options))
    owner = _model(model)
    with torch.inference_mode():
        made = owner.decode(owner.encode(_images(48, seed=5))).clamp(0, 1)
    scores = method.scores(owner, made, _seeds(48))
    fit = method.fit(scores.take(np.arange(0, 48, 2))) if method.learns else {}
    return scores, fit, method.statistic(scores.take(np.arange(1, 48, 2)), fit)


def _fit(name: str, options: dict[str, Any], model: str) -> Any:
    return _belonging(name, tuple(sorted(options.items())), model)[1]


def _close(one: Scores, other: Scores) -> None:
    """Losses to 1e-5 relative; logarithms to 1e-4, which is what 1e-5 of a difference of nearly equal images can be."""
    assert one.names == other.names
    for column in one.names:
        if column in ("first", "second"):
            np.testing.assert_allclose(one[column], other[column], rtol=1e-5, atol=1e-5 * ROUNDING)
        else:
            np.testing.assert_allclose(one[column], other[column], rtol=1e-4, atol=1e-4)


@every_method
def test_satisfies_the_protocol_and_is_frozen(name: str, options: dict[str, Any]) -> None:
    method = methods.load(name, options)
    assert isinstance(method, Method)
    some = next(iter(method.card.facts))
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
    method, owner, images, seeds = methods.load(name, options), _model(model), _images(5), _seeds(5)
    together = method.scores(owner, images, seeds)
    alone = Scores.concatenate([method.scores(owner, images[i : i + 1], seeds[i : i + 1]) for i in range(5)])
    _close(together, alone)
    fit = _fit(name, options, model)
    np.testing.assert_allclose(method.statistic(together, fit), method.statistic(alone, fit), rtol=1e-3)


@every_model
@every_method
def test_a_score_does_not_depend_on_order(name: str, options: dict[str, Any], model: str) -> None:
    method, owner, images, seeds = methods.load(name, options), _model(model), _images(4), _seeds(4)
    order = np.array([2, 0, 3, 1])
    _close(method.scores(owner, images, seeds).take(order), method.scores(owner, images[order], seeds[order]))


@every_model
@every_method
def test_the_same_seed_gives_the_same_score(name: str, options: dict[str, Any], model: str) -> None:
    method, owner = methods.load(name, options), _model(model)
    torch.default_generator.seed()
    first = method.scores(owner, _images(3), _seeds(3))
    torch.rand(17)
    second = method.scores(owner, _images(3), _seeds(3))
    for column in first.names:
        np.testing.assert_array_equal(first[column], second[column])


@every_model
@every_method
def test_inputs_and_weights_are_left_alone(name: str, options: dict[str, Any], model: str) -> None:
    owner, images, seeds = _model(model), _images(2), _seeds(2)
    before, seeds_before, card = images.clone(), seeds.copy(), owner.card
    methods.load(name, options).scores(owner, images, seeds)
    assert torch.equal(images, before)
    assert not images.requires_grad
    np.testing.assert_array_equal(seeds, seeds_before)
    assert owner.card == card
    assert torch.equal(owner.decode(owner.encode(before)), owner.decode(owner.encode(images)))


@every_model
@every_method
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_than_three_channels_are_refused(name: str, options: dict[str, Any], model: str, channels: int) -> None:
    with pytest.raises(ImageError, match="need \\(n, 3"):
        methods.load(name, options).scores(_model(model), torch.rand((1, channels, 32, 32)), _seeds(1))


@every_model
@every_method
def test_a_flat_image_is_undefined_or_harder_than_nothing(name: str, options: dict[str, Any], model: str) -> None:
    """A flat image must never turn into an infinite statistic."""
    method = methods.load(name, options)
    flat = torch.zeros((1, 3, 32, 32))
    statistic = method.statistic(method.scores(_model(model), flat, _seeds(1)), _fit(name, options, model))
    assert not np.isinf(statistic).any()


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
@every_model
@every_method
def test_noise_is_never_claimed_and_a_larger_alpha_excludes_more(
    name: str, options: dict[str, Any], model: str, rule: str
) -> None:
    method, owner = methods.load(name, options), _model(model)
    scores = _belonging(name, tuple(sorted(options.items())), model)[0]
    profile = calibrate(belonging=_table(method, owner, scores, "belonging"))
    noise = torch.rand((6, 3, 32, 32), generator=generator(11))
    asked = _table(method, owner, method.scores(owner, noise, _seeds(6)), "noise")
    excluded = []
    for alpha in (0.05, 0.1, 0.3):
        outcomes = [verdict.outcome for verdict in judge(asked, profile=profile, alpha=alpha, rule=rule)]
        excluded.append(outcomes.count(Outcome.EXCLUDED))
        assert Outcome.SUPPORTED not in outcomes
    assert excluded == sorted(excluded)
    if model == "toy" and rule == "conformal":
        assert excluded[-1] == 6
