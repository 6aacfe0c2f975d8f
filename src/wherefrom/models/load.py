"""From what a person writes to a model that can be asked: name, files, checkpoint, architecture, adapter.

    name ─ parse ─ ModelName ─ find_files ─ ModelFiles ─ open_files ─ Model ─ through ─ Model behind an edit
                       └ code of one's own ─ open_code ─┘

What a name is taken for stands in `wherefrom.models.sources.names`, how files are opened in `wherefrom.models.opening`:
a generator's weights are read (`checkpoints`), recognised and built (`architectures`) and wrapped (`adapters`), those
of an autoencoder likewise by way of `autoencoders`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.memory import UNCOLLECTED
from wherefrom.core.options import checked_facts
from wherefrom.models.sources.files import find_files
from wherefrom.models.sources.names import CodeName, ToyName, ZooName, parse

if TYPE_CHECKING:
    from wherefrom.core.card import Fact
    from wherefrom.images.edits import Edit
    from wherefrom.models.base import Model

__all__ = ["load_model"]


def load_model(
    name: str | Path,
    *,
    device: str = "auto",
    dtype: str = "float32",
    trust: bool = False,
    options: Mapping[str, Fact] | None = None,
    through: str | Edit | None = None,
) -> Model:
    """The model of that name, ready to be asked.

    `card.notes["source"]` says where it was found, in a form that opens the same again from any folder: a hub's with
    the commit, a path's from the root. A model out of code that has its own card keeps it.

    Args:
        name: one of the forms that `wherefrom.models.sources.names` lists; `wherefrom models list` has well-known ones.
            A `Path` is that of a folder or file, and never a name on the hub.
        device: `cpu`, `cuda` (`cuda:1`), or `auto`: the first GPU where there is one.
        dtype: `float32`, or less by name, as `bfloat16`.
        trust: whether code that `name` points to may be run.
        options: what weights in a file, here or on the hub, do not say, as `{"prior": "uniform"}`; see `wherefrom
            models options`.
        through: an edit that images went through since the model made them, as `resize:0.5`; see
            `wherefrom.models.adapters.through`.

    Raises:
        ModelError: when there is no such model, or it cannot be fetched or opened; the message says what was tried.
        UsageError: when the name has a form that is never a model, the model has no such option, or there is no such
            edit.
    """
    text = _text_of(name)
    if through is None:
        return _opened(text, options, device=device, dtype=dtype, trust=trust)
    from wherefrom.models.adapters.through import edit_of
    from wherefrom.models.adapters.through import through as behind

    edit = edit_of(through)  # so that a mistyped name does not wait for the model
    return behind(_opened(text, options, device=device, dtype=dtype, trust=trust), edit)


def _text_of(name: object) -> str:
    """A name as it is parsed; a path begins so that it is taken for nothing else."""
    if isinstance(name, Path):
        return str(name) if name.is_absolute() or str(name).startswith((".", "~")) else f"./{name}"
    if not isinstance(name, str):
        raise UsageError(f"a {type(name).__name__} is no model's name: give a text, as zoo:kl-f8-a, or a path")
    return name


def _opened(text: str, options: Mapping[str, Fact] | None, *, device: str, dtype: str, trust: bool) -> Model:
    """The model as it is."""
    checked, name = checked_facts(options, example="{'prior': 'uniform'}"), parse(text)
    if checked and isinstance(name, ToyName | ZooName):
        raise UsageError(f"{text} has no options, got {', '.join(checked)}: options are for files of weights")
    if isinstance(name, ToyName):
        return _toy(name, device, dtype)
    if isinstance(name, CodeName):
        from wherefrom.models.opening.user_code import open_code

        return open_code(name, device=device, dtype=dtype, trust=trust, options=checked)
    files = find_files(name)
    with UNCOLLECTED:
        from wherefrom.models.opening.files import open_files

        return open_files(files, options=checked, device=device, dtype=dtype)


def _toy(name: ToyName, device: str, dtype: str) -> Model:
    if device not in ("cpu", "auto") or dtype != "float32":
        raise ModelError(f"{name} computes in float32 on the CPU alone, not in {dtype} on {device}")
    from wherefrom.models.toy import Toy

    return Toy() if name.gain is None else Toy(gain=name.gain)
