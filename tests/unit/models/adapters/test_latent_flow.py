"""A learned generator of latents beside an autoencoder: each latent alone, of any size, by its seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file, save_file

from tests.unit.models.tiny import build
from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import generator
from wherefrom.images.batches import to_pixels
from wherefrom.models.adapters.latent_flow import LatentFlow, read_flow
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder
from wherefrom.models.adapters.latent_statistics import fit_latents
from wherefrom.models.opening.autoencoder import open_autoencoder

MEAN, DEVIATION = [1.0, -2.0, 0.5, 0.0], [0.5, 1.0, 2.0, 0.1]
SEEDS = np.array([3, 2**63 + 1, 4, 3], dtype=np.uint64)


def _unet(channels: int = 4, **more: Any) -> UNet2DModel:
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(5)
        return UNet2DModel(
            in_channels=channels,
            out_channels=channels,
            block_out_channels=(8, 8, 16),
            down_block_types=["DownBlock2D"] * 3,
            up_block_types=["UpBlock2D"] * 3,
            layers_per_block=1,
            norm_num_groups=4,
            attention_head_dim=8,
            **more,
        ).half()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An autoencoder of factor 2 with 4 channels, with statistics of latents and a generator of them."""
    build("kl").save_pretrained(tmp_path)
    latents = [torch.randn((4, 32, 32), generator=generator(seed)) for seed in range(4)]
    save_file(fit_latents(latents), tmp_path / "latents.safetensors")
    _unet().save_pretrained(tmp_path / "flow", safe_serialization=True)
    _say(tmp_path, steps=4, shift=2.0, least=8, mean=MEAN, deviation=DEVIATION)
    return tmp_path


def _say(folder: Path, **said: Any) -> None:
    path = folder / "flow" / "sampler.json"
    old = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(old | said))


def _draw(model: DiffusersAutoencoder, *seeds: int, size: tuple[int, int] = (32, 48)) -> torch.Tensor:
    return model.draw(np.array(seeds, dtype=np.uint64), size=size)


@pytest.mark.parametrize("size", [(34, 22), (2, 2)])
def test_a_latent_is_that_of_its_seed_alone_whatever_its_neighbours_and_size(
    folder: Path, size: tuple[int, int]
) -> None:
    model = open_autoencoder(folder)
    drawn = model.draw(SEEDS, size=size)
    assert drawn.shape == (4, 4, size[0] // 2, size[1] // 2)
    assert drawn.dtype == torch.float32
    assert torch.equal(drawn[0], drawn[3])
    assert not torch.equal(drawn[0], drawn[1])
    again = torch.cat([model.draw(SEEDS[place : place + 1], size=size) for place in (3, 2, 1, 0)]).flip(0)
    assert torch.equal(drawn, again)
    with torch.no_grad():
        assert (
            to_pixels(model.decode(drawn)) == to_pixels(model.decode(open_autoencoder(folder).draw(SEEDS, size=size)))
        ).all()
    assert model.draw(SEEDS[:0], size=size).shape == (0, 4, size[0] // 2, size[1] // 2)


def test_a_small_or_odd_latent_is_the_corner_of_the_least_that_the_network_takes(folder: Path) -> None:
    model = open_autoencoder(folder)
    for size, whole in (((4, 10), (16, 16)), ((18, 34), (24, 40))):
        corner = _draw(model, 7, size=whole)[:, :, : size[0] // 2, : size[1] // 2]
        assert torch.equal(_draw(model, 7, size=size), corner)


def test_a_draw_follows_the_velocity_from_noise_and_has_the_units_of_the_latents(folder: Path) -> None:
    """The network's last layer is made a constant `c`, so that noise moves by `c` whatever the steps."""
    moved = torch.tensor([1.0, 2.0, -1.0, 0.0])
    path = folder / "flow" / "diffusion_pytorch_model.safetensors"
    state = load_file(path)
    state["conv_out.weight"].zero_()
    state["conv_out.bias"].copy_(moved)
    save_file(state, path)
    noise = torch.randn((4, 16, 24), generator=generator(9))
    mean, deviation = (torch.tensor(numbers)[:, None, None] for numbers in (MEAN, DEVIATION))
    expected = (noise + moved[:, None, None]) * deviation + mean
    torch.testing.assert_close(_draw(open_autoencoder(folder), 9)[0], expected, rtol=0, atol=1e-5)


def test_steps_are_of_the_midpoint_rule() -> None:
    """Of a velocity `x t` the way is `exp(t^2 / 2)`; each step of the rule is a factor in closed form."""
    times = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
    flow = LatentFlow(
        channels=4,
        times=times,
        least=8,
        multiple=4,
        _mean=torch.zeros(4, 1, 1),
        _deviation=torch.ones(4, 1, 1),
        _module=lambda state, time: SimpleNamespace(sample=state * time[:, None, None, None] / 1000),
    )
    factor = 1.0
    for before, after in pairwise(times):
        factor *= 1 + (after - before) * (before + after) / 2 * (1 + (after - before) / 2 * before)
    assert factor == pytest.approx(np.exp(0.5), rel=0.01)
    noise = torch.randn((4, 8, 12), generator=generator(2))
    torch.testing.assert_close(flow.draw(2, (8, 12)), noise * factor, rtol=1e-5, atol=1e-6)


def test_a_shift_makes_steps_shorter_near_noise(folder: Path) -> None:
    for shift, expected in ((1, [0, 0.25, 0.5, 0.75, 1]), (2.0, [0, 1 / 7, 1 / 3, 0.6, 1])):
        _say(folder, shift=shift)
        flow = read_flow(folder / "flow", 4)
        assert flow.times == pytest.approx(expected)
        assert flow.parameters == sum(value.numel() for value in _unet().parameters())


def test_the_starts_of_searches_stay_those_of_the_statistics(folder: Path) -> None:
    learned = open_autoencoder(folder)
    for file in (folder / "flow").iterdir():
        file.unlink()
    plain = open_autoencoder(folder)
    assert torch.equal(learned.search_starts(SEEDS, size=(32, 48)), plain.search_starts(SEEDS, size=(32, 48)))
    assert torch.equal(plain.draw(SEEDS, size=(32, 48)), plain.search_starts(SEEDS, size=(32, 48)))
    assert not torch.equal(learned.draw(SEEDS, size=(32, 48)), plain.draw(SEEDS, size=(32, 48)))
    assert learned.card.digest == plain.card.digest, "no score depends on how latents are drawn"


def test_a_draw_can_be_searched_from(folder: Path) -> None:
    """Drawn without a graph, and no inference tensors either, which could not require a gradient."""
    with torch.inference_mode():
        model = open_autoencoder(folder)
    latents = _draw(model, 1).requires_grad_()
    model.decode(latents).sum().backward()
    assert latents.grad is not None


def _other_class(folder: Path) -> None:
    path = folder / "flow" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"_class_name": "UNet2DConditionModel"}))


def _other_weights(folder: Path) -> None:
    path = folder / "flow" / "diffusion_pytorch_model.safetensors"
    state = load_file(path)
    save_file({key: value for key, value in state.items() if key != "conv_in.bias"}, path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "flow" / "config.json").unlink(), r"has no config\.json: the download or copy"),
        (lambda folder: (folder / "flow" / "sampler.json").write_text("{"), r"sampler\.json"),
        (_other_class, "is of class 'UNet2DConditionModel', need UNet2DModel"),
        (_other_weights, "conv_in.bias is missing"),
        (lambda folder: (folder / "flow" / "diffusion_pytorch_model.safetensors").write_bytes(b"short"), "safetensors"),
        (lambda folder: _unet(3).save_pretrained(folder / "flow"), "from 3 to 3 channels, need 4 to 4"),
        (lambda folder: _unet(num_class_embeds=2).save_pretrained(folder / "flow"), "and no classes"),
        (lambda folder: _say(folder, steps=0), "has steps=0, need a whole number from 1 to 1000"),
        (lambda folder: _say(folder, steps=True), "has steps=True"),
        (lambda folder: _say(folder, shift=0), "has shift=0, need a number from 0.01 to 100"),
        (lambda folder: _say(folder, least=1000), "has least=1000, need a whole number from 1 to 64"),
        (lambda folder: _say(folder, mean=[1.0, 2.0]), r"has mean=\[1.0, 2.0\], need 4 finite numbers"),
        (lambda folder: _say(folder, deviation=["1"] * 4), "has deviation="),
        (lambda folder: _say(folder, deviation=[float("nan")] * 4), "need 4 finite numbers"),
    ],
)
def test_a_generator_that_does_not_fit_is_refused(folder: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(folder)
    with pytest.raises(ModelError, match=message):
        open_autoencoder(folder)
