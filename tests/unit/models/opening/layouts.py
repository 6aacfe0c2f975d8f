"""Small good files of every layout of weights that is opened, as bytes by name, for tests that damage them."""

from __future__ import annotations

import argparse
import functools
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import diffusers
import torch
from safetensors.torch import save
from torch import nn

from tests.golden.tokenisers import SHAPES, drawn
from tests.unit.models import tiny
from tests.unit.models.upscalers.test_upscalers import compact, esrgan_name, numbered_name, rrdb

State = dict[str, torch.Tensor]
Files = dict[str, bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What one layout is made of, before it is written.

    Attributes:
        tables: weights of each file that holds some, by the file's name.
        objects: JSON of each other file, by its name.
        opened: the name to open; empty for the folder.
        wrap: what a PyTorch file holds around its table.
    """

    tables: dict[str, State]
    objects: dict[str, Any]
    opened: str = ""
    wrap: Callable[[State], Any] = dict


def written(sample: Sample) -> Files:
    """The sample's files."""
    files = {name: _file(name, table, sample.wrap) for name, table in sample.tables.items()}
    return files | {name: json.dumps(content).encode() for name, content in sample.objects.items()}


def _file(name: str, table: State, wrap: Callable[[State], Any]) -> bytes:
    if name.endswith(".safetensors"):
        return save({key: tensor.clone().contiguous() for key, tensor in table.items()})
    buffer = io.BytesIO()
    torch.save(wrap(table), buffer, _use_new_zipfile_serialization=not name.endswith(".pth"))
    return buffer.getvalue()


def _weights(network: nn.Module) -> State:
    """Weights that no two tensors share."""
    numbers = torch.Generator().manual_seed(7)
    named = sorted(network.state_dict().items())
    return {name: torch.randn(tensor.shape, generator=numbers) * 0.1 for name, tensor in named}


def _named(state: State, rename: Callable[[str], str]) -> State:
    return {rename(name): tensor for name, tensor in state.items()}


def _single(state: State, name: str = "weights.safetensors", wrap: Callable[[State], Any] = dict) -> Sample:
    return Sample(tables={name: state}, objects={}, opened=name, wrap=wrap)


def _pair(kind: str) -> Sample:
    halves = tiny.raw_pair(kind, width=64 if kind == "TAESD" else 8)
    tables = {f"mine_{half}.safetensors": state for half, state in halves.items()}
    return Sample(tables=tables, objects={}, opened="mine_decoder.safetensors")


def _original(prefix: str = "") -> State:
    """The names of latent diffusion, with attention within the levels as kl-f16 has."""
    state = _weights(diffusers.AutoencoderKL(**(tiny.KL | tiny.LEVEL_ATTENTION)))
    return {f"{prefix}{name}": tensor for name, tensor in tiny.ldm_names_in_levels(state).items()}


def _folder(name: str) -> Sample:
    module = tiny.build(name)
    config = {key: value for key, value in module.config.items() if not key.startswith("_")}
    return Sample(
        tables={"diffusion_pytorch_model.safetensors": module.state_dict()},
        objects={"config.json": {"_class_name": type(module).__name__, **config}},
    )


def _sharded(suffix: str) -> Sample:
    state = tiny.build("kl").half().state_dict()
    shards = {
        f"{name}.{suffix}": {key: state[key] for key in sorted(state)[place::2]} for place, name in enumerate("ab")
    }
    where = {key: name for name, shard in shards.items() for key in shard}
    config = _folder("kl").objects["config.json"]
    index = f"diffusion_pytorch_model.{suffix}.index.fp16.json"
    return Sample(tables=shards, objects={"config.json": config, index: {"weight_map": where}})


def _in_one_file(state: State) -> State:
    """Both halves of a tiny autoencoder, as one file holds them."""
    renamed: State = {}
    for name, tensor in state.items():
        half, _, rest = name.partition(".layers.")
        number, _, end = rest.partition(".")
        renamed[f"taesd_{half}.{int(number) + (half == 'decoder')}.{end}"] = tensor
    return renamed


def _half(state: State) -> State:
    return {name: tensor for name, tensor in state.items() if name.startswith(("decoder.", "post_quant_conv."))}


def _of_lightning(state: State) -> Any:
    return {"state_dict": state, "args": argparse.Namespace(rate=1e-4), "hyper_parameters": {"embed_dim": 4}}


def _below(prefix: str, state: State) -> State:
    """The weights under a prefix."""
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


def _with_averages(state: State) -> State:
    """The weights, and moving averages of them under names without dots."""
    return state | {f"model_ema.{name.replace('.', '')}": tensor.clone() for name, tensor in state.items()}


SAMPLES: Final[dict[str, Callable[[], Sample]]] = {
    "upscaler": lambda: _single(rrdb()),
    "upscaler-x2": lambda: _single(rrdb(folded=2)),
    "upscaler-esrgan": lambda: _single(_named(rrdb(), esrgan_name), "weights.pth", lambda state: {"params_ema": state}),
    "upscaler-numbered": lambda: _single(_named(rrdb(), numbered_name), "weights.pt"),
    "upscaler-compact": lambda: _single(compact()),
    "pair-TAESD": lambda: _pair("TAESD"),
    "pair-TAEF2": lambda: _pair("TAEF2"),
    "pair-TAESANA": lambda: _pair("TAESANA"),
    "pair-TAEQI2_1": lambda: _pair("TAEQI2_1"),
    "tiny-in-one-file": lambda: _single(_in_one_file(_weights(diffusers.AutoencoderTiny()))),
    "attention-in-levels": lambda: _single(_original()),
    "checkpoint": lambda: _single(_original("first_stage_model.") | {"cond_stage_model.x": torch.ones(1)}),
    "lightning": lambda: _single(_original(), "last.ckpt", _of_lightning),
    "averaged": lambda: _single(tiny.build("kl").state_dict(), "train.pt", lambda state: {"ema": state, "step": 3}),
    "sharded-fp16": lambda: _sharded("safetensors"),
    "sharded-bin": lambda: _sharded("bin"),
    "ae-single": lambda: _single(tiny.build("kl-no-quant").state_dict(), "ae.safetensors"),
    "decoder-alone": lambda: _single(_half(tiny.build("kl").state_dict())),
    **{f"folder-{name}": functools.partial(_folder, name) for name in tiny.NAMES if name not in ("kl-sdxl", "vq")},
    "tokeniser-gumbel": lambda: _single(drawn(SHAPES["GumbelVQ"])),
    "tokeniser-llamagen": lambda: _single(_below("model.vqmodel.", drawn(SHAPES["LlamaGenVQ"]))),
    "tokeniser-magvit2": lambda: _single(_with_averages(drawn(SHAPES["OpenMAGVIT2"]))),
    "movq-single": lambda: _single(tiny.build("movq").state_dict()),
    "flux2-single": lambda: _single(tiny.build("flux2").state_dict()),
}
"""Every layout, by a name for each."""


@functools.cache
def sample(name: str) -> Sample:
    """The sample of a layout, made once."""
    return SAMPLES[name]()
