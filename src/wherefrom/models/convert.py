"""A generator's file as a `.safetensors` file that says the same: weights, and what stood beside them as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import save_file

from wherefrom.core.card import Card
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.files import replacing
from wherefrom.models.checkpoints.read import read_checkpoint
from wherefrom.models.opening.generator import open_generator, sidecar

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


def convert(source: str | Path, target: str | Path) -> Converted:
    """Write a generator's weights and configuration as a `.safetensors` file, and open it to see that nothing changed.

    Weights keep their names and dtype. The configuration stands under `config` in the file's metadata, as JSON.

    Args:
        source: a file that `load_model` opens as a generator, as a `.pkl` of StyleGAN2-ADA. Nothing in it is run.
        target: where to, ending in `.safetensors`; replaced if it exists, whole or not at all.

    Raises:
        ModelError: when the source cannot be read or holds no generator that is known.
        UsageError: when the target has another ending, is the source, or cannot be written.
    """
    old, new = Path(source), Path(target)
    if new.suffix != ".safetensors" or new.resolve() == old.resolve():
        raise UsageError(f"cannot convert to {new}: need another file, whose name ends in .safetensors")
    card = _card(old)
    checkpoint = read_checkpoint(old)
    config = json.dumps({**checkpoint.config, **sidecar(old)}, sort_keys=True)
    state = {name: tensor.clone().contiguous() for name, tensor in checkpoint.state.items()}
    try:
        with replacing(new) as place:
            save_file(state, place, metadata={"format": "pt", "wherefrom": MADE, "config": config})
            _check_same(card, _card(place))
    except (OSError, SafetensorError) as error:
        raise UsageError(f"cannot write {new}: {error}") from error
    return Converted(path=new, card=card, tensors=len(state))


def _card(path: Path) -> Card:
    model = open_generator(path, options={}, device="cpu", dtype="float32", notes={})
    if model is None:
        raise ModelError(f"{path} holds no generator that is known: `wherefrom models list` says which are")
    return model.card


def _check_same(old: Card, new: Card) -> None:
    if old.digest != new.digest:
        changed = "; ".join(old.differences(new))
        raise ModelError(f"the converted file is not the same model ({changed}): it was not kept")
