"""Options out of range, weights that do not fit and geometry of another network, each refused in words."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.unit.models.architectures.stylegan_by_hand import state_2
from tests.unit.models.architectures.stylegan_xl_by_hand import Stem, state_xl
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures import load


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("stylegan2", {"psi": 0}, "psi=0"),
        ("stylegan2", {"psi": "much"}, "psi='much'"),
        ("stylegan2", {"psi": float("nan")}, "psi=nan"),
        ("stylegan2", {"cutoff": 7}, "whole number from 0 below 7"),
        ("stylegan2", {"class": 1}, "has no classes"),
        ("stylegan2", {"latent": "x"}, "z, w, w+"),
        ("stylegan2", {"noise": "random"}, "none, const, seeded"),
        ("stylegan2", {"noise_seed": 3}, "noise=const"),
        ("stylegan_xl", {"class": 4}, "below 4"),
        ("stylegan_xl", {"class": "dog"}, "whole number"),
        ("stylegan_xl", {"cutoff": 8}, "below 8"),
    ],
)
def test_options_out_of_range(kind: str, options: dict[str, Any], words: str) -> None:
    state = state_2() if kind == "stylegan2" else state_xl(Stem())
    with pytest.raises(UsageError) as caught:
        load(kind).build(state, options)
    assert words in str(caught.value)


def _without(state: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    return {key: value for key, value in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: _without(state, "synthesis.b8.conv0.bias"), "synthesis.b8.conv0.bias is missing"),
        (lambda state: _without(state, "synthesis.b8.conv1.weight"), "sizes [4, 16]"),
        (lambda state: _without(state, "mapping.fc0.weight"), "do not have mapping.fc0.weight"),
        (lambda state: state | {"mapping.fc3.weight": torch.zeros(2, 2)}, "the layers [0, 1, 3]"),
        (lambda state: _without(state, "synthesis.b4.resample_filter"), "with their buffers"),
        (lambda state: state | {"synthesis.b8.conv2.bias": torch.zeros(2)}, "synthesis.b8.conv2.bias is not expected"),
        (lambda state: state | {"synthesis.b8.conv1.bias": torch.zeros(9)}, "has shape (9,), need (8,)"),
        (lambda state: state | {"synthesis.b16.torgb.weight": torch.zeros(4, 6, 1, 1)}, "4 channels"),
        (lambda state: state | {"synthesis.b4.resample_filter": torch.zeros(2, 3)}, "shape (2, 3)"),
        (lambda state: state | {"mapping.w_avg": torch.zeros(10, 0)}, "mapping.w_avg"),
    ],
)
def test_stylegan2_weights_that_do_not_fit(change: Any, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        load("stylegan2").build(change(state_2()), {})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"synthesis.L1_36_8.padding": (1, 2)}, "need 4 whole numbers"),
        ({"synthesis.L1_36_8.padding": (1, 2, 1, 2)}, "of another network"),
        ({"synthesis.L1_36_8.padding": (-999, 0, 0, 0)}, "too short"),
        ({"synthesis.L1_36_8.up_factor": 0}, "up_factor"),
        ({"synthesis.L1_36_8.out_size": (36, 35)}, "square maps"),
        ({"synthesis.layer_names": ("L0", "L1")}, "lists the layers"),
        ({"synthesis.input.bandwidth": 9.0}, "twice the band"),
        ({"synthesis.input.sampling_rate": "x"}, "positive number"),
        ({"conv_clamp": -1}, "conv_clamp=-1"),
        ({"img_resolution": 32}, "img_resolution=32"),
    ],
)
def test_stylegan_xl_geometry_that_does_not_fit(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError) as caught:
        load("stylegan_xl").build(state_xl(Stem()), config)
    assert words in str(caught.value)


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan_xl"])
def test_any_tensor_missing_or_of_another_shape(kind: str) -> None:
    state = state_2(classes=3, architecture="resnet") if kind == "stylegan2" else state_xl(Stem())
    shapes: tuple[tuple[int, ...], ...] = ((2,), (0, 4, 1, 1), ())
    for place, (name, tensor) in enumerate(list(state.items())[::3]):  # spread over the whole network
        for damaged in (_without(state, name), state | {name: torch.zeros(shapes[place % len(shapes)])}):
            if damaged.get(name, torch.zeros(9)).shape != tensor.shape:
                with pytest.raises(ModelError):
                    load(kind).build(damaged, {})


def test_weights_of_the_other_kind_that_the_user_insists_on() -> None:
    with pytest.raises(ModelError, match=r"look like StyleGAN-XL .*need StyleGAN2"):
        load("stylegan2").build(state_xl(Stem()), {})
    with pytest.raises(ModelError, match=r"look like StyleGAN2.* need StyleGAN-XL"):
        load("stylegan_xl").build(state_2(), {})
    three = _without(state_xl(Stem()), "mapping.embed.weight")
    with pytest.raises(ModelError, match="look like a StyleGAN3 generator"):
        load("stylegan_xl").build(three, {})
