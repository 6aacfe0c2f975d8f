"""A latent diffusion model's decoder searched as RONAN does it: from a random latent, without its encoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file

import wherefrom.models.zoo as zoo
from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import generator
from wherefrom.inversion.scaled import scaled
from wherefrom.methods.arithmetic.searches import starts_of
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder
from wherefrom.models.load import load_model
from wherefrom.models.opening.autoencoder import wrap_autoencoder

STATS = load_file(Path(zoo.__path__[0]) / "kl-f8-a" / "latents.safetensors")


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model("zoo:kl-f8-a", device="cpu")


def _seeds(count: int) -> Any:
    return np.arange(count, dtype=np.uint64)


def test_random_starts_have_the_image_s_own_size_and_the_prior_s_scale(model: Any) -> None:
    images = torch.rand((2, 3, 40, 64), generator=generator(0))
    starts = starts_of(RONAN(start="random", restarts=64).search, model, images, _seeds(2))
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
    once = RONAN(search=RONAN.paper().search, steps=10)
    few = RONAN(start="random", restarts=3, race=3, keep=1, steps=10)
    for method, restarts in ((once, 1), (few, 3)):
        scores = method.scores(model, images, _seeds(1))
        assert scores["loss"][0] < scores["start"][0]
        assert scores["calls"][0] >= 10
        assert scores["restart"][0] in range(restarts)
        again = method.scores(model, images, _seeds(1))
        assert json.dumps(scores["loss"].tolist()) == json.dumps(again["loss"].tolist())


def test_without_statistics_a_random_start_is_normal_in_the_generator_s_units() -> None:
    module = AutoencoderKL(
        block_out_channels=[8, 16],
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        norm_num_groups=4,
        scaling_factor=0.25,
        shift_factor=3.0,
    ).eval()
    model = wrap_autoencoder(module)
    with pytest.raises(ModelError, match="cannot draw latents by itself"):
        model.draw(_seeds(1), size=(16, 16))
    images = torch.rand((2, 3, 16, 48), generator=generator(2))
    for asked, mean, spread in ((model, 3.0, 4.0), (scaled(model), 0.0, 1.0)):
        starts = starts_of(RONAN(start="random", restarts=64).search, asked, images, _seeds(2))(1)
        assert starts.shape == (64, 4, 8, 24)
        assert float(starts.mean()) == pytest.approx(mean, abs=0.05 * spread)
        assert float(starts.std()) == pytest.approx(spread, rel=0.05)
    scores = LatentTracer(start="random", steps=5).scores(model, images, _seeds(2))
    assert (scores["loss"] < scores["start"]).all()
    with pytest.raises(ModelError, match="size 17 x 16, need positive multiples of 2"):
        model.search_starts(_seeds(1), size=(17, 16))
