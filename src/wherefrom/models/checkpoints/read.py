"""Weights as tensors: read safely, nothing in a file is ever run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import building
from wherefrom.models.checkpoints.recognise import looks_like_file
from wherefrom.models.checkpoints.stylegan_pickle import read_pickle
from wherefrom.models.checkpoints.unwrap import Checkpoint, facts_of, unwrap

__all__ = ["read_checkpoint", "read_weights", "shapes_of"]


def shapes_of(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a file's tensors; of a safetensors file only the header is read.

    Raises:
        ModelError: when the file cannot be read; the message says what it looks like.
    """
    if path.suffix != ".safetensors":
        return {name: tuple(tensor.shape) for name, tensor in _read_torch(path).state.items()}
    with _opened(path) as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


@building()
def read_weights(path: Path, names: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
    """Tensors by name, on the CPU, in the dtype they are stored in. Nothing in the file is run.

    Args:
        path: a `.safetensors` file, the `.safetensors.index.json` of a sharded copy, or a PyTorch file that holds
            tensors and plain values alone; of several tables the one that `unwrap` takes.
        names: which tensors to read; None is all of them.

    Raises:
        ModelError: when the file cannot be read, is cut short, or holds anything but tensors and plain values.
    """
    if path.name.endswith(".index.json"):
        return _read_shards(path, names)
    if path.suffix != ".safetensors":
        found = dict(_read_torch(path).state)
        return found if names is None else {name: found[name] for name in names}
    with _opened(path) as file:
        chosen = list(file.keys()) if names is None else list(names)
        return {name: file.get_tensor(name) for name in chosen}


def _read_shards(index: Path, names: Iterable[str] | None) -> dict[str, torch.Tensor]:
    try:
        where = dict(json.loads(index.read_text(encoding="utf-8-sig"))["weight_map"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{index} is no index of weight files: need JSON with a 'weight_map' ({error})") from error
    wanted = set(where) if names is None else set(names)
    state: dict[str, torch.Tensor] = {}
    for file in sorted({str(where[name]) for name in wanted}):
        if Path(file).name != file:
            raise ModelError(f"{index} names the weight file {file!r}: need a plain name in the same folder")
        held = {name for name in wanted if where[name] == file}
        missing = held - set(shapes_of(index.parent / file))
        if missing:
            raise ModelError(f"{index.parent / file} lacks {_some(missing)}, which {index.name} says it holds")
        state.update(read_weights(index.parent / file, held))
    return state


@building()
def read_checkpoint(path: Path, part: str | None = None) -> Checkpoint:
    """Weights and what was recorded beside them: in a PyTorch file plain values, in a safetensors file `config`.

    Args:
        path: a `.safetensors` file, a PyTorch file, or a `.pkl` of the StyleGAN2-ADA or StyleGAN-XL programs. Nothing
            in it is run.
        part: which of several tables of weights; None is the one that `unwrap` takes.

    Raises:
        ModelError: as `read_weights`; and when it has no such part, or several that could be meant.
    """
    if path.suffix != ".safetensors":
        return _read_torch(path, part)
    if part is not None:
        raise ModelError(f"{path} is a safetensors file, which has one part: leave out the option part={part}")
    with _opened(path) as file:
        text = (file.metadata() or {}).get("config", "{}")
    try:
        config = json.loads(text)
    except ValueError:
        config = {}
    return Checkpoint(state=read_weights(path), config=facts_of(config) if isinstance(config, dict) else {})


def _read_torch(path: Path, part: str | None = None) -> Checkpoint:
    """A PyTorch file by the unpickler that builds tensors and plain containers and nothing else."""
    _check_file(path)
    if path.suffix == ".pkl":
        return _read_network(path, part)
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except pickle.UnpicklingError as error:
        raise ModelError(f"{path} holds more than tensors and was not opened: convert it to .safetensors") from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise ModelError(
            f"{path} cannot be read as PyTorch weights{looks_like_file(path)}: {_first_line(error)}"
        ) from error
    return unwrap(found, str(path), part)


def _read_network(path: Path, part: str | None) -> Checkpoint:
    """The generator in a pickle of the StyleGAN programs, or what the file looks like instead."""
    try:
        return read_pickle(path, part)
    except ModelError as error:
        raise ModelError(f"{error}{looks_like_file(path)}") from error


def _opened(path: Path) -> Any:
    """An open safetensors file, or the reason why it is none."""
    _check_file(path)
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        message = f"{path} is no readable safetensors file{looks_like_file(path)}: {_first_line(error)}"
        raise ModelError(f"{message}; fetch it again or name another file") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise ModelError(f"{path} is a folder, need a file of weights")
    if not path.exists():
        raise ModelError(f"{path} does not exist")
    if path.stat().st_size == 0:
        raise ModelError(f"{path} is empty, need a file of weights: fetch it again")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _some(names: Iterable[str]) -> str:
    """The first few of many names."""
    listed = sorted(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
