"""From a path to a generator: which kind it is, options from three places, and files that are something else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.unit.models.adapters.test_generator import burgess
from tests.unit.models.architectures.stacks import trained
from tests.unit.models.tiny import build
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures import load, names
from wherefrom.models.architectures.base.table import TABLE, listed, made
from wherefrom.models.checkpoints.recognise import looks_like
from wherefrom.models.load import load_model

State = dict[str, torch.Tensor]


def _discriminator() -> State:
    layers = [nn.Conv2d(3, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.BatchNorm2d(32)]
    return dict(nn.Sequential(*layers, nn.Conv2d(32, 1, 8)).state_dict())


def _classifier() -> State:
    layers = [nn.Conv2d(3, 16, 3), nn.Conv2d(16, 32, 3), nn.Flatten(), nn.Linear(32 * 9, 10)]
    return dict(nn.Sequential(*layers).state_dict())


def test_each_kind_knows_its_own_weights_and_no_other() -> None:
    weights = {"dcgan": trained("plain-32")[2], "burgess_vae": burgess()}
    foreign = {"autoencoder": dict(build("kl").state_dict()), "raw": {"1.weight": torch.ones(64, 4, 3, 3)}}
    for name, state in {**weights, **foreign, "discriminator": _discriminator()}.items():
        shapes = {key: tuple(value.shape) for key, value in state.items()}
        assert [kind for kind in names() if load(kind).recognise(shapes)] == ([name] if name in weights else [])


@pytest.mark.parametrize("prefix", ["", "module.", "netG.", "generator.module.", "module.generator."])
def test_names_may_stand_behind_a_prefix(prefix: str, tmp_path: Path) -> None:
    state = {f"{prefix}{name}": tensor for name, tensor in burgess().items()}
    others = {"netD.0.weight": torch.ones(3)} if prefix not in ("", "module.") else {}
    torch.save({"state_dict": state | others}, tmp_path / "a.ckpt")
    torch.save(burgess(), tmp_path / "b.pt")
    found, plain = (load_model(str(tmp_path / file), device="cpu") for file in ("a.ckpt", "b.pt"))
    assert found.card.digest == plain.card.digest


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_discriminator_and_a_classifier_are_said_to_be_one(suffix: str, tmp_path: Path) -> None:
    for state, words in ((_discriminator(), "a discriminator"), (_classifier(), "a classifier or an encoder")):
        path = tmp_path / f"x{suffix}"
        save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
        with pytest.raises(ModelError, match=f"looks like {words}, need the weights of a generator or of an auto"):
            load_model(str(path), device="cpu")


def test_an_optimiser_is_said_to_be_one(tmp_path: Path) -> None:
    network = nn.Linear(2, 2)
    optimiser = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    torch.save(optimiser.state_dict(), tmp_path / "optim.pt")
    torch.save({"0.exp_avg": torch.ones(2), "0.exp_avg_sq": torch.ones(2)}, tmp_path / "flat.pt")
    for file in ("optim.pt", "flat.pt"):
        with pytest.raises(ModelError, match="the state of an optimiser"):
            load_model(str(tmp_path / file), device="cpu")


def test_what_is_neither_keeps_the_message_for_autoencoders(tmp_path: Path) -> None:
    torch.save({"transformer_blocks.0.weight": torch.ones(2, 2)}, tmp_path / "x.pt")
    with pytest.raises(ModelError, match="looks like a diffusion transformer"):
        load_model(str(tmp_path / "x.pt"), device="cpu")


def test_an_autoencoder_is_still_one_and_has_no_options(tmp_path: Path) -> None:
    state = {key: value.contiguous() for key, value in build("kl").state_dict().items()}
    save_file(state, tmp_path / "vae.safetensors")
    assert load_model(str(tmp_path / "vae.safetensors"), device="cpu").card.facts["architecture"] == "AutoencoderKL"
    with pytest.raises(UsageError, match="no generator that is known, so it has no options prior"):
        load_model(str(tmp_path / "vae.safetensors"), device="cpu", options={"prior": "normal"})
    for name in ("toy", "zoo:kl-f8-a"):
        with pytest.raises(UsageError, match="has no options, got prior"):
            load_model(name, device="cpu", options={"prior": "normal"})


def test_the_users_word_leads_over_the_file_beside_it(tmp_path: Path) -> None:
    torch.save(trained("grey-28")[2], tmp_path / "g.pt")
    (tmp_path / "g.json").write_text(json.dumps({"output": "sigmoid", "prior": "uniform", "about": {"by": "me"}}))
    model: Any = load_model(str(tmp_path / "g.pt"), device="cpu")
    assert model.card.facts["output"] == "sigmoid"
    assert "options" not in model.card.notes
    said: Any = load_model(str(tmp_path / "g.pt"), device="cpu", options={"output": "none"})
    assert (said.card.facts["output"], said.card.facts["prior"]) == ("none", "uniform")
    assert said.card.notes["options"] == (("output", "none"),)
    again = load_model(str(said.card.notes["source"]), device="cpu", options=dict(said.card.notes["options"]))
    assert again.card == said.card


@pytest.mark.parametrize(("text", "words"), [("{", "cannot be read as JSON"), ("[1]", "holds list, need an object")])
def test_a_damaged_file_beside_it_is_refused(text: str, words: str, tmp_path: Path) -> None:
    torch.save(burgess(), tmp_path / "g.pt")
    (tmp_path / "g.json").write_text(text)
    with pytest.raises(ModelError, match=words):
        load_model(str(tmp_path / "g.pt"), device="cpu")


def test_an_option_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    torch.save(trained("grey-28")[2], tmp_path / "g.pt")
    with pytest.raises(UsageError, match=re.escape("dcgan has no option priors: it has stride, padding")) as caught:
        load_model(str(tmp_path / "g.pt"), device="cpu", options={"priors": "normal"})
    assert "did you mean 'prior'?" in str(caught.value)


def test_the_kind_and_the_part_can_be_said(tmp_path: Path) -> None:
    torch.save({"g": burgess(0), "g_ema": burgess(1)}, tmp_path / "g.pt")
    digests = {
        part: load_model(str(tmp_path / "g.pt"), device="cpu", options={"part": part}).card.facts["decoder"]
        for part in ("g", "g_ema")
    }
    assert digests["g"] != digests["g_ema"]
    with pytest.raises(ModelError, match="no stack of transposed convolutions"):
        load_model(str(tmp_path / "g.pt"), device="cpu", options={"part": "g", "architecture": "dcgan"})
    with pytest.raises(UsageError, match="no architecture 'dcgn' among"):
        load_model(str(tmp_path / "g.pt"), device="cpu", options={"part": "g", "architecture": "dcgn"})


def test_opening_draws_no_global_random_number(tmp_path: Path) -> None:
    torch.save(trained("grey-28")[2], tmp_path / "g.pt")
    before = torch.get_rng_state()
    with torch.inference_mode():
        model: Any = load_model(str(tmp_path / "g.pt"), device="cpu")
    assert torch.equal(torch.get_rng_state(), before)
    latents = model.draw(np.arange(1, dtype=np.uint64)).requires_grad_(True)
    assert torch.autograd.grad(model.decode(latents).sum(), latents)[0].abs().sum() > 0


@pytest.mark.parametrize(
    ("shapes", "looks"),
    [
        ({}, None),
        ({"a.weight": (3, 8, 3, 3), "b.weight": (3, 3, 3, 3)}, None),
        ({"a.weight": (8, 3, 3, 3), "b.weight": (8, 8, 3, 3)}, None),
        ({"a.weight_orig": (8, 1, 3, 3), "b.weight_orig": (1, 8, 3, 3)}, "a discriminator"),
        ({"a.weight": (8, 1, 3, 3), "b.weight": (5, 72)}, "a classifier or an encoder"),
    ],
)
def test_only_what_is_certain_is_said(shapes: dict[str, tuple[int, ...]], looks: str | None) -> None:
    assert looks_like(shapes) == looks


def test_the_table_says_what_the_files_say() -> None:
    assert TABLE.read_text(encoding="utf-8") == made(), "run python -m wherefrom.models.architectures.base.table"
    for about in listed():
        kind = load(about.name)
        assert (about.title, dict(about.options), about.methods) == (kind.title, dict(kind.options), kind.methods)
        assert re.fullmatch(r"arXiv:\d{4}\.\d{4,5}", about.paper)
        assert all(name.islower() and text for name, text in about.options.items())
