"""The toy autoencoder against the arithmetic it was made for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from tests.unit.models.tiny import images
from wherefrom.core.card import Card
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.models.base import Autoencoder
from wherefrom.models.toy import MODEL, Toy


def _losses(toy: Toy, given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    once = toy.decode(toy.encode(given))
    twice = toy.decode(toy.encode(once))
    return (once - given).double().square().mean((1, 2, 3)), (twice - once).double().square().mean((1, 2, 3))


@pytest.mark.parametrize("gain", [0.5, 0.9])
@pytest.mark.parametrize("bands", [1, 4, 8])
def test_losses_of_its_own_images_are_the_closed_form(gain: float, bands: int) -> None:
    toy = Toy(gain=gain, bands=bands)
    inside = toy.decode(toy.encode(images(size=(16, 24)))) / gain
    power = inside.double().square().mean((1, 2, 3))
    first, second = _losses(toy, inside)
    torch.testing.assert_close(first, (1 - gain) ** 2 * power, rtol=1e-5, atol=0)
    torch.testing.assert_close(second, gain**2 * (1 - gain) ** 2 * power, rtol=1e-5, atol=0)
    torch.testing.assert_close(first / second, torch.full_like(first, gain**-2), rtol=1e-5, atol=0)


def test_what_lies_outside_its_range_adds_its_square_to_the_first_loss() -> None:
    toy = Toy(gain=0.8, bands=2)
    inside = toy.decode(toy.encode(images(size=(16, 24)))) / 0.8
    noise = torch.randn(inside.shape, generator=torch.Generator().manual_seed(1)) * 0.05
    outside = noise - toy.decode(toy.encode(noise)) / 0.8
    plain, moved = _losses(toy, inside), _losses(toy, inside + outside)
    torch.testing.assert_close(moved[0] - plain[0], outside.double().square().mean((1, 2, 3)), rtol=1e-4, atol=0)
    torch.testing.assert_close(moved[1], plain[1], rtol=1e-5, atol=0)


def test_latents_are_the_blocks_cosine_transform() -> None:
    given = images(1, (8, 8))
    found = Toy(bands=8).encode(given).reshape(3, 8, 8)
    np.testing.assert_allclose(found, dctn(given[0].numpy(), axes=(1, 2), norm="ortho"), atol=1e-5)


def test_it_satisfies_the_protocol_and_has_a_gradient() -> None:
    toy = MODEL()
    assert isinstance(toy, Autoencoder)
    assert Card.from_json(toy.card.to_json()) == toy.card
    latents = toy.draw(np.array([1], dtype=np.uint64), size=(16, 24)).requires_grad_()
    decoded = toy.decode(latents)
    (gradient,) = torch.autograd.grad(decoded.square().sum() / 2, latents)
    torch.testing.assert_close(gradient, toy.gain**2 * latents.detach())


def test_cards_tell_decoders_apart_and_only_them() -> None:
    assert Toy(gain=0.9).card.facts["decoder"] != Toy(gain=0.8).card.facts["decoder"]
    assert Toy(gain=0.9).card.facts["encoder"] == Toy(gain=0.8).card.facts["encoder"]
    assert Toy(bands=2).card.digest != Toy(bands=3).card.digest
    assert Toy().card == Toy().card


def test_a_draw_depends_on_its_seed_alone() -> None:
    toy = Toy()
    drawn = toy.draw(np.array([5, 6, 5], dtype=np.uint64), size=(16, 24))
    assert drawn.shape == (3, 48, 2, 3)
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[1:2], toy.draw(np.array([6], dtype=np.uint64), size=(16, 24)))
    many = toy.decode(toy.draw(np.arange(64, dtype=np.uint64)))
    assert abs(float(many.mean()) - 0.5) < 0.02


@pytest.mark.parametrize("options", [{"gain": 1.0}, {"gain": 0.0}, {"gain": float("nan")}, {"bands": 0}, {"bands": 9}])
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ModelError, match="need"):
        Toy(**options)  # type: ignore[arg-type]


def test_wrong_shapes_are_refused() -> None:
    toy = Toy()
    with pytest.raises(ImageError, match=r"\(n, 3, height, width\)"):
        toy.encode(torch.zeros(1, 4, 8, 8))
    with pytest.raises(ImageError, match="multiples of 8"):
        toy.encode(torch.zeros(1, 3, 12, 8))
    with pytest.raises(ModelError, match="48"):
        toy.decode(torch.zeros(1, 3, 1, 1))
    with pytest.raises(ModelError, match="multiples of 8"):
        toy.draw(np.array([1], dtype=np.uint64), size=(0, 8))
