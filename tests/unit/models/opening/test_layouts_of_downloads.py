"""The same weights in whatever layout people have them are one model, and what a file lacks is said."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import wherefrom as wf
from tests.unit.models import tiny
from tests.unit.models.opening.layouts import sample, written
from wherefrom.core.card import as_asked
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.judging import judge
from wherefrom.models.base import Autoencoder
from wherefrom.models.convert import convert
from wherefrom.models.load import load_model
from wherefrom.models.sources.known import known_as
from wherefrom.scoring.applicable import applicable

State = dict[str, torch.Tensor]


def _saved(state: State, path: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path


def _decoders(*paths: Path) -> set[tuple[object, ...]]:
    cards = [load_model(str(path), device="cpu").card for path in paths]
    return {(card.facts["decoder"], card.facts["encoder"], card.facts["config"]) for card in cards}


@pytest.fixture(scope="module")
def flux() -> Any:
    """An autoencoder of the FLUX kind, whose configuration states a scaling that its weights do not."""
    module = tiny.build("kl-no-quant")
    module.register_to_config(scaling_factor=0.3611, shift_factor=0.1159)
    return module


def test_a_folder_a_file_and_a_whole_checkpoint_are_one_model_where_units_do_not_matter(
    flux: Any, tmp_path: Path
) -> None:
    flux.save_pretrained(tmp_path / "vae")
    state = flux.state_dict()
    files = [_saved(state, tmp_path / "ae.safetensors"), _saved(tiny.ldm_names(state), tmp_path / "ae.sft")]
    around = {"model.diffusion_model.joint_blocks.0.x.weight": torch.ones(2, 2)}
    files.append(_saved({f"first_stage_model.{k}": v for k, v in state.items()} | around, tmp_path / "sd3.safetensors"))
    cards = [load_model(str(path), device="cpu").card for path in (tmp_path / "vae", *files)]
    assert [card.facts["scaling"] for card in cards] == [(0.3611, 0.1159), None, None, None]
    aedr, search = wf.methods.load("aedr").measure, wf.methods.load("latenttracer").measure
    assert len({as_asked(card, aedr).digest for card in cards}) == 1
    assert len({as_asked(card, search).digest for card in cards}) == 2
    units = {"scaling_factor": 0.3611, "shift_factor": 0.1159}
    assert load_model(str(files[0]), device="cpu", options=units).card.digest == cards[0].digest
    with pytest.raises(UsageError, match="which says the scaling"):
        load_model(str(tmp_path / "vae"), device="cpu", options=units)
    with pytest.raises(UsageError, match=r"has no options prior: an autoencoder's file has part, scaling_factor"):
        load_model(str(files[0]), device="cpu", options={"prior": "uniform"})


def test_a_profile_of_a_folder_judges_by_the_file_of_the_same_weights(flux: Any, tmp_path: Path) -> None:
    flux.save_pretrained(tmp_path / "vae")
    file, method = _saved(flux.state_dict(), tmp_path / "ae.safetensors"), wf.methods.load("aedr")
    images = list(np.random.default_rng(0).integers(0, 256, (21, 8, 8, 3), dtype=np.uint8))
    known = wf.score(images[:20], model=load_model(str(tmp_path / "vae"), device="cpu"), method=method)
    asked = wf.score(images[20:], model=load_model(str(file), device="cpu"), method=method)
    assert len(judge(asked, profile=wf.profile(belonging=known))) == 1


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_sharded_half_copies_are_read_wherever_the_variant_stands_in_the_index(suffix: str, tmp_path: Path) -> None:
    module = tiny.build("kl").half()
    state, names = module.state_dict(), ("a", "b")
    shards = {name: {key: state[key] for key in sorted(state)[number::2]} for number, name in enumerate(names)}
    where = {key: f"{name}.{suffix}" for name, shard in shards.items() for key in shard}
    index = json.dumps({"weight_map": where})
    module.save_config(tmp_path / "first")
    module.save_config(tmp_path / "second")
    for folder, middle in (("first", f"{suffix}.index.fp16"), ("second", f"fp16.{suffix}.index")):
        (tmp_path / folder / f"diffusion_pytorch_model.{middle}.json").write_text(index)
        for name, shard in shards.items():
            path = tmp_path / folder / f"{name}.{suffix}"
            if suffix == "bin":
                torch.save(shard, path)
            else:
                _saved(shard, path)
    whole = _saved(state, tmp_path / "whole.safetensors")
    assert len(_decoders(tmp_path / "first", tmp_path / "second", whole)) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_configurations_that_windows_wrote_are_read(encoding: str, tmp_path: Path) -> None:
    files = written(sample("sharded-fp16"))
    for folder, code in (("plain", "utf-8"), ("windows", encoding)):
        (tmp_path / folder).mkdir()
        for name, data in files.items():
            text = name.endswith(".json")
            (tmp_path / folder / name).write_bytes(data.decode().encode(code) if text else data)
    assert len(_decoders(tmp_path / "plain", tmp_path / "windows")) == 1


@pytest.mark.parametrize("name", ["a-00001-of-00002.safetensors", "a.safetensors.index.fp16.json"])
def test_a_part_of_the_weights_is_no_model(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ModelError, match="one of several files that hold the weights together: name their folder"):
        load_model(str(tmp_path / name), device="cpu")


def test_attention_within_levels_of_the_original_layout_is_read(tmp_path: Path) -> None:
    state = diffusers.AutoencoderKL(**(tiny.KL | tiny.LEVEL_ATTENTION)).state_dict()
    renamed = tiny.ldm_names_in_levels(state)
    assert "encoder.down.1.attn.0.q.weight" in renamed
    paths = _saved(state, tmp_path / "a.safetensors"), _saved(renamed, tmp_path / "b.safetensors")
    assert len(_decoders(*paths)) == 1


def _raw(state: State, names: tuple[str, str]) -> State:
    """A tiny autoencoder's tensors as its author keeps both halves in one file."""
    found = {}
    for name, tensor in state.items():
        half, _, rest = name.partition(".layers.")
        number, _, end = rest.partition(".")
        found[f"{names[half == 'decoder']}.{int(number) + (half == 'decoder')}.{end}"] = tensor
    return found


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "module._orig_mod.module.", "first_stage_model._orig_mod.", "net.vae.module."]
)
def test_what_programs_put_before_names_is_taken_off(prefix: str, tmp_path: Path) -> None:
    state = tiny.build("kl").state_dict()
    plain = _saved(state, tmp_path / "plain.safetensors")
    torch.save({f"{prefix}{name}": tensor for name, tensor in state.items()}, tmp_path / "wrapped.pt")
    inner = {name.replace("coder.", "coder._orig_mod.", 1): tensor for name, tensor in state.items()}
    assert len(_decoders(plain, tmp_path / "wrapped.pt", _saved(inner, tmp_path / "inner.safetensors"))) == 1


def test_both_halves_of_a_tiny_autoencoder_in_one_file(tmp_path: Path) -> None:
    state = diffusers.AutoencoderTiny().state_dict()
    plain, units = _saved(state, tmp_path / "plain.safetensors"), {"vae_scale": torch.tensor(1.0)}
    comfy = _saved(_raw(state, ("taesd_encoder", "taesd_decoder")) | units, tmp_path / "comfy.safetensors")
    own = _saved(_raw(state, ("encoder", "decoder")), tmp_path / "own.safetensors")
    assert len(_decoders(plain, comfy, own)) == 1


def test_the_part_that_is_meant_is_opened(tmp_path: Path) -> None:
    state = tiny.build("kl").state_dict()
    averaged = {name: tensor * 0.9 for name, tensor in state.items()}
    torch.save({"model": state, "ema": averaged}, tmp_path / "train.pt")
    with pytest.raises(ModelError, match="ema, model: say which one by the option part"):
        load_model(str(tmp_path / "train.pt"), device="cpu")
    found = load_model(str(tmp_path / "train.pt"), device="cpu", options={"part": "ema"})
    (alone,) = _decoders(_saved(averaged, tmp_path / "ema.safetensors"))
    assert (found.card.facts["decoder"], dict(found.card.notes)["options"]) == (alone[0], (("part", "ema"),))
    both = {f"{part}.{name}": v.clone() for part in ("new.vae", "old.vae") for name, v in state.items()}
    with pytest.raises(ModelError, match=r"several autoencoders, new\.vae, old\.vae: say which one by the option"):
        load_model(str(_saved(both, tmp_path / "both.safetensors")), device="cpu")
    old = load_model(str(tmp_path / "both.safetensors"), device="cpu", options={"part": "old.vae"})
    assert "encoder" in old.card.facts


@pytest.mark.parametrize("named", ["diffusers", "ldm", "raw"])
def test_a_decoder_alone_is_searched_and_not_reconstructed(named: str, tmp_path: Path) -> None:
    state = tiny.build("kl").state_dict() if named != "raw" else diffusers.AutoencoderTiny().state_dict()
    if named == "ldm":
        state = tiny.ldm_names(state)
    if named == "raw":
        state = _raw(state, ("encoder", "decoder"))
    half = {name: tensor for name, tensor in state.items() if name.startswith(("decoder.", "post_quant_conv."))}
    model = load_model(str(_saved(half, tmp_path / "decoder.safetensors")), device="cpu")
    full = load_model(str(_saved(state, tmp_path / "full.safetensors")), device="cpu")
    assert (model.card.facts["decoder"], "encoder" in model.card.facts) == (full.card.facts["decoder"], False)
    assert not isinstance(model, Autoencoder)
    assert {"ronan", "aedr"} - set(applicable(model)) == {"aedr"}
    assert "aedr" in applicable(full)
    images = list(np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8))
    search = wf.methods.load("ronan", steps=1)
    assert np.isfinite(wf.score(images, model=model, method=search).scores["loss"]).all()
    with pytest.raises(ModelError, match="has no encoder, which a reconstruction needs"):
        wf.score(images, model=model, method=wf.methods.load("aedr"))
    other = {name: tensor for name, tensor in state.items() if name.startswith(("encoder.", "quant_conv."))}
    with pytest.raises(ModelError, match=r"encoder\.safetensors holds an encoder without its decoder"):
        load_model(str(_saved(other, tmp_path / "encoder.safetensors")), device="cpu")


def test_a_training_checkpoint_converts_to_a_file_of_the_same_model(tmp_path: Path) -> None:
    state = tiny.ldm_names(tiny.build("kl").state_dict())
    torch.save({"state_dict": {**state, "loss.logvar": torch.ones(1)}, "x": argparse.Namespace()}, tmp_path / "a.ckpt")
    done = convert(tmp_path / "a.ckpt", tmp_path / "new.safetensors")
    assert done.tensors == len(state)
    assert load_model(str(done.path), device="cpu").card.digest == done.card.digest


def test_broken_weights_are_named_when_they_are_opened(tmp_path: Path) -> None:
    state = tiny.build("kl").state_dict()
    state["decoder.conv_out.bias"][0] = float("nan")
    with pytest.raises(ModelError, match=r"decoder\.conv_out\.bias holds NaN"):
        load_model(str(_saved(state, tmp_path / "nan.safetensors")), device="cpu")


def test_decoders_are_known_by_their_weights_else_by_their_form() -> None:
    taesd = "bc6437f60b50e100c2bf229f4cde1b70f44062ff78037f4cc49489fb3ceb7997"
    assert "madebyollin/taesd (the weights are equal)" in known_as({"decoder": taesd}, channels=4, factor=8)
    form = known_as({"decoder": "0", "architecture": "AutoencoderKL"}, channels=16, factor=8)
    assert "not known by its weights; of the form of sd3_vae, flux1_vae" in form
    assert known_as({"decoder": "0"}, channels=None, factor=8) == "none that is known"


def test_weights_that_cannot_be_right_are_refused_in_words(tmp_path: Path) -> None:
    state = tiny.build("kl").state_dict()
    whole = state | {"decoder.conv_in.weight": torch.ones_like(state["decoder.conv_in.weight"], dtype=torch.int64)}
    with pytest.raises(ModelError, match=r"decoder\.conv_in\.weight holds torch\.int64, need floating point"):
        load_model(str(_saved(whole, tmp_path / "whole.safetensors")), device="cpu")
    repeated = {name: torch.ones(1).expand(tensor.shape) for name, tensor in state.items()}
    torch.save(repeated, tmp_path / "repeated.pt")
    with pytest.raises(ModelError, match="bytes of weights, the whole file has"):
        load_model(str(tmp_path / "repeated.pt"), device="cpu")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers_per_block": 10**9}, "layers_per_block=1000000000, and there are"),
        ({"scaling_factor": [1, 2]}, r"scaling_factor=\[1, 2\], need a number"),
        ({"shift_factor": float("nan")}, "shift_factor=nan, need a number"),
        ({"_class_name": ["AutoencoderKL"]}, "need the class of an autoencoder"),
        ({"block_out_channels": [2**62, 2**62]}, "cannot be built from this config"),
    ],
)
def test_a_configuration_that_cannot_be_right_is_refused_in_words(
    changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    good = sample("folder-kl")
    config = good.objects["config.json"] | changes
    for name, data in written(replace(good, objects={"config.json": config})).items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=words):
        load_model(str(tmp_path), device="cpu")
