"""From a file of weights to a generator: its architecture, what stands beside the weights, the user's options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.suggestions import did_you_mean
from wherefrom.core.tensors import building
from wherefrom.models.adapters.generator import adapted
from wherefrom.models.architectures import load, names
from wherefrom.models.architectures.base import Architecture, Shapes, State
from wherefrom.models.architectures.base.table import COMMON
from wherefrom.models.base import Decoder
from wherefrom.models.checkpoints.content import Content, content_of
from wherefrom.models.checkpoints.read import is_safetensors, read_checkpoint, shapes_of
from wherefrom.models.checkpoints.recognise import looks_like
from wherefrom.models.checkpoints.sound import check_values
from wherefrom.models.checkpoints.unwrap import Checkpoint, facts_of

__all__ = ["open_generator", "open_pipeline", "sidecar"]

_WRAPPERS: Final = ("module.", "_orig_mod.")
_PREFIXES: Final = ("generator.", "netG.", "G.", "gen.", "g_ema.", "G_ema.", "model.")


def open_generator(
    path: Path,
    *,
    options: Mapping[str, Fact],
    device: str,
    dtype: str,
    notes: Mapping[str, Fact],
    name: str | None = None,
) -> Decoder | None:
    """The generator in a file, or None where it holds none that is known. Nothing in the file is run.

    Args:
        path: a `.safetensors` file or a PyTorch file; a JSON file of the same stem beside it may hold options.
        options: `COMMON`, and those of the architecture.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`.
        notes: for the card.
        name: for the card; by default the file's own.

    Raises:
        ModelError: when the file cannot be read, is certainly something else, or does not fit its architecture.
        UsageError: when an option is none of the architecture's.
    """
    with building():
        part = _text(options, "part")
        named = _text(options, "architecture")
        checkpoint = None if is_safetensors(path) else read_checkpoint(path, part)
        shapes = shapes_of(path) if checkpoint is None else _shapes(checkpoint.state)
        prefix, kind = _recognised(shapes, path) if named is None else ("", load(named))
        if kind is None:
            _refuse_others(shapes, path, of_program=_of_program(checkpoint, path, part))
            return None
        own_options = {key: value for key, value in options.items() if key not in COMMON}
        _check_options(kind, own_options)
        checkpoint = checkpoint or read_checkpoint(path, part)
        config = {**_beside(checkpoint, kind), **sidecar(path), **own_options}
        state = _stripped(checkpoint, prefix)
        check_values(state, str(path))
        built = kind.build(state, config)
        all_notes = {**_recorded(kind, options), **notes}
        return adapted(
            built, architecture=kind.name, name=name or path.stem, device=device, dtype=dtype, notes=all_notes
        )


def open_pipeline(
    folder: Path, *, architecture: str, options: Mapping[str, Fact], device: str, dtype: str, notes: Mapping[str, Fact]
) -> Decoder:
    """The generator in a folder of a diffusers pipeline. Nothing in the folder is run.

    Args:
        folder: with `unet` and `scheduler`.
        architecture: the one that its class of pipeline is opened by.
        options: those of the architecture.
        device: as for `open_generator`.
        dtype: as for `open_generator`.
        notes: for the card.

    Raises:
        ModelError: when a part is missing, cannot be read, or is of a kind that is not supported.
        UsageError: when an option is none of the architecture's.
    """
    from wherefrom.models.architectures.base.unets import read_unet

    with building():
        kind = load(architecture)
        _check_options(kind, options)
        state, config = read_unet(folder)
        built = kind.build(state, {**config, **options})
        all_notes = {**_recorded(kind, options), **notes}
        name = folder.resolve().name
        return adapted(built, architecture=kind.name, name=name, device=device, dtype=dtype, notes=all_notes)


def _beside(checkpoint: Checkpoint, kind: Architecture) -> Mapping[str, Fact]:
    """What was recorded beside a table of weights, but for settings of a training program named like our options."""
    if checkpoint.part is None:
        return checkpoint.config
    return {key: value for key, value in checkpoint.config.items() if key not in kind.options}


def _recorded(kind: Architecture, options: Mapping[str, Fact]) -> dict[str, Fact]:
    """The paper and what the user asked for, as notes of a card."""
    asked = tuple((key, value) for key, value in sorted(options.items()))
    return {"paper": kind.paper, **({"options": asked} if asked else {})}


def _text(options: Mapping[str, Fact], name: str) -> str | None:
    value = options.get(name)
    return None if value is None else str(value)


def _shapes(state: State) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _recognised(shapes: Shapes, path: Path) -> tuple[str, Architecture | None]:
    """The prefix of the generator's own names, and its architecture.

    Raises:
        ModelError: when it could be several.
    """
    kinds = [load(name) for name in names()]
    for prefix in ("", *_PREFIXES):
        below = _without(shapes, prefix)
        matching = [kind for kind in kinds if below and kind.recognise(below)]
        if len(matching) > 1:
            listed = ", ".join(kind.name for kind in matching)
            raise ModelError(f"{path} could be any of {listed}: say which one by the option architecture")
        if matching:
            return prefix, matching[0]
    return "", None


def _without(table: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The entries whose names start with a prefix, without it and without DataParallel's `module.`."""
    plain = {_bare(name): value for name, value in table.items()}
    below = {name[len(prefix) :]: value for name, value in plain.items() if name.startswith(prefix)}
    return {_bare(name): value for name, value in below.items()}


def _bare(name: str) -> str:
    """A tensor's name without what DataParallel and torch.compile put before it, in whatever order."""
    while name.startswith(_WRAPPERS):
        name = name.partition(".")[2]
    return name


def _stripped(checkpoint: Checkpoint, prefix: str) -> State:
    state: dict[str, torch.Tensor] = _without(checkpoint.state, prefix)
    return state


def _of_program(checkpoint: Checkpoint | None, path: Path, part: str | None) -> bool:
    """Whether weights are those of a network in a pickle of the StyleGAN programs."""
    named = checkpoint is not None and checkpoint.part in (part or "G_ema", "G_ema")
    return named and content_of(path) is Content.PICKLE


def _refuse_others(shapes: Shapes, path: Path, *, of_program: bool) -> None:
    what = looks_like({_bare(name): shape for name, shape in shapes.items()})
    if what is not None:
        raise ModelError(f"{path} looks like {what}, need the weights of a generator or of an autoencoder")
    if of_program:
        few = ", ".join(sorted(shapes)[:3]) or "no tensors"
        raise ModelError(f"{path} holds a generator that is not known ({few} ...): need StyleGAN2-ADA or StyleGAN-XL")


def _check_options(kind: Architecture, options: Mapping[str, Fact]) -> None:
    unknown = sorted(set(options) - set(kind.options))
    if unknown:
        known = ", ".join([*kind.options, *COMMON])
        hint = did_you_mean(unknown[0], kind.options)
        raise UsageError(f"{kind.name} has no option {', '.join(unknown)}: it has {known}{hint}")


def sidecar(path: Path) -> dict[str, Fact]:
    """What a JSON file of the same stem says.

    Raises:
        ModelError: when it is there and is no JSON object.
    """
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return {}
    try:
        content = json.loads(beside.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{beside} cannot be read as JSON ({error}): it may hold options of {path.name}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{beside} holds {type(content).__name__}, need an object with options of {path.name}")
    return facts_of(content)
