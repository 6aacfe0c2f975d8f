"""StyleGAN2 and StyleGAN-XL compute what is written out step by step in `stylegan_by_hand`, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.models.architectures.stylegan_by_hand import image_2, state_2
from tests.unit.models.architectures.stylegan_xl_by_hand import GEOMETRIES, Stem, image_xl, state_xl
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.architectures import load
from wherefrom.models.architectures.base import Built

USUAL: dict[str, Any] = {
    "architecture": "skip",
    "activation": "lrelu",
    "mapping_activation": "lrelu",
    "lr_multiplier": 0.01,
    "conv_clamp": None,
}
LONG = torch.tensor([1.0, 2, 5, 9, 8, 4, 3, 2]) / 34
UNEVEN = torch.tensor([[1.0, 2], [3, 9]]) / 15
SLOPED = torch.outer(torch.tensor([1.0, 4, 2]), torch.tensor([3.0, 1, 1])) / 35


def config_2(settings: dict[str, Any]) -> dict[str, Any]:
    """The options of the file, by their names there."""
    return {
        "synthesis_kwargs.conv_clamp": settings["conv_clamp"],
        "synthesis_kwargs.activation": settings["activation"],
        "mapping_kwargs.activation": settings["mapping_activation"],
        "mapping_kwargs.lr_multiplier": settings["lr_multiplier"],
    }


def latents(width: int, count: int = 3, seed: int = 5) -> torch.Tensor:
    return torch.randn((count, width), generator=generator(seed))


def built(kind: str, state: dict[str, torch.Tensor], **config: Any) -> Built:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert [name for name in ("stylegan2", "stylegan_xl") if load(name).recognise(shapes)] == [kind]
    found = load(kind).build(state, config)
    found.network.eval().requires_grad_(False)
    return found


def images(model: Built, z: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.network(z) * 2 - 1
    return found


def check_same(found: torch.Tensor, wanted: torch.Tensor, tolerance: float = 2e-5) -> None:
    assert found.shape == wanted.shape
    apart = float((found - wanted).abs().max() / wanted.abs().max())
    assert apart < tolerance, apart


@pytest.mark.parametrize(
    ("made", "settings"),
    [
        ({}, {}),
        ({"classes": 4}, {}),
        ({"classes": 4, "embedded": 6, "widths": (12, 11, 10)}, {}),
        ({"architecture": "resnet"}, {"architecture": "resnet", "conv_clamp": 0.8}),
        ({"architecture": "orig"}, {"architecture": "orig"}),
        ({"architecture": "orig", "taps": torch.ones(1, 1)}, {"architecture": "orig"}),
        ({"taps": LONG}, {}),
        ({"taps": LONG, "architecture": "resnet"}, {"architecture": "resnet"}),
        ({"taps": UNEVEN}, {}),
        ({"taps": SLOPED}, {}),
        ({"noisy": False}, {}),
        ({"colours": 1, "channels": (6,)}, {"conv_clamp": 0.5}),
        ({"channels": (8, 6, 5, 4)}, {"conv_clamp": 256}),
        ({}, {"lr_multiplier": 1.0, "mapping_activation": "linear"}),
        *(
            ({}, {"activation": act})
            for act in ("linear", "relu", "tanh", "sigmoid", "elu", "selu", "softplus", "swish")
        ),
        ({"architecture": "resnet"}, {"architecture": "resnet", "activation": "swish", "conv_clamp": 0.7}),
    ],
)
def test_stylegan2_is_what_is_written_out(made: dict[str, Any], settings: dict[str, Any]) -> None:
    settings = USUAL | settings
    state, z = state_2(**made), latents(7)
    for noise in ("const", "none"):
        label = 1 if made.get("classes") else None
        model = built("stylegan2", state, **config_2(settings), noise=noise, **{"class": label})
        wanted = torch.stack([image_2(state, settings, row, label=label, noise=noise) for row in z])
        check_same(images(model, z), wanted)


def test_stylegan2_with_truncation_and_the_label_of_zeros() -> None:
    state, z = state_2(classes=4), latents(7)
    for psi, cutoff in ((0.7, None), (0.5, 2), (-1.2, None), (0.3, 0)):
        model = built("stylegan2", state, psi=psi, cutoff=cutoff)
        wanted = torch.stack([image_2(state, USUAL, row, psi=psi, cutoff=cutoff) for row in z])
        check_same(images(model, z), wanted)


@pytest.mark.parametrize("stem", GEOMETRIES.values(), ids=GEOMETRIES)
def test_stylegan_xl_is_what_is_written_out(stem: Stem) -> None:
    state, z = state_xl(stem), latents(5, 2)
    label = {"class": 2} if stem.classes else {}
    for psi, cutoff in ((1.0, None), (0.6, None), (0.6, 2)):
        model = built("stylegan_xl", state, conv_clamp=stem.clamp, psi=psi, cutoff=cutoff, **label)
        rows = [image_xl(state, stem, row, label=label.get("class", 0), psi=psi, cutoff=cutoff) for row in z]
        wanted = torch.stack(rows)
        check_same(images(model, z), wanted)


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan_xl"])
def test_w_and_w_plus_make_the_image_of_their_z_whatever_the_truncation(kind: str) -> None:
    state = state_2(classes=4) if kind == "stylegan2" else state_xl(Stem())
    for truncation in ({}, {"psi": 0.7}, {"psi": 0.7, "cutoff": 3}):
        wanted = None
        for latent in ("z", "w", "w+"):
            model = built(kind, state, latent=latent, **{"class": 3}, **truncation)
            drawn = torch.stack([model.draw(generator(seed)) for seed in (1, 2)])
            assert drawn.shape == (2, *model.latent_shape)
            assert (drawn.dtype, drawn.requires_grad) == (torch.float32, False)
            found = images(model, drawn)
            wanted = found if wanted is None else wanted
            check_same(found, wanted, 1e-5)
            assert len(model.latent_shape) == (2 if latent == "w+" else 1)


def test_each_w_of_w_plus_reaches_the_image_and_only_truncated_ones_are_drawn_to_the_mean() -> None:
    model = built("stylegan_xl", state_xl(Stem()), latent="w+", psi=0.5, cutoff=2)
    start = model.draw(generator(0))[None]
    for layer in range(start.shape[1]):
        moved = start.clone()
        moved[0, layer] += 1
        assert float((images(model, moved) - images(model, start)).abs().max()) > 1e-4
    network: Any = model.network
    mean = network.mapping.centre(0)
    assert torch.allclose(network.styles(start)[0, :2], mean + (start[0, :2] - mean) / 2, atol=1e-6)
    assert torch.equal(network.styles(start)[0, 2:], start[0, 2:])


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan_xl"])
def test_a_row_does_not_depend_on_its_neighbours(kind: str) -> None:
    state, width = (state_2(), 7) if kind == "stylegan2" else (state_xl(Stem()), 5)
    model = built(kind, state)
    z = latents(width, 4)
    wild = torch.cat([z[:1], 1e3 * z[1:]])
    alone = images(model, z[:1])
    check_same(images(model, z)[:1], alone, 1e-5)
    check_same(images(model, wild)[:1], alone, 1e-5)
    moving = z.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.network(moving)[2].square().sum(), moving)
    assert float(gradient[2].abs().min()) > 0
    assert float(gradient[[0, 1, 3]].abs().max()) == 0


def test_labels_change_the_image_and_none_is_a_label_of_its_own_for_stylegan2_alone() -> None:
    for kind, state, width in (("stylegan2", state_2(classes=4), 7), ("stylegan_xl", state_xl(Stem()), 5)):
        z = latents(width, 1)
        made = [images(built(kind, state, **{"class": label}), z) for label in (None, 0, 1, "2")]
        apart = [float((one - made[0]).abs().max()) for one in made]
        assert (apart[1] > 1e-3) == (kind == "stylegan2")
        assert min(apart[2:]) > 1e-3


def test_seeded_noise_is_the_same_for_every_image_and_another_for_every_seed() -> None:
    state, z = state_2(), latents(7, 2)
    made = {seed: images(built("stylegan2", state, noise="seeded", noise_seed=seed), z) for seed in (0, 1)}
    again = images(built("stylegan2", state, noise="seeded"), z)
    assert torch.equal(again, made[0])
    check_same(images(built("stylegan2", state, noise="seeded"), z[1:]), made[0][1:], 1e-5)
    without = images(built("stylegan2", state, noise="none"), z)
    assert all(float((one - other).abs().max()) > 1e-2 for one, other in ((made[0], made[1]), (made[0], without)))
    same = torch.cat([z[:1], z[:1]])
    twice = images(built("stylegan2", state, noise="seeded"), same)
    check_same(twice[1], twice[0], 1e-6)


def test_what_changes_the_numbers_stands_on_the_card() -> None:
    state = state_2(classes=4)
    usual = built("stylegan2", state).facts
    for option in (
        {"psi": 0.5},
        {"class": 1},
        {"latent": "w"},
        {"noise": "none"},
        {"noise": "seeded", "noise_seed": 4},
        {"synthesis_kwargs.conv_clamp": 3},
        {"synthesis_kwargs.activation": "relu"},
        {"mapping_kwargs.lr_multiplier": 0.02},
    ):
        assert built("stylegan2", state, **option).facts != usual
    assert built("stylegan2", state, psi=1, cutoff=6, noise="const").facts == usual
    xl = state_xl(Stem())
    assert built("stylegan_xl", xl, conv_clamp=3).facts != built("stylegan_xl", xl).facts
    assert built("stylegan_xl", xl, **{"class": 0}).facts == built("stylegan_xl", xl).facts


def test_latents_of_a_seed_are_numpy_free_and_the_same_each_time() -> None:
    model = built("stylegan2", state_2(), latent="w")
    assert torch.equal(model.draw(generator(3)), model.draw(generator(3)))
    spread = np.std([float(model.draw(generator(seed))[0]) for seed in range(20)])
    assert spread > 0.1


def test_centroids_of_stylegan_xl(tmp_path: Path) -> None:
    path, state = tmp_path / "centroids.npy", state_xl(Stem())
    np.save(path, np.stack([np.zeros(9), np.full(9, 50.0)]).astype(np.float32))
    model = built("stylegan_xl", state, latent="w", psi=0.5, centroids=str(path))
    network: Any = model.network
    w = torch.stack([torch.full((9,), 10.0), torch.full((9,), 48.0)])
    assert torch.allclose(network.styles(w), torch.tensor([5.0, 49.0])[:, None, None])
    assert model.facts != built("stylegan_xl", state, latent="w", psi=0.5).facts
    with pytest.raises(UsageError, match="give psi as well"):
        built("stylegan_xl", state, centroids=str(path))
    np.save(path, np.zeros((2, 8)))
    with pytest.raises(ModelError, match=r"shape \(2, 8\), need \(k, 9\)"):
        built("stylegan_xl", state, psi=0.5, centroids=str(path))
    np.save(path, np.array([{}]), allow_pickle=True)
    with pytest.raises(ModelError, match="cannot be read as an array of numbers"):
        built("stylegan_xl", state, psi=0.5, centroids=str(path))
