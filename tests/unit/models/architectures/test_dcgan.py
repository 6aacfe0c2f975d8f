"""Stacks of transposed convolutions: their layout is found by what batch norm recorded, or said, or refused."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.shared import shared_data
from tests.unit.models.architectures.stacks import STACKS, trained
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.architectures import load
from wherefrom.models.architectures.dcgan.evidence import convolved, disagreement, whitened
from wherefrom.models.architectures.dcgan.network import Step
from wherefrom.models.architectures.dcgan.parts import parts_of
from wherefrom.models.base import Autoencoder, Decoder
from wherefrom.models.checkpoints.read import read_weights
from wherefrom.models.load import load_model

State = dict[str, torch.Tensor]
DCGAN = load("dcgan")


def _shapes(state: State) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _untrained(state: State) -> State:
    """The same weights, with batch norm as it is before the first batch."""
    start = {"running_mean": 0.0, "running_var": 1.0}
    return {
        name: torch.full_like(tensor, start[name.rpartition(".")[2]]) if name.endswith(tuple(start)) else tensor
        for name, tensor in state.items()
    }


@pytest.mark.parametrize("name", STACKS)
def test_the_layout_is_found_and_the_images_are_the_authors(name: str) -> None:
    stack, network, state = trained(name)
    assert DCGAN.recognise(_shapes(state))
    built = DCGAN.build(state, {})
    assert built.size == (stack.size, stack.size)
    assert built.latent_shape == (stack.latent,)
    assert (built.facts["stride"], built.facts["padding"]) == (stack.stride, stack.padding)
    assert built.facts["output_padding"] == (stack.extra or (0,) * len(stack.stride))
    assert (built.facts["activation"], built.facts["prior"]) == (stack.activation, stack.prior)
    latents = stack.inputs(3, seed=5)
    with torch.no_grad():
        torch.testing.assert_close(
            built.network.eval()(latents), network(stack.shaped(latents)) / 2 + 0.5, rtol=0, atol=1e-6
        )


def test_latents_are_drawn_from_the_prior_that_was_found() -> None:
    for name in ("plain-32", "grey-28"):
        stack, _, state = trained(name)
        built = DCGAN.build(state, {})
        drawn = torch.stack([built.draw(generator(seed)) for seed in range(200)])
        if stack.prior == "uniform":
            assert 0.95 < float(drawn.abs().max()) <= 1
        else:
            assert 0.9 < float(drawn.std()) < 1.1
            assert float(drawn.abs().max()) > 2


def test_a_safetensors_file_sorts_its_names_and_is_the_same_model(tmp_path: Path) -> None:
    stack, _, own = trained("odd-28")
    state = {key: value.contiguous() for key, value in own.items()}
    torch.save({"epoch": 3, "netG_state_dict": state, "netD_state_dict": {"a": torch.ones(1)}}, tmp_path / "a.pth")
    save_file(state, tmp_path / "b.safetensors")
    save_file({f"module.{key}": value for key, value in state.items()}, tmp_path / "c.safetensors")
    models = [load_model(str(tmp_path / file), device="cpu") for file in ("a.pth", "b.safetensors", "c.safetensors")]
    assert len({model.card.digest for model in models}) == 1
    assert models[0].card.facts["stride"] == stack.stride


def test_without_statistics_the_options_are_named_and_are_enough() -> None:
    stack, trained_network, own = trained("plain-32")
    network, state = copy.deepcopy(trained_network), _untrained(own)
    with pytest.raises(ModelError, match="no batch norm recorded it") as caught:
        DCGAN.build(state, {})
    for option in ("stride=", "padding=", "activation=", "prior="):
        assert option in str(caught.value)
    said: dict[str, Any] = {"stride": "1,2,2,2", "padding": (0, 1, 1, 1), "activation": "relu", "prior": "normal"}
    built = DCGAN.build(state, said)
    assert built.size == (32, 32)
    assert built.notes == {}, "nothing was found by statistics"
    for missing in said:
        with pytest.raises(ModelError, match="recorded it"):
            DCGAN.build(state, {key: value for key, value in said.items() if key != missing})
    network.load_state_dict({key.replace("main.", "main_"): value for key, value in state.items()})
    latents = stack.inputs(2)
    with torch.no_grad():
        expected = network(stack.shaped(latents)) / 2 + 0.5
        torch.testing.assert_close(built.network.eval()(latents), expected, rtol=0, atol=1e-6)


def test_options_lead_where_no_size_is_standard() -> None:
    _, _, state = trained("plain-32")
    said = {"stride": "1,2,2,1", "padding": "0,1,1,1", "activation": "relu", "prior": "normal"}
    assert DCGAN.build(state, said).size == (17, 17)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("stride", "1,2,2", "stride=1,2,2 has 3 numbers, need one a convolution, of which there are 4 (4x4, 4x4"),
        ("stride", "one", "need whole numbers"),
        ("stride", "1,1,1,1", "no layout of 'main.3' leads to images of 28, 32, 64, 128"),
        ("activation", "swish", "activation='swish', need one of relu, leaky-0.2"),
        ("activation", "relu,relu", "names 2, need 1 or one a hidden layer: 3"),
        ("prior", "cauchy", "need one of normal, uniform"),
        ("output", "relu", "need one of tanh, sigmoid, none"),
        ("label", 3, "this generator has no classes"),
        ("activation", "tanh", "no layout of 'main.3' that is known agrees"),
    ],
)
def test_options_that_do_not_fit_are_refused(option: str, value: Any, words: str) -> None:
    _, _, state = trained("plain-32")
    with pytest.raises((ModelError, UsageError), match=re.escape(words)):
        DCGAN.build(state, {option: value})


def test_what_the_statistics_contradict_is_refused() -> None:
    """An order of layers that is not known: the activation before batch norm."""
    layers = [nn.ConvTranspose2d(16, 48, 4), nn.ReLU(), nn.BatchNorm2d(48), nn.ConvTranspose2d(48, 32, 4, 2, 1)]
    network = nn.Sequential(*layers, nn.ReLU(), nn.BatchNorm2d(32), nn.ConvTranspose2d(32, 3, 4, 4, 0))
    source = generator(3)
    with torch.no_grad():
        for tensor in network.parameters():
            tensor.copy_(torch.randn(tensor.shape, generator=source) / 8)
        for _ in range(100):
            network(torch.randn((64, 16, 1, 1), generator=source))
    with pytest.raises(ModelError, match="prior of the latents that is known agrees"):
        DCGAN.build(dict(network.state_dict()), {})


def test_the_output_and_its_name_on_the_card(tmp_path: Path) -> None:
    torch.save(trained("grey-28")[2], tmp_path / "g.pt")
    outputs = {}
    cards = {}
    for output in ("tanh", "sigmoid", "none"):
        model: Any = load_model(str(tmp_path / "g.pt"), device="cpu", options={"output": output})
        with torch.no_grad():
            outputs[output] = model.decode(model.draw(np.arange(3, dtype=np.uint64)))
        cards[output] = model.card
    raw = outputs["none"] * 2 - 1
    torch.testing.assert_close(outputs["tanh"], raw.tanh() / 2 + 0.5)
    torch.testing.assert_close(outputs["sigmoid"], raw.sigmoid())
    assert torch.equal(outputs["tanh"][:, :1].expand(-1, 3, -1, -1), outputs["tanh"]), "grey: one channel three times"
    assert len({card.digest for card in cards.values()}) == 3
    assert len({card.facts["decoder"] for card in cards.values()}) == 1


def _labelled(way: str) -> tuple[State, nn.Sequential, torch.Tensor]:
    """A conditional stack: its weights with the table of labels, the network behind the label, the vectors."""
    source = generator(8)
    classes, length = 5, {"beside": 6, "times": 16, "one-hot": 5}[way]
    vectors = torch.eye(5) if way == "one-hot" else torch.randn((classes, length), generator=source)
    inputs = 16 if way == "times" else 16 + length
    layers = [nn.ConvTranspose2d(inputs, 48, 7, bias=False), nn.BatchNorm2d(48), nn.ReLU()]
    layers += [nn.ConvTranspose2d(48, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
    network = nn.Sequential(*layers, nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh())
    with torch.no_grad():
        for tensor in network.parameters():
            tensor.copy_(torch.randn(tensor.shape, generator=source) / 8)
        for layer in network:
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = None
        for _ in range(20):
            latents = torch.randn((128, 16), generator=source)
            labels = vectors[torch.randint(classes, (128,), generator=source)]
            network(latents_with(latents, labels, way)[:, :, None, None])
    state = {f"main.{name}": tensor for name, tensor in network.state_dict().items()}
    return ({} if way == "one-hot" else {"label_emb.weight": vectors}) | state, network.eval(), vectors


def latents_with(latents: torch.Tensor, labels: torch.Tensor, way: str) -> torch.Tensor:
    return latents * labels if way == "times" else torch.cat([labels, latents], 1)


@pytest.mark.parametrize("way", ["beside", "times", "one-hot"])
def test_a_conditional_generator_makes_the_class_that_is_named(way: str) -> None:
    state, network, vectors = _labelled(way)
    told: dict[str, Any] = {"classes": 5} if way == "one-hot" else {}
    assert DCGAN.recognise(_shapes(state))
    with pytest.raises(UsageError, match="5 classes: say which one by the option label=0 to 4"):
        DCGAN.build(state, told)
    with pytest.raises(UsageError, match="from 0 below 5"):
        DCGAN.build(state, told | {"label": 5})
    latents = torch.randn((3, 16), generator=generator(1))
    for label in (0, 4):
        built = DCGAN.build(state, told | {"label": label})
        assert built.latent_shape == (16,)
        assert built.facts["label"] == label
        assert built.facts["label_order"] == ("last" if way == "times" else "first")
        with torch.no_grad():
            given = latents_with(latents, vectors[label].expand(3, -1), way)
            expected = network(given[:, :, None, None]) / 2 + 0.5
            torch.testing.assert_close(built.network.eval()(latents), expected, rtol=0, atol=1e-6)


def test_settings_of_the_training_program_are_no_options(tmp_path: Path) -> None:
    _, _, state = trained("grey-28")
    recorded = {"state_dict": state, "nz": 20, "epoch": 25, "args": {"output": "results/", "activation": "mine"}}
    torch.save(recorded, tmp_path / "g.pth")
    assert load_model(str(tmp_path / "g.pth"), device="cpu").card.facts["output"] == "tanh"


def test_other_weights_are_not_taken_for_a_stack() -> None:
    discriminator = nn.Sequential(nn.Conv2d(3, 16, 4, 2, 1), nn.Conv2d(16, 32, 4, 2, 1), nn.Conv2d(32, 1, 4))
    norm_first = nn.Sequential(nn.BatchNorm2d(8), nn.ConvTranspose2d(8, 8, 4), nn.ConvTranspose2d(8, 5, 4))
    for network in (discriminator, norm_first, nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))):
        assert not DCGAN.recognise(_shapes(dict(network.state_dict())))
    with pytest.raises(ModelError, match="no stack of transposed convolutions"):
        DCGAN.build(dict(discriminator.state_dict()), {})
    _, _, state = trained("plain-32")
    for harm in (
        {"extra.weight": torch.ones(3)},
        {"main.3.weight": torch.ones(40, 32, 4, 4)},
        {"main.1.running_mean": torch.ones(7)},
    ):
        assert not DCGAN.recognise(_shapes(state | harm))


REAL = {
    "dcgan32_celeba.pt": (32, 100, "uniform", (1, 1, 2, 2, 2), ("none", "leaky-0.2", "leaky-0.2", "leaky-0.2")),
    "wgangp28_mnist.pt": (28, 64, "normal", (1, 1, 2, 2), ("relu",) * 3),
    "dcgan28_mnist.pt": (28, 100, "normal", (1, 2, 2), ("relu",) * 2),
}


@pytest.mark.data
@pytest.mark.parametrize("file", REAL)
def test_real_generators_are_laid_out_as_their_authors_say(file: str) -> None:
    side, latent, prior, stride, activation = REAL[file]
    model = load_model(str(shared_data(f"generators/{file}")), device="cpu")
    assert isinstance(model, Decoder)
    assert not isinstance(model, Autoencoder)
    facts = model.card.facts
    assert model.size == (side, side)
    assert model.draw(np.arange(2, dtype=np.uint64)).shape == (2, latent)
    assert (facts["prior"], facts["stride"], facts["activation"]) == (prior, stride, activation)
    with torch.no_grad():
        images = model.decode(model.draw(np.arange(40, dtype=np.uint64)))
    assert float(images.std(0).mean()) > 0.05, "draws differ"
    grey = torch.equal(images[:, 0], images[:, 1])
    assert grey == file.endswith("mnist.pt")
    if grey:
        assert float((images < 0.05).float().mean()) > 0.6, "a digit stands on black"
    else:
        smooth = (images[..., 1:] - images[..., :-1]).abs().mean() / images.std()
        assert float(smooth) < 0.5, "a face is smooth"


@pytest.mark.data
@pytest.mark.parametrize("file", REAL)
def test_the_first_batch_norm_knows_the_prior(file: str) -> None:
    state = read_weights(shared_data(f"generators/{file}"))
    parts = parts_of(_shapes(state))
    assert parts is not None
    first = parts.layers[0]
    scores = {}
    for name, drawn in (
        ("normal", torch.randn((512, first.inputs), generator=generator(0))),
        ("uniform", torch.rand((512, first.inputs), generator=generator(0)) * 2 - 1),
    ):
        made = convolved(whitened(drawn)[:, :, None, None], first, Step("up"), state)
        scores[name] = disagreement(made, first, state)
    right = REAL[file][2]
    wrong = next(name for name in scores if name != right)
    assert scores[right] < 0.05
    assert scores[wrong] > 1, "a variance of 1/3 for 1, or 1 for 1/3: log 3 is 1.1"
