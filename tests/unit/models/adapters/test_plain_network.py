"""A generator out of a user's own code: it says what it takes and makes, or is told, or is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.base import Autoencoder, Decoder
from wherefrom.models.load import load_model

CODE = """
import torch
from torch import nn

def network(tanh=True):
    with torch.random.fork_rng():
        layers = [nn.ConvTranspose2d(6, 4, 4), nn.BatchNorm2d(4), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1)]
        return nn.Sequential(*layers, nn.Tanh() if tanh else nn.Sigmoid())

def stated():
    made = network()
    made.latent_shape, made.size, made.range = (6, 1, 1), (8, 8), (-1, 1)
    return made

class MyVAE(nn.Module):
    latent_shape, size, range, prior = 5, 4, "0,1", "uniform"
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 48)
    def forward(self, latents):
        return self.layer(latents).unflatten(1, (3, 4, 4)).sigmoid()

class AutoencoderOfMine(nn.Module): ...
class Fails(nn.Module):
    latent_shape, size = 5, 4
    def forward(self, latents): raise ValueError("no memory")

unstated, sigmoid, shared = network, lambda: network(tanh=False), stated()
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module of one's own."""
    name = f"own_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def opened(name: str, **options: Any) -> Any:
    return load_model(name, device="cpu", trust=True, options=options)


def test_a_network_that_states_everything_is_a_decoder(code: str) -> None:
    model = opened(f"{code}:shared")
    kinds = isinstance(model, Decoder), isinstance(model, Autoencoder)
    assert kinds == (True, False)
    assert (model.size, model.latent_shape, model.card.notes["source"]) == ((8, 8), (6, 1, 1), f"{code}:shared")
    assert (model.card.facts["range"], model.card.facts["prior"]) == ("-1,1", "normal")
    latents = model.draw(np.arange(3, dtype=np.uint64)).requires_grad_(True)
    images = model.decode(latents)
    assert 0 <= float(images.detach().min()) < 0.5 < float(images.detach().max()) <= 1
    assert torch.autograd.grad(images.sum(), latents)[0].abs().sum() > 0


def test_the_users_own_module_is_left_as_it_is(code: str) -> None:
    import importlib

    own = importlib.import_module(code).shared
    model = opened(f"{code}:shared")
    assert own.training
    assert all(weight.requires_grad for weight in own.parameters())
    with torch.no_grad():
        before = model.decode(model.draw(np.arange(1, dtype=np.uint64)))
        own[0].weight.add_(1)
        assert torch.equal(model.decode(model.draw(np.arange(1, dtype=np.uint64))), before)


def test_what_it_does_not_state_can_be_said(code: str) -> None:
    model = opened(f"{code}:unstated", latent_shape="6,1,1", size="8x8", range="-1,1", prior="uniform")
    assert float(model.draw(np.arange(100, dtype=np.uint64)).abs().max()) <= 1
    assert dict(model.card.notes["options"])["range"] == "-1,1"
    sigmoid = opened(f"{code}:sigmoid", latent_shape="6,1,1", size=8, range="0,1")
    images = sigmoid.decode(sigmoid.draw(np.arange(3, dtype=np.uint64))).detach()
    assert 0 <= float(images.min()) < float(images.max()) <= 1
    assert abs(float(images.mean()) - 0.5) < 0.3


def test_a_class_that_sounds_like_an_autoencoder_may_be_a_generator(code: str) -> None:
    model = opened(f"{code}:MyVAE")
    assert (model.size, model.latent_shape, model.card.facts["prior"]) == ((4, 4), (5,), "uniform")
    latents = model.draw(np.arange(40, dtype=np.uint64))
    alone = torch.cat([model.decode(row) for row in latents.split(1)])
    assert torch.equal(model.decode(latents), alone)


@pytest.mark.parametrize(
    ("attribute", "options", "words"),
    [
        ("unstated", {}, "(Sequential) that does not state its latent_shape: give it the attribute latent_shape"),
        ("unstated", {"latent_shape": "6,1,1"}, "does not state its size"),
        (
            "unstated",
            {"latent_shape": "6,1,1", "size": 8},
            "does not state the range of its outputs: 4 draws ran from -",
        ),
        ("unstated", {"latent_shape": "7,1,1", "size": 8}, "failed on latents (4, 7, 1, 1) (RuntimeError"),
        ("Fails", {}, "failed on latents (4, 5) (ValueError: no memory)"),
        ("stated", {"range": "0,255"}, "need one of -1,1, 0,1"),
        ("stated", {"size": "0x8"}, "need one side or WIDTHxHEIGHT"),
        ("stated", {"height": 8}, "has no option height: a generator of your own has latent_shape, size"),
        ("AutoencoderOfMine", {}, "AutoencoderOfMine"),
    ],
)
def test_what_is_missing_or_wrong_is_named(code: str, attribute: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises((ModelError, UsageError), match=re.escape(words)):
        opened(f"{code}:{attribute}", **options)


def test_a_size_that_is_not_made_is_found_out(code: str) -> None:
    model = opened(f"{code}:stated", size="9x8")
    assert model.size == (8, 9)
    with pytest.raises(ModelError, match=re.escape("made images of shape (3, 8, 8), need 1 or 3 channels of 8 x 9")):
        model.decode(model.draw(np.arange(1, dtype=np.uint64)))


def test_it_is_run_only_when_trusted(code: str) -> None:
    with pytest.raises(ModelError, match="trust=True"):
        load_model(f"{code}:stated", device="cpu")
