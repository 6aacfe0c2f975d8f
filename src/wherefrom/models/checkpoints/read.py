"""Weights as tensors: read safely, nothing in a file is ever run."""

from __future__ import annotations

import json
import pickle
import re
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open

from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import building
from wherefrom.models.checkpoints.as_data import read_as_data
from wherefrom.models.checkpoints.content import DAMAGES, Content, content_of, damage_of, other_content
from wherefrom.models.checkpoints.stylegan_pickle import read_pickle
from wherefrom.models.checkpoints.suffixes import SAFE, suffix_of
from wherefrom.models.checkpoints.unwrap import Checkpoint, facts_of, unwrap

__all__ = ["is_safetensors", "read_checkpoint", "read_weights", "shapes_of"]

_ROOM: Final = 4  # tensors may share storage, so together they may be larger than the file, but not by much
_INDEX: Final = re.compile(r"\.index(\.\w+)?\.json$")
"""How the name of the file ends that names the shards of a copy, as `.index.json` or `.index.fp16.json`."""


def shapes_of(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a file's tensors; of a safetensors file only the header is read.

    Raises:
        ModelError: when the file cannot be read; the message says what it looks like.
    """
    if not is_safetensors(path):
        return {name: tuple(tensor.shape) for name, tensor in _read_other(path).state.items()}
    with _opened(path) as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


def is_safetensors(path: Path) -> bool:
    """Whether a file of weights is a safetensors file, whatever its name ends in.

    Raises:
        ModelError: when it holds no weights that can be read; the message says what it is.
    """
    return _content(path) is Content.SAFETENSORS


@building()
def read_weights(path: Path, names: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
    """Tensors by name, on the CPU, in the dtype they are stored in. Nothing in the file is run.

    Args:
        path: a safetensors file, the index of a sharded copy, or a file that torch or pickle wrote; of several tables
            the one that `unwrap` takes. The content says which it is, not the name.
        names: which tensors to read; None is all of them.

    Raises:
        ModelError: when the file cannot be read, is cut short, or holds no table of tensors.
    """
    if _INDEX.search(path.name):
        return _read_shards(path, names)
    if not is_safetensors(path):
        tensors = dict(_read_other(path).state)
        return tensors if names is None else {name: tensors[name] for name in names}
    with _opened(path) as file:
        chosen = list(file.keys()) if names is None else list(names)
        return {name: file.get_tensor(name) for name in chosen}


def _read_shards(index: Path, names: Iterable[str] | None) -> dict[str, torch.Tensor]:
    try:
        where = dict(json.loads(index.read_bytes())["weight_map"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{index} is no index of weight files: need JSON with a 'weight_map' ({error})") from error
    wanted = set(where) if names is None else set(names)
    state: dict[str, torch.Tensor] = {}
    for file in sorted({str(where[name]) for name in wanted}):
        if Path(file).name != file:
            raise ModelError(f"{index} names the weight file {file!r}: need a plain name in the same folder")
        names_here = {name for name in wanted if where[name] == file}
        missing = names_here - set(shapes_of(index.parent / file))
        if missing:
            raise ModelError(f"{index.parent / file} lacks {_some(missing)}, which {index.name} says it holds")
        state.update(read_weights(index.parent / file, names_here))
    return state


@building()
def read_checkpoint(path: Path, part: str | None = None) -> Checkpoint:
    """Weights and what was recorded beside them: in a PyTorch file plain values, in a safetensors file `config`.

    Args:
        path: a safetensors file, a file that torch wrote, or a pickle, as of the StyleGAN2-ADA or StyleGAN-XL
            programs. The content says which it is, not the name; nothing in it is run.
        part: which of several tables of weights; None is the one that `unwrap` takes.

    Raises:
        ModelError: as `read_weights`; and when it has no such part, or several that could be meant.
    """
    if not is_safetensors(path):
        return _read_other(path, part)
    if part is not None:
        raise ModelError(f"{path} is a safetensors file, which has one part: leave out the option part={part}")
    with _opened(path) as file:
        text = (file.metadata() or {}).get("config", "{}")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        config = {}
    return Checkpoint(state=read_weights(path), config=facts_of(config) if isinstance(config, dict) else {})


def _read_other(path: Path, part: str | None = None) -> Checkpoint:
    """A file that torch or pickle wrote."""
    content = _content(path)
    assert content is not None
    if content is Content.PICKLE:
        return _read_network(path, part)
    try:
        # by an open file, lest torch goes by its name; it warns of protocols that a damaged file states
        with path.open("rb") as file, warnings.catch_warnings(action="ignore", category=UserWarning):
            loaded: Any = torch.load(file, map_location="cpu", weights_only=True)  # noqa: TID251
    except pickle.UnpicklingError:
        return _read_as_data(path, content, part)
    except DAMAGES as error:
        raise ModelError(f"{path} cannot be read as PyTorch weights: {_first_line(error)}: fetch it again") from error
    checkpoint = unwrap(loaded, str(path), part)
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in checkpoint.state.values())
    if claimed > _ROOM * path.stat().st_size:  # by tensors that repeat a few stored numbers, as none of a model do
        raise ModelError(f"{path} claims {claimed:,} bytes of weights, the whole file has {path.stat().st_size:,}")
    return checkpoint


def _read_as_data(path: Path, content: Content, part: str | None) -> Checkpoint:
    """What torch's own safe reader refuses: tensors and plain values are read, the rest is named and left out."""
    try:
        loaded, left_out = read_as_data(path, content)
    except ModelError as error:
        raise ModelError(f"{path} holds more than tensors and was not opened: {error}") from error
    try:
        return replace(unwrap(loaded, str(path), part), left_out=left_out)
    except ModelError as error:
        beside = f" (beside tensors it holds {_some(left_out)}, which were not read)" if left_out else ""
        raise ModelError(f"{error}{beside}") from error


def _read_network(path: Path, part: str | None) -> Checkpoint:
    """The generator in a pickle of the StyleGAN programs, else the table of weights in any other pickle."""
    try:
        return read_pickle(path, part)
    except ModelError as error:
        try:
            return _read_as_data(path, Content.PICKLE, part)
        except ModelError:
            raise error from None


def _opened(path: Path) -> Any:
    """An open safetensors file, or the reason why it is none."""
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        damage = damage_of(path)
        reason = f"it is {damage}" if damage else f"{_first_line(error)}; fetch it again or name another file"
        raise ModelError(f"{path} is no readable safetensors file: {reason}") from error


def _content(path: Path) -> Content:
    """Which kind of weights a file holds.

    Raises:
        ModelError: when it holds none; the message says what it is.
    """
    content = content_of(path)
    if content is not None:
        return content
    what = other_content(path)
    if what:
        raise ModelError(f"{path} is no file of weights: it looks like {what}")
    kind = "is no readable safetensors file" if suffix_of(path) in SAFE else "cannot be read as PyTorch weights"
    raise ModelError(f"{path} {kind}: its first bytes are those of no format that is known: fetch it again")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _some(names: Iterable[str]) -> str:
    """The first few of many names."""
    listed = sorted(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
