"""A file of weights as a `.safetensors` file that opens as the same model, with what stood beside them as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from wherefrom.core.card import Card, Fact, as_asked
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.files import replacing
from wherefrom.models.autoencoders.parts import read_parts
from wherefrom.models.checkpoints.read import read_checkpoint
from wherefrom.models.opening.autoencoder import open_place
from wherefrom.models.opening.generator import open_generator, sidecar
from wherefrom.models.sources.local import single_file

__all__ = ["MADE", "Converted", "convert"]

MADE: Final = "converted"
"""What a file that was written here says of itself under `wherefrom`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """What was written.

    Attributes:
        path: the new file.
        card: of the model in it, the same as that of the model it was made from.
        tensors: how many it holds.
    """

    path: Path
    card: Card
    tensors: int


def convert(source: str | Path, target: str | Path, *, part: str | None = None) -> Converted:
    """Write the weights of a file as a `.safetensors` file, and open that to see that nothing changed.

    A generator's weights keep their names and dtype; its configuration stands under `config` in the file's metadata, as
    JSON. An autoencoder's weights get diffusers' names; whatever else a training program kept beside them stays behind.

    Args:
        source: a file that `load_model` opens, as a `.pkl` of StyleGAN2-ADA or a checkpoint of a training program.
            Nothing in it is run.
        target: where to, ending in `.safetensors`; replaced if it exists, whole or not at all.
        part: which of several tables of weights is meant; None is the only one.

    Raises:
        ModelError: when the source cannot be read, or holds neither a generator nor an autoencoder that is known.
        UsageError: when the target has another ending, is the source, or cannot be written.
    """
    old, new = Path(source), Path(target)
    if new.suffix != ".safetensors" or new.resolve() == old.resolve():
        raise UsageError(f"cannot convert to {new}: need another file, whose name ends in .safetensors")
    card = _card(old, part)
    state, config = _content(old, part, autoencoder="latents" in card.facts)
    metadata = {"format": "pt", "wherefrom": MADE, **({"config": config} if config else {})}
    try:
        with replacing(new) as place:
            save_file(state, place, metadata=metadata)
            _check_same(card, _card(place, None))
    except (OSError, SafetensorError) as error:
        raise UsageError(f"cannot write {new}: {error}") from error
    return Converted(path=new, card=card, tensors=len(state))


def _content(path: Path, part: str | None, *, autoencoder: bool) -> tuple[dict[str, torch.Tensor], str]:
    """Weights to be written, and the configuration beside them as JSON; empty where that is read off the weights."""
    if autoencoder:
        state, config = read_parts(single_file(path), part).state, ""
    else:
        checkpoint = read_checkpoint(path, part)
        state, config = checkpoint.state, json.dumps({**checkpoint.config, **sidecar(path)}, sort_keys=True)
    return {name: tensor.clone().contiguous() for name, tensor in state.items()}, config


def _card(path: Path, part: str | None) -> Card:
    options: dict[str, Fact] = {} if part is None else {"part": part}
    generator = open_generator(path, options=options, device="cpu", dtype="float32", notes={})
    if generator is not None:
        return generator.card
    place = single_file(path)
    try:
        return open_place(place, device="cpu", dtype="float32", name=None, notes={}, options=options).card
    except ModelError as error:
        raise ModelError(f"{path} holds no generator that is known, and no autoencoder: {error}") from error


def _check_same(old: Card, new: Card) -> None:
    """Compare two cards but for the units of a generator, which no file of weights holds."""
    weights = Card(kind="measure", name="weights")
    if as_asked(old, weights).digest != as_asked(new, weights).digest:
        changed = "; ".join(old.differences(new))
        raise ModelError(f"the converted file is not the same model ({changed}): it was not kept")
