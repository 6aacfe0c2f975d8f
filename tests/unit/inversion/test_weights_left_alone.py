"""A search takes gradients of latents alone: none reaches a weight, and a user's module stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from tests.unit.inversion.problems import dcgan_network, images_of, model_of, seeds
from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.tensors import Images, Latents, generator
from wherefrom.methods.base import Gradual
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.traced import Traced
from wherefrom.models.adapters.plain_network import wrap_generator

SEARCHES: list[Gradual[Any]] = [
    RONAN(steps=3, restarts=2, race=1),
    RONAN(steps=3, restarts=2, checkpointing=True),
    RONAN(steps=3, optimiser="lbfgs"),
    LatentTracer(steps=3),
    LatentTracer(steps=3, optimiser="gradient-free", rate=0.1),
    LatentTracer.paper(),
    Traced(steps=2),
]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Own:
    """A user's own autoencoder around networks that are still being trained."""

    decoder: nn.Sequential
    encoder: nn.Sequential

    @property
    def card(self) -> Card:
        return Card(kind="model", name="own", facts={"architecture": "own", "decoder": "01"})

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def factor(self) -> int:
        return 4

    @property
    def size(self) -> tuple[int, int] | None:
        return (16, 16)

    def decode(self, latents: Latents) -> Images:
        images: Images = self.decoder(latents)
        return images

    def encode(self, images: Images) -> Latents:
        latents: Latents = self.encoder(images)
        return latents

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        return torch.stack([torch.randn((4, 8, 8), generator=generator(int(seed))) for seed in seeds])


def _module() -> Own:
    """In training mode, all weights but the last layer's requiring a gradient."""
    decoder = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.SiLU(), nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Sigmoid())
    encoder = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.SiLU(), nn.Conv2d(8, 4, 3, padding=1))
    decoder[2].requires_grad_(requires_grad=False)
    return Own(decoder=decoder.train(), encoder=encoder.train())


def _state(module: nn.Module) -> dict[str, Any]:
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    values = {name: (value.detach().clone(), value.requires_grad, value.dtype) for name, value in tensors.items()}
    return {**values, "training": [part.training for part in module.modules()]}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    tensors = [name for name in one if name != "training"]
    return (
        one.keys() == other.keys()
        and one["training"] == other["training"]
        and all(one[name][1:] == other[name][1:] and torch.equal(one[name][0], other[name][0]) for name in tensors)
    )


def _forbid_gradients(module: nn.Module, reached: list[str]) -> None:
    def note(name: str) -> Callable[[torch.Tensor], None]:
        return lambda _: reached.append(name)

    for name, weight in module.named_parameters():
        if weight.requires_grad:
            weight.register_hook(note(name))


@pytest.mark.parametrize("method", SEARCHES, ids=lambda method: f"{method.card.name}-{method.card.facts['optimiser']}")
def test_no_gradient_reaches_a_weight_and_the_module_stays_as_it_was(method: Gradual[Any]) -> None:
    model, reached = _module(), list[str]()
    weight = next(model.decoder.parameters())
    before = [_state(part) for part in (model.decoder, model.encoder)]
    for part in (model.decoder, model.encoder):
        _forbid_gradients(part, reached)
    kept = torch.full_like(weight, 7.0)
    weight.grad = kept.clone()  # of the user's own training, not to be touched
    scores = method.scores(model, torch.rand((2, 3, 16, 16), generator=generator(1)), seeds(2))
    assert (scores["loss"] <= scores["start"]).all()
    assert reached == []
    assert torch.equal(weight.grad, kept)
    weight.grad = None
    for part, state in zip((model.decoder, model.encoder), before, strict=True):
        assert all(weight.grad is None for weight in part.parameters())
        assert _same(_state(part), state)


def test_the_hooks_above_would_see_a_gradient() -> None:
    model, reached = _module(), list[str]()
    _forbid_gradients(model.decoder, reached)
    latents = model.draw(seeds(1)).requires_grad_()
    model.decode(latents).sum().backward()
    assert set(reached) == {name for name, weight in model.decoder.named_parameters() if weight.requires_grad}


def test_a_network_that_is_wrapped_is_copied_and_frozen_in_the_copy_alone() -> None:
    network = dcgan_network().train()
    before, reached = _state(network), list[str]()
    _forbid_gradients(network, reached)
    options: Any = {"latent_shape": (8, 1, 1), "size": (16, 16), "range": "0,1"}
    model = wrap_generator(network, name="mine", options=options, device="cpu", dtype="float32", notes={})
    RONAN(steps=4, restarts=2).scores(model, images_of(model_of("dcgan"), 2), seeds(2))
    assert reached == []
    assert _same(_state(network), before)
    assert all(weight.grad is None for weight in network.parameters())
    assert any(weight.requires_grad for weight in network.parameters())


def test_latents_and_images_get_no_gradient_either() -> None:
    model = _module()
    images = torch.rand((2, 3, 16, 16), generator=generator(1)).requires_grad_()
    RONAN(steps=3, restarts=2).scores(model, images, seeds(2))
    assert images.grad is None
    assert images.requires_grad
