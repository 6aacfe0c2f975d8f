"""An autoencoder's class, config and weights, read from a folder, a single file, or a pair of raw files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.autoencoders.canonical import canonical
from wherefrom.models.autoencoders.layouts import raw_tiny, recognise
from wherefrom.models.autoencoders.tiny_pair import kind_of_pair
from wherefrom.models.checkpoints.build import side
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.models.checkpoints.folders import LATENTS, weights_in
from wherefrom.models.checkpoints.read import is_safetensors, read_checkpoint, read_weights, shapes_of
from wherefrom.models.checkpoints.suffixes import FILES
from wherefrom.models.sources.local import Place, class_of

__all__ = ["CheckpointParts", "read_parts"]

_FLOW: Final = "flow"  # a folder, see `adapters.latent_flow`, which is known by this file in it
_SAMPLER: Final = "sampler.json"
_HALVES: Final = ("encoder", "decoder")
_FIRST: Final = "decoder.1.weight"  # of a pair: the convolution after the limit of latents
_GENERIC: Final = frozenset({"vae", "vqvae", "movq", "vqgan", "autoencoder"})
_UNSTATED: Final = ("AsymmetricAutoencoderKL", "AutoencoderKL")
"""Classes that generators of several units share, so that their weights alone do not say them."""
_NOTES: Final = ("source", "family", "licence", "sizes")


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointParts:
    """What the files of a network hold, before it is built.

    Attributes:
        kind: its class in diffusers.
        config: its config.
        state: weights under diffusers' present names, in the dtype they are stored in.
        name: what to call it.
        notes: what its `card.json` says of it.
        stats: its statistics of latents, where it comes with them.
        flow: folder of its generator of latents, where it comes with one.
        stated: whether the config came with the weights, so that it says the units that the generator works in.
        half: `encoder` or `decoder` where the files hold that half alone; None where they hold both.
    """

    kind: str
    config: Mapping[str, Any]
    state: Mapping[str, torch.Tensor]
    name: str
    notes: Mapping[str, Fact] = field(default_factory=dict)
    stats: Mapping[str, torch.Tensor] | None = None
    flow: Path | None = None
    stated: bool = True
    half: str | None = None


def read_parts(place: Place, part: str | None = None) -> CheckpointParts:
    """Class, config and weights of an autoencoder.

    Args:
        place: its folder or file, as `wherefrom.models.sources.local.find_place` says it.
        part: which of several tables of weights in a single file, or of several autoencoders under prefixes; None is
            the only one.

    Raises:
        ModelError: when a file cannot be read, or it cannot be told what it is, or which of several is meant.
    """
    if place.config is None:
        return (_pair(place.path) if part is None else None) or _single(place.path, part)
    if part is not None:
        raise UsageError(f"{place.path} has a configuration and one table of weights: leave out the option part={part}")
    if place.path.is_dir():
        return _folder(place.path, place.config)
    return CheckpointParts(
        kind=class_of(place.config, str(place.path.parent)),
        config=place.config,
        state=canonical(read_weights(place.path)),
        name=_name(place.path.parent),
    )


def _folder(path: Path, config: Mapping[str, Any]) -> CheckpointParts:
    """A folder's config and weights, with what this project's own autoencoders have beside them."""
    card = read_json(path / "card.json") if (path / "card.json").is_file() else {}
    notes: dict[str, Fact] = {key: card[key] for key in _NOTES if key in card}
    return CheckpointParts(
        kind=class_of(config, str(path)),
        config=config,
        state=canonical(read_weights(weights_in(path))),
        name=str(card["name"]) if "name" in card else _name(path),
        notes=notes,
        stats=read_weights(path / LATENTS) if (path / LATENTS).is_file() else None,
        flow=path / _FLOW if (path / _FLOW / _SAMPLER).is_file() else None,
    )


def _pair(path: Path) -> CheckpointParts | None:
    """A pair of numbered layers, by either half; None where the name or the tensors are not those of one."""
    stem, _, half = path.stem.rpartition("_")
    if half not in _HALVES or not all(name[:1].isdecimal() for name in shapes_of(path)):
        return None
    files = {part: path if part == half else _other_half(path, f"{stem}_{part}") for part in _HALVES}
    if files["decoder"] is None:
        raise ModelError(
            f"{path} is the encoder of a pair, and {stem}_decoder{path.suffix} is not beside it: no method can ask an"
            f" encoder alone; with the decoder alone, the methods that only decode can (ronan)"
        )
    halves = {part: read_weights(file) for part, file in files.items() if file is not None}
    numbered = {f"{part}.{name}": tensor for part, state in halves.items() for name, tensor in state.items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in numbered.items()}
    try:
        kind, channels = kind_of_pair(shapes), side(shapes, _FIRST, 1)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    tiny = kind == "AutoencoderTiny"
    state = raw_tiny(halves.get("encoder", {}), halves["decoder"]) if tiny else numbered
    config = {"latent_channels": channels}
    alone = None if "encoder" in halves else "decoder"
    return CheckpointParts(kind=kind, config=config, state=state, name=stem, half=alone)


def _other_half(path: Path, stem: str) -> Path | None:
    """The other file of a pair, with the same ending or another that weights have."""
    endings = [path.suffix, *sorted(FILES - {path.suffix}, reverse=True)]
    return next((file for ending in endings if (file := path.with_name(stem + ending)).is_file()), None)


def _single(path: Path, part: str | None) -> CheckpointParts:
    """The autoencoder in one file, whose config is read off its tensors."""
    notes: dict[str, Fact] = {}
    if is_safetensors(path):
        layout = recognise(shapes_of(path), str(path), part)
        state = read_weights(path, layout.names)
    else:
        checkpoint = read_checkpoint(path, part)
        shapes = {name: tuple(tensor.shape) for name, tensor in checkpoint.state.items()}
        layout = recognise(shapes, f"{path}{checkpoint.beside}")
        state = {name: checkpoint.state[name] for name in layout.names}
        if checkpoint.left_out:
            notes["left_out"] = checkpoint.left_out
    return CheckpointParts(
        kind=layout.kind,
        config=layout.config,
        state=layout.convert(state),
        name=path.stem,
        notes=notes,
        stated=layout.kind not in _UNSTATED or "scaling_factor" in layout.config,
        half=layout.half,
    )


def _name(path: Path) -> str:
    """A folder's name, with its parent's where it is only `vae` or the like."""
    whole = path.resolve()
    return f"{whole.parent.name}/{whole.name}" if whole.name in _GENERIC else whole.name
