"""Tokenisers in whatever layout people have them: one model, its parts left aside, what is missing said."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.golden.recorded import check_close
from tests.golden.tokenisers import SHAPES, drawn, image, recorded
from wherefrom.core.errors import ModelError
from wherefrom.models.base import Autoencoder, SupportsSearchStarts
from wherefrom.models.convert import convert
from wherefrom.models.load import load_model
from wherefrom.models.opening.autoencoder import open_autoencoder

State = dict[str, torch.Tensor]
OWN = ("GumbelVQ", "IBQ", "LlamaGenVQ", "OpenMAGVIT2")
every_kind = pytest.mark.parametrize("kind", OWN)


def _below(prefix: str, state: State) -> State:
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


def _averages(state: State) -> State:
    return {f"model_ema.{name.replace('.', '')}": tensor.clone() for name, tensor in state.items()}


def _file(folder: Path, kind: str) -> Path:
    state = drawn(SHAPES[kind])
    save_file(state | (_averages(state) if kind == "IBQ" else {}), folder / f"{kind}.safetensors")
    return folder / f"{kind}.safetensors"


def _of_llamagen(state: State) -> State:
    """The names of Janus in transformers as LlamaGen's own program has them."""
    renamed: State = {}
    for old, tensor in state.items():
        name = re.sub(r"coder\.(down|up)\.", "coder.conv_blocks.", old).replace(".block.", ".res.")
        for number, part in enumerate(("block_1", "attn_1", "block_2")):
            name = name.replace(f".mid.{part}.", f".mid.{number}.")
        renamed[name] = tensor
    return renamed


def _identities(*paths: Path) -> set[tuple[object, ...]]:
    cards = [load_model(str(path), device="cpu").card for path in paths]
    return {tuple(card.facts[key] for key in ("architecture", "decoder", "encoder", "config")) for card in cards}


def test_llamagens_tokeniser_is_one_model_in_its_own_files_in_januss_and_in_transformers(tmp_path: Path) -> None:
    state = drawn(SHAPES["LlamaGenVQ"])
    own = _of_llamagen(state)
    around = {"vision_model.vision_tower.norm.weight": torch.ones(4), "language_model.lm_head.weight": torch.ones(2, 2)}
    usage = {"quantize.codebook_used": torch.zeros(65536)}
    torch.save({"model": own | usage, "optimizer": {"state": {}, "param_groups": []}, "steps": 3}, tmp_path / "ds16.pt")
    save_file(_below("gen_vision_model.", own | usage) | around, tmp_path / "janus.safetensors")
    save_file(_below("model.vqmodel.", state) | around, tmp_path / "transformers.safetensors")
    converted = convert(tmp_path / "ds16.pt", tmp_path / "converted.safetensors").path
    files = [tmp_path / "ds16.pt", tmp_path / "janus.safetensors", tmp_path / "transformers.safetensors", converted]
    assert len(_identities(*files)) == 1


def test_vqgan_opens_from_checkpoints_of_its_training_and_of_its_generator(tmp_path: Path) -> None:
    state = drawn(SHAPES["VQModel"])
    losses = {"loss.discriminator.main.0.weight": torch.ones(4, 3, 4, 4), "loss.logvar": torch.zeros(())}
    torch.save({"state_dict": state | losses, "epoch": 3, "callbacks": {}}, tmp_path / "last.ckpt")
    around = {
        "transformer.tok_emb.weight": torch.ones(4, 4),
        "cond_stage_model.quantize.embedding.weight": torch.ones(4, 4),
    }
    torch.save({"state_dict": _below("first_stage_model.", state) | around}, tmp_path / "net2net.ckpt")
    save_file(state, tmp_path / "plain.safetensors")
    assert len(_identities(*(tmp_path / name for name in ("last.ckpt", "net2net.ckpt", "plain.safetensors")))) == 1


def test_the_moving_averages_are_decoded_with_where_a_file_holds_them(tmp_path: Path) -> None:
    averaged = drawn(SHAPES["OpenMAGVIT2"])
    raw = {name: tensor + 1 for name, tensor in averaged.items()}
    more = {"model_ema.decay": torch.ones(()), "model_ema.lossdiscriminatorweight": torch.ones(2)}
    torch.save({"state_dict": raw | _averages(averaged) | more}, tmp_path / "both.ckpt")
    model = open_autoencoder(tmp_path / "both.ckpt")
    check_close(model.decode(recorded("OpenMAGVIT2", "latents")) * 2 - 1, recorded("OpenMAGVIT2", "image"))
    save_file(averaged, tmp_path / "averaged.safetensors")
    assert open_autoencoder(tmp_path / "averaged.safetensors").card.facts == model.card.facts
    some = dict(list(_averages(averaged).items())[:3])
    save_file(raw | some, tmp_path / "some.safetensors")
    with pytest.raises(ModelError, match="moving averages of some weights and not of all: model_ema"):
        open_autoencoder(tmp_path / "some.safetensors")


@every_kind
def test_rows_have_no_neighbours_and_pixels_have_a_gradient(kind: str, tmp_path: Path) -> None:
    model = open_autoencoder(_file(tmp_path, kind))
    images = torch.cat([image(), image().flip(3)]) * 0.5 + 0.5
    codes = model.encode(images)
    assert torch.equal(codes[1:], model.encode(images[1:]))
    latents = codes.requires_grad_()
    decoded = model.decode(latents)
    assert torch.equal(decoded[1:], model.decode(latents[1:]))
    (gradient,) = torch.autograd.grad(decoded[1].square().sum(), latents)
    assert gradient[1].any()
    assert not gradient[0].any()


@every_kind
def test_a_converted_file_is_the_same_model_and_a_decoder_alone_decodes_alike(kind: str, tmp_path: Path) -> None:
    whole = open_autoencoder(_file(tmp_path, kind))
    converted = convert(_file(tmp_path, kind), tmp_path / "converted.safetensors").path
    assert open_autoencoder(converted).card.facts == whole.card.facts
    state = {
        name: tensor for name, tensor in drawn(SHAPES[kind]).items() if not name.startswith(("encoder.", "quant_"))
    }
    state |= _averages(state) if kind == "IBQ" else {}
    save_file(state, tmp_path / "decoder.safetensors")
    alone = load_model(str(tmp_path / "decoder.safetensors"), device="cpu")
    assert isinstance(alone, SupportsSearchStarts)
    assert not isinstance(alone, Autoencoder)
    starts = alone.search_starts(np.arange(1, dtype=np.uint64), size=(4 * whole.factor, 4 * whole.factor))
    assert torch.equal(alone.decode(starts), whole.decode(starts))
    assert alone.card.facts["decoder"] == whole.card.facts["decoder"]


def test_codes_are_of_length_one_and_signs_are_signs(tmp_path: Path) -> None:
    given = image() * 0.5 + 0.5
    units = open_autoencoder(_file(tmp_path, "LlamaGenVQ")).encode(given)
    torch.testing.assert_close(units.norm(dim=1), torch.ones(units.shape[0], *units.shape[2:]))
    assert set(open_autoencoder(_file(tmp_path, "OpenMAGVIT2")).encode(given).unique().tolist()) == {-1.0, 1.0}
