"""What holds for every generator: rows that know nothing of each other, weights without gradients, one size."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.models.architectures.random_weights import drawn
from tests.unit.models.architectures.stacks import trained
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.core.tensors import generator
from wherefrom.models.adapters.generator import adapted
from wherefrom.models.architectures import load
from wherefrom.models.architectures.base import Built
from wherefrom.models.architectures.base.options import drawing
from wherefrom.models.architectures.burgess_vae import _Decoder, _Encoder
from wherefrom.models.base import Autoencoder, Decoder

COUNTS = (1, 5, 40)
BURGESS: dict[str, tuple[int, ...]] = {
    "encoder.conv1.weight": (8, 3, 4, 4),
    "encoder.conv2.weight": (8, 8, 4, 4),
    "encoder.conv3.weight": (8, 8, 4, 4),
    "encoder.lin1.weight": (16, 128),
    "encoder.lin2.weight": (16, 16),
    "encoder.mu_logvar_gen.weight": (10, 16),
    "decoder.lin1.weight": (16, 5),
    "decoder.lin2.weight": (16, 16),
    "decoder.lin3.weight": (128, 16),
    "decoder.convT1.weight": (8, 8, 4, 4),
    "decoder.convT2.weight": (8, 8, 4, 4),
    "decoder.convT3.weight": (8, 3, 4, 4),
}


def burgess(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights of a small VAE of Burgess et al., under the names of its files."""
    halves = {"encoder": _Encoder(BURGESS), "decoder": _Decoder(BURGESS)}
    return {
        f"{half}.{name.replace('convs.', '')}": tensor
        for half, network in halves.items()
        for name, tensor in drawn(network, seed).items()
    }


@functools.cache
def opened(name: str) -> Any:
    """A tiny generator through the adapter; its layout, which takes longest, is found once."""
    kind = load("burgess_vae" if name == "burgess" else "dcgan")
    state = burgess() if name == "burgess" else trained(name)[2]
    built = kind.build(state, {})
    return adapted(built, architecture=kind.name, name=name, device="cpu", dtype="float32", notes={})


@pytest.mark.parametrize("name", ["plain-32", "grey-28", "burgess"])
def test_a_row_is_the_same_to_the_last_bit_in_any_company(name: str) -> None:
    model = opened(name)
    latents = model.draw(np.arange(max(COUNTS), dtype=np.uint64))
    found: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
    for count in COUNTS:
        parts = [part.clone().requires_grad_(True) for part in latents.split(count)]
        images = [model.decode(part) for part in parts]
        slopes = [
            torch.autograd.grad((image - 0.3).square().sum(), part)[0]
            for image, part in zip(images, parts, strict=True)
        ]
        found[count] = torch.cat(images).detach(), torch.cat(slopes)
    for count in COUNTS[1:]:
        assert torch.equal(found[count][0], found[1][0])
        assert torch.equal(found[count][1], found[1][1])
    backwards = model.decode(latents.flip(0)).flip(0)
    assert torch.equal(backwards, found[1][0])
    assert float(found[1][1].abs().max()) > 0


def test_an_encoder_is_the_same_to_the_last_bit_in_any_company() -> None:
    model = opened("burgess")
    images = torch.rand((40, 3, 32, 32), generator=generator(1))
    alone = torch.cat([model.encode(image) for image in images.split(1)])
    for count in COUNTS:
        assert torch.equal(torch.cat([model.encode(part) for part in images.split(count)]), alone)


@pytest.mark.parametrize("name", ["plain-32", "burgess"])
def test_no_gradient_reaches_a_weight(name: str) -> None:
    model = opened(name)
    latents = model.draw(np.arange(3, dtype=np.uint64)).requires_grad_(True)
    model.decode(latents).sum().backward()
    assert latents.grad is not None
    assert bool(latents.grad.isfinite().all())
    modules = [model._module] if name != "burgess" else [model.generator._module, model._encoder]
    weights = [weight for module in modules for weight in module.parameters()]
    assert weights
    assert not any(weight.requires_grad or weight.grad is not None for weight in weights)
    assert not any(module.training for module in modules)


def test_latents_depend_on_their_seed_alone() -> None:
    model = opened("plain-32")
    both = model.draw(np.array([3, 2**63 + 5], dtype=np.uint64))
    assert torch.equal(both[1:], model.draw(np.array([2**63 + 5], dtype=np.uint64)))
    assert not torch.equal(both[0], both[1])
    assert model.draw(np.array([], dtype=np.uint64)).shape == (0, 24)


def test_what_has_another_shape_is_refused() -> None:
    model, vae = opened("plain-32"), opened("burgess")
    assert isinstance(model, Decoder)
    assert not isinstance(model, Autoencoder)
    assert isinstance(vae, Autoencoder)
    assert (model.factor, model.size, vae.factor, vae.size) == (1, (32, 32), 1, (32, 32))
    with pytest.raises(ModelError, match=re.escape("latents have shape (2, 23), need (n, 24)")):
        model.decode(torch.zeros(2, 23))
    with pytest.raises(ModelError, match="makes images of 32x32 pixels alone, not 64x48"):
        model.draw(np.arange(1, dtype=np.uint64), size=(48, 64))
    with pytest.raises(ImageError, match="images are 40x32 pixels, burgess takes 32x32 alone"):
        vae.encode(torch.zeros(1, 3, 32, 40))
    with pytest.raises(ImageError, match="need"):
        vae.encode(torch.zeros(1, 1, 32, 32))
    assert model.decode(torch.zeros(0, 24)).shape == (0, 3, 32, 32)
    assert vae.encode(torch.zeros(0, 3, 32, 32)).shape == (0, 5)


@pytest.mark.parametrize(("channels", "side"), [(2, 8), (3, 16)])
def test_a_network_that_makes_something_else_is_named(channels: int, side: int) -> None:
    built = Built(
        network=nn.ConvTranspose2d(4, channels, side), latent_shape=(4, 1, 1), size=(8, 8), draw=drawing("normal", (4,))
    )
    model = adapted(built, architecture="mine", name="mine", device="cpu", dtype="float32", notes={})
    with pytest.raises(ModelError, match=re.escape(f"made images of shape ({channels}, {side}, {side}), need 1 or 3")):
        model.decode(torch.zeros(1, 4, 1, 1))


def test_the_card_says_what_changes_the_numbers() -> None:
    built = {seed: load("burgess_vae").build(burgess(seed), {}) for seed in (0, 1)}
    cards = [
        adapted(built[seed], architecture="a", name=name, device="cpu", dtype=dtype, notes={}).card
        for seed, name, dtype in ((0, "x", "float32"), (0, "y", "float32"), (1, "x", "float32"), (0, "x", "bfloat16"))
    ]
    first, renamed, other, rounded = cards
    assert first.digest == renamed.digest
    assert len({card.digest for card in cards}) == 3
    assert first.facts["decoder"] != other.facts["decoder"]
    assert first.facts["encoder"] != other.facts["encoder"]
    assert first.facts["decoder"] == rounded.facts["decoder"], "of the weights as stored"
