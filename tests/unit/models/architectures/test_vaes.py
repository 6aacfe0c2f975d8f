"""The VAEs of Burgess et al. and of lightning-bolts, against their formulas written out without modules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as f

from tests.shared import shared_data
from tests.unit.models.adapters.test_generator import burgess
from tests.unit.models.architectures.random_weights import drawn
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.architectures import bolts_vae, burgess_vae, load
from wherefrom.models.base import Autoencoder
from wherefrom.models.load import load_model

State = dict[str, torch.Tensor]
WIDTHS = (4, 6, 8, 10)
NARROW = (8, 6, 4, 4)


def _bolts(seed: int = 0) -> State:
    encoder = drawn(bolts_vae._Encoder(WIDTHS, 7, "none"), seed)
    decoder = drawn(bolts_vae._Decoder(NARROW, 10, 7, 32, "none"), seed + 1)
    other = {"fc_var.weight": torch.ones(7, 10), "fc_var.bias": torch.ones(7)}
    return encoder | {f"decoder.{name}": tensor for name, tensor in decoder.items()} | other


def _layers(state: State, half: str, names: tuple[str, ...]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(state[f"{half}.{name}.weight"], state[f"{half}.{name}.bias"]) for name in names]


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("side", [32, 64])
def test_burgess_is_what_the_paper_says(grey: bool, side: int) -> None:
    state = burgess()
    convs: tuple[str, ...] = ("conv1", "conv2", "conv3")
    ups: tuple[str, ...] = ("convT1", "convT2", "convT3")
    if side == 64:
        state |= {name.replace("conv2", "conv_64"): value for name, value in burgess(1).items() if "conv2" in name}
        state |= {name.replace("convT2", "convT_64"): value for name, value in burgess(2).items() if "convT2" in name}
        convs, ups = (*convs, "conv_64"), ("convT_64", *ups)
    if grey:
        state["encoder.conv1.weight"] = state["encoder.conv1.weight"][:, :1]
        state["decoder.convT3.weight"] = state["decoder.convT3.weight"][:, :1]
        state["decoder.convT3.bias"] = state["decoder.convT3.bias"][:1]
    built = burgess_vae.ARCHITECTURE.build(state, {})
    assert (built.size, built.latent_shape) == ((side, side), (5,))
    x = torch.rand((2, 1 if grey else 3, side, side), generator=generator(0))
    z = torch.randn((2, 5), generator=generator(1))
    images = x.expand(-1, 3, -1, -1)
    with torch.no_grad():
        assert built.encoder is not None
        found, made = built.encoder(images), built.network(z)
        for weight, bias in _layers(state, "encoder", convs):
            x = f.conv2d(x, weight, bias, stride=2, padding=1).relu()
        x = x.flatten(1)
        for weight, bias in _layers(state, "encoder", ("lin1", "lin2")):
            x = (x @ weight.T + bias).relu()
        ((weight, bias),) = _layers(state, "encoder", ("mu_logvar_gen",))
        mean = (x @ weight.T + bias).reshape(2, 5, 2)[..., 0]
        for weight, bias in _layers(state, "decoder", ("lin1", "lin2", "lin3")):
            z = (z @ weight.T + bias).relu()
        z = z.reshape(2, 8, 4, 4)
        for weight, bias in _layers(state, "decoder", ups):
            z = f.conv_transpose2d(z.relu(), weight, bias, stride=2, padding=1)
    torch.testing.assert_close(found, mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(made, 1 / (1 + (-z).exp()), rtol=1e-5, atol=1e-6)


def _norm(x: torch.Tensor, w: State, name: str) -> torch.Tensor:
    mean, var, scale, shift = (
        w[f"{name}.{end}"].reshape(-1, 1, 1) for end in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (var + 1e-5).sqrt() * scale + shift


def _twice(x: torch.Tensor) -> torch.Tensor:
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def _down(x: torch.Tensor, w: State, name: str, stride: int) -> torch.Tensor:
    inner = _norm(f.conv2d(x, w[f"{name}.conv1.weight"], stride=stride, padding=1), w, f"{name}.bn1").relu()
    inner = _norm(f.conv2d(inner, w[f"{name}.conv2.weight"], padding=1), w, f"{name}.bn2")
    if f"{name}.downsample.0.weight" in w:
        x = _norm(f.conv2d(x, w[f"{name}.downsample.0.weight"], stride=stride), w, f"{name}.downsample.1")
    return (inner + x).relu()


def _up(x: torch.Tensor, w: State, name: str, doubled: bool) -> torch.Tensor:
    end = ".1" if doubled else ""
    inner = _norm(f.conv2d(x, w[f"{name}.conv1.weight"], padding=1), w, f"{name}.bn1").relu()
    inner = _twice(inner) if doubled else inner
    inner = _norm(f.conv2d(inner, w[f"{name}.conv2{end}.weight"], padding=1), w, f"{name}.bn2")
    if f"{name}.upsample.0{end}.weight" in w:
        x = _norm(f.conv2d(_twice(x) if doubled else x, w[f"{name}.upsample.0{end}.weight"]), w, f"{name}.upsample.1")
    return (inner + x).relu()


def test_bolts_is_what_its_program_computes() -> None:
    state = _bolts()
    assert bolts_vae.ARCHITECTURE.recognise({name: tuple(value.shape) for name, value in state.items()})
    built = bolts_vae.ARCHITECTURE.build(state, {})
    mean = torch.tensor([125.3, 123.0, 113.9])[:, None, None] / 255
    deviation = torch.tensor([63.0, 62.1, 66.7])[:, None, None] / 255
    images = torch.rand((2, 3, 32, 32), generator=generator(0))
    z = torch.randn((2, 7), generator=generator(1))
    with torch.no_grad():
        assert built.encoder is not None
        found, made = built.encoder.eval()(images), built.network.eval()(z)
        x = (images - mean) / deviation
        x = _norm(f.conv2d(x, state["encoder.conv1.weight"], padding=1), state, "encoder.bn1").relu()
        for stage in range(4):
            for block in range(2):
                x = _down(x, state, f"encoder.layer{stage + 1}.{block}", 2 if stage and not block else 1)
        latents = x.mean((2, 3)) @ state["fc_mu.weight"].T + state["fc_mu.bias"]
        y = (z @ state["decoder.linear.weight"].T + state["decoder.linear.bias"]).reshape(2, 10, 4, 4)
        for stage in range(4):
            for block in range(2):
                y = _up(y, state, f"decoder.layer{stage + 1}.{block}", stage < 3 and block == 0)
        y = f.conv2d(y, state["decoder.conv1.weight"], padding=1) * deviation + mean
    torch.testing.assert_close(found, latents, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(made, y, rtol=1e-4, atol=1e-5)


def test_bolts_from_a_checkpoint_of_its_trainer(tmp_path: Path) -> None:
    checkpoint = {"state_dict": _bolts(), "epoch": 89, "hyper_parameters": {"input_height": 48, "lr": 1e-4}}
    torch.save(checkpoint, tmp_path / "vae.ckpt")
    model: Any = load_model(str(tmp_path / "vae.ckpt"), device="cpu")
    assert isinstance(model, Autoencoder)
    assert (model.size, model.card.facts["architecture"]) == ((48, 48), "bolts_vae")
    with torch.no_grad():
        assert model.encode(model.decode(model.draw(np.arange(3, dtype=np.uint64)))).shape == (3, 7)
    plain = load_model(str(tmp_path / "vae.ckpt"), device="cpu", options={"normalisation": "none"})
    assert plain.card.digest != model.card.digest
    assert plain.card.facts["decoder"] == model.card.facts["decoder"]
    with pytest.raises(UsageError, match="size=20, need a multiple of 8"):
        load_model(str(tmp_path / "vae.ckpt"), device="cpu", options={"size": 20})


@pytest.mark.parametrize("name", ["burgess_vae", "bolts_vae"])
def test_weights_that_do_not_fit_are_refused(name: str) -> None:
    kind = load(name)
    whole = burgess() if name == "burgess_vae" else _bolts()
    first = next(key for key in whole if key.startswith("decoder.") and key.endswith("weight"))
    harmed = {
        "is missing": {key: value for key, value in whole.items() if key != first},
        "is not expected": whole | {"decoder.more": torch.ones(1)},
        "has shape": whole | {first: torch.ones(2, *whole[first].shape[1:])},
    }
    for words, state in harmed.items():
        with pytest.raises(ModelError, match=f"do not fit .*(VAE|vae).*{words}"):
            kind.build(state, {})
    assert not kind.recognise({"encoder.conv1.weight": (4, 3, 3, 3)})


def test_halves_that_do_not_fit_each_other_are_refused() -> None:
    state = burgess()
    state["encoder.mu_logvar_gen.weight"] = torch.ones(8, 16)
    state["encoder.mu_logvar_gen.bias"] = torch.ones(8)
    with pytest.raises(ModelError, match=re.escape("gives 8 moments of images of 3 channels, the decoder takes 5")):
        load("burgess_vae").build(state, {})
    with pytest.raises(ModelError, match="stray is not expected"):
        load("burgess_vae").build(burgess() | {"stray": torch.ones(1)}, {})


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "side", "grey"), [("VAE_celeba", 64, False), ("btcvae_celeba", 64, False), ("VAE_mnist", 32, True)]
)
def test_a_real_vae_finds_its_own_latents_again(file: str, side: int, grey: bool) -> None:
    model: Any = load_model(str(shared_data(f"generators/burgess_vae/{file}.pt")), device="cpu")
    assert (model.size, model.latent_shape) == ((side, side), (10,))
    with torch.no_grad():
        latents = model.draw(np.arange(64, dtype=np.uint64))
        images = model.decode(latents)
        found = model.encode(images)
        again = model.decode(found)
    assert torch.equal(images[:, 0], images[:, 1]) == grey
    assert 0 <= float(images.min()) < float(images.max()) <= 1
    spread = (images - images.mean(0)).square().mean()
    assert float((again - images).square().mean()) < 0.1 * float(spread)
    for number in range(10):
        assert float(torch.corrcoef(torch.stack([found[:, number], latents[:, number]]))[0, 1]) > 0.9
