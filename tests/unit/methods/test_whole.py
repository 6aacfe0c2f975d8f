"""A latent diffusion model's decoder searched as RONAN does it: from a random latent, without its encoder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import wherefrom.models.zoo as zoo
from wherefrom.core.tensors import generator
from wherefrom.methods._searching import starts_of
from wherefrom.methods.ronan import RONAN
from wherefrom.models.diffusers import DiffusersAutoencoder
from wherefrom.models.locate import load_model

STATS = load_file(Path(zoo.__path__[0]) / "kl-f8-a" / "latents.safetensors")


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model("zoo:kl-f8-a", device="cpu")


def _seeds(count: int) -> Any:
    return np.arange(count, dtype=np.uint64)


def test_random_starts_have_the_image_s_own_size_and_the_prior_s_scale(model: Any) -> None:
    images = torch.rand((2, 3, 40, 64), generator=generator(0))
    starts = starts_of(RONAN(start="random", restarts=64), model, images, _seeds(2))
    own, other = starts(0), starts(1)
    assert own.shape == other.shape == (64, 8, 5, 8)
    assert len({latent.numpy().tobytes() for latent in torch.cat([own, other])}) == 128
    assert torch.equal(own, starts(0))
    power = STATS["filter"].square().sum(-1).mean((0, 1)) * torch.exp(2 * STATS["log_amplitude"].square())
    both = torch.cat([own, other])
    torch.testing.assert_close((both - STATS["mean"][:, None, None]).square().mean((0, 2, 3)), power, rtol=0.5, atol=0)
    with torch.no_grad():
        made = model.decode(own[:8])
    assert made.shape == (8, 3, 40, 64)
    assert 0.1 < float(made.mean()) < 0.9
    assert 0.05 < float(made.std()) < 0.6


def test_a_random_start_needs_no_encoder_and_goes_down(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.rand((1, 3, 16, 24), generator=generator(1))

    def refuse(*_: Any) -> Any:
        raise AssertionError("the encoder was asked")

    monkeypatch.setattr(DiffusersAutoencoder, "encode", refuse)
    once = replace(RONAN.paper(), steps=10)
    few = RONAN(start="random", restarts=3, race=3, keep=1, steps=10)
    for method, restarts in ((once, 1), (few, 3)):
        scores = method.scores(model, images, _seeds(1))
        assert scores["loss"][0] < scores["start"][0]
        assert scores["calls"][0] >= 10
        assert scores["restart"][0] in range(restarts)
        again = method.scores(model, images, _seeds(1))
        assert json.dumps(scores["loss"].tolist()) == json.dumps(again["loss"].tolist())
