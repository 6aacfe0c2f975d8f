"""Where an autoencoder's class, config and weights are: a folder, a single file, or a pair of raw files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.layouts import canonical, raw_tiny, recognise
from wherefrom.models.checkpoints.read import read_weights, shapes_of
from wherefrom.models.checkpoints.suffixes import SUFFIXES

__all__ = ["Found", "find", "weights_in"]

_STEM: Final = "diffusion_pytorch_model"
_LATENTS: Final = "latents.safetensors"
_FLOW: Final = "flow"  # a folder, see `_flow`, which is known by this file in it
_SAMPLER: Final = "sampler.json"
_GENERIC: Final = frozenset({"vae", "vqvae", "movq", "vqgan", "autoencoder"})
_NOTES: Final = ("source", "family", "licence", "sizes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An autoencoder's parts, before it is built.

    Attributes:
        kind: the class.
        config: its config.
        state: weights under diffusers' present names, in the dtype they are stored in.
        name: what to call it.
        notes: what its `card.json` says of it.
        stats: its statistics of latents, where it comes with them.
        flow: folder of its generator of latents, where it comes with one.
    """

    kind: str
    config: Mapping[str, Any]
    state: Mapping[str, torch.Tensor]
    name: str
    notes: Mapping[str, Fact] = field(default_factory=dict)
    stats: Mapping[str, torch.Tensor] | None = None
    flow: Path | None = None


def find(path: Path, kind: str | None) -> Found:
    """Class, config and weights of the autoencoder at a path.

    Raises:
        ModelError: when there is none, or it cannot be told what it is.
    """
    if not path.exists():
        raise ModelError(f"{path} does not exist: give an autoencoder's folder or weight file")
    if path.is_dir():
        return _folder(path, kind)
    if path.suffix == ".json":
        raise ModelError(f"{path} is a description, not weights: give the folder {path.parent}")
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path} is no weight file: need one of {', '.join(SUFFIXES)}, or a folder")
    return _pair(path) or _beside_config(path, kind) or _single(path, kind)


def _folder(path: Path, kind: str | None) -> Found:
    if (path / "config.json").is_file():
        config = _json(path / "config.json")
        stats = read_weights(path / _LATENTS) if (path / _LATENTS).is_file() else None
        card = _json(path / "card.json") if (path / "card.json").is_file() else {}
        notes: dict[str, Fact] = {key: card[key] for key in _NOTES if key in card}
        named = str(card["name"]) if "name" in card else _name(path)
        state = canonical(read_weights(weights_in(path)))
        return Found(
            kind=_kind(config, kind, path),
            config=config,
            state=state,
            name=named,
            notes=notes,
            stats=stats,
            flow=path / _FLOW if (path / _FLOW / _SAMPLER).is_file() else None,
        )
    if (path / "model_index.json").is_file():
        inner = sorted(part.parent.name for part in path.glob("*/config.json"))
        raise ModelError(
            f"{path} is a whole pipeline with {', '.join(inner)}: give the folder of its autoencoder, as {path / 'vae'}"
        )
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    halves = [file for file in files if file.stem.endswith("_encoder")]
    if len(halves) == 1 and (found := _pair(halves[0])):
        return found
    if len(files) == 1:
        return _single(files[0], kind)
    held = ", ".join(file.name for file in files[:4]) or "no weight file"
    raise ModelError(
        f"{path} has no config.json and holds {held}: give one file, or a folder with config.json and weights"
    )


def _kind(config: Mapping[str, Any], kind: str | None, path: Path) -> str:
    stated = config.get("_class_name")
    if stated is None and kind is None:
        raise ModelError(f"{path / 'config.json'} names no _class_name: say which class it is by `kind`")
    if stated is not None and kind not in (None, stated):
        raise ModelError(f"{path / 'config.json'} is of class {stated}, not {kind}")
    return str(stated if stated is not None else kind)


def weights_in(path: Path) -> Path:
    """The folder's weight file or index: safetensors first, whole precision first."""
    for variant in ("", ".fp16", ".bf16"):
        for name in (
            f"{_STEM}{variant}.safetensors",
            f"{_STEM}.safetensors.index{variant}.json",
            f"{_STEM}{variant}.safetensors.index.json",
        ):
            if (path / name).is_file():
                return path / name
    for variant in ("", ".fp16", ".bf16"):
        if (path / f"{_STEM}{variant}.bin").is_file():
            return path / f"{_STEM}{variant}.bin"
    others = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.name != _LATENTS)
    if len(others) == 1:
        return others[0]
    held = ", ".join(file.name for file in others[:4]) or "no weight file"
    raise ModelError(f"{path} holds {held}, need {_STEM}.safetensors")


def _pair(path: Path) -> Found | None:
    """A raw TAESD pair, given either half; None where the name or the tensors are not those of one."""
    stem, _, half = path.stem.rpartition("_")
    if half not in ("encoder", "decoder"):
        return None
    files = {part: path.with_name(f"{stem}_{part}{path.suffix}") for part in ("encoder", "decoder")}
    if not set(shapes_of(path)) >= {"1.weight"} and "0.weight" not in shapes_of(path):
        return None
    for part, file in files.items():
        if not file.is_file():
            raise ModelError(f"{path} is one half of a raw pair and {file.name} is not beside it: both are needed")
        if ("0.weight" in shapes_of(file)) != (part == "encoder"):
            raise ModelError(
                f"{file} is no raw TAESD {part}: its tensors start at {min(shapes_of(file), default='none')!r}"
            )
    state = raw_tiny(read_weights(files["encoder"]), read_weights(files["decoder"]))
    first = state.get("decoder.layers.0.weight", torch.empty(0, 0, dtype=torch.float32, device="cpu"))
    config = {"latent_channels": int(first.shape[1])}
    return Found(kind="AutoencoderTiny", config=config, state=state, name=stem)


def _beside_config(path: Path, kind: str | None) -> Found | None:
    """A file under diffusers' own name with its config beside it is opened with that config."""
    config = path.with_name("config.json")
    if not path.name.startswith(_STEM) or not config.is_file():
        return None
    stated = _json(config)
    state = canonical(read_weights(path))
    return Found(kind=_kind(stated, kind, path.parent), config=stated, state=state, name=_name(path.parent))


def _single(path: Path, kind: str | None) -> Found:
    layout = recognise(shapes_of(path), str(path), kind)
    state = layout.convert(read_weights(path, layout.names))
    return Found(kind=layout.kind, config=layout.config, state=state, name=path.stem)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no readable JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds {type(found).__name__}, need a dictionary")
    return found


def _name(path: Path) -> str:
    """A folder's name, with its parent's where it is only `vae` or the like."""
    whole = path.resolve()
    return f"{whole.parent.name}/{whole.name}" if whole.name in _GENERIC else whole.name
