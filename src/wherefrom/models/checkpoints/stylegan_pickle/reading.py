"""From a file to the generator in it, or to what the file looks like instead."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle.networks import Network, class_of, network
from wherefrom.models.checkpoints.stylegan_pickle.plain import is_number
from wherefrom.models.checkpoints.stylegan_pickle.tree import DICT, CallNode, Value, named_items
from wherefrom.models.checkpoints.stylegan_pickle.walk import walk
from wherefrom.models.checkpoints.unwrap import Checkpoint

__all__ = ["Bounded", "read_pickle"]

_GENERATORS: Final = frozenset({"Generator", "SuperresGenerator"})
_AVERAGED: Final = "G_ema"
_TORCH: Final = 0x1950A86A20F9469CFC6C
"""What torch's old files start with, a pickle of its own."""
_ROOM: Final = 4
"""Tensors may share storage, so together they may be larger than the file, but not by much."""


def read_pickle(path: Path, part: str | None = None) -> Checkpoint:
    """The generator in a pickle of StyleGAN2-ADA, StyleGAN-XL or a program derived from them; nothing in it is run.

    Args:
        path: a `.pkl` file; protocols 2 to 5, written by pickle or dill, tensors on any device.
        part: `G_ema` or `G`; None is `G_ema`, the average over training, from which images are made.

    Returns:
        Tensors by name, and as configuration the options that the network was made with, under dotted names as
        `mapping_kwargs.num_layers`, and geometry that stands in its modules, as `synthesis.L0_36_20.padding`.

    Raises:
        ModelError: when the file is no such pickle, is damaged, or would run what no network needs; the message says
            what it looks like.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            generator = _generator(walk(Bounded(file, size)), _ROOM * size, _AVERAGED if part is None else part)
    except ModelError as error:
        raise ModelError(f"{path} cannot be read as a network pickle: {error}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    return Checkpoint(state=generator.state, config=generator.config, part=part or _AVERAGED)


class Bounded:
    """A file that never promises more than it has: a claimed length is cut to what is left before memory is taken.

    Args:
        file: open for reading.
        size: bytes that it has.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self.size = size

    def read(self, count: int) -> bytes:
        """Up to so many bytes."""
        return self._file.read(max(0, min(count, self.size - self._file.tell())))

    def readline(self) -> bytes:
        """Bytes up to the end of the line."""
        return self._file.readline()

    def tell(self) -> int:
        """The position."""
        return self._file.tell()


def _generator(content: Value, room: int, part: str) -> Network:
    """The network under that name at the top of the file."""
    if not isinstance(content, CallNode) or content.path != DICT.path:
        raise ModelError(
            f"it looks like {_looks(content)}, need the dictionary with {_AVERAGED} that the trainers save"
        )
    parts = named_items(content, "its top")
    if part not in parts:
        raise ModelError(f"it has no {part}, but {_listed(parts)}{_other_part(parts)}")
    name = class_of(parts[part])
    if name not in _GENERATORS:
        what = f"a network of class {name}" if name else _looks(parts[part])
        raise ModelError(f"its {part} looks like {what}, need a network of class {' or '.join(sorted(_GENERATORS))}")
    return network(parts[part], room)


def _other_part(parts: dict[str, Value]) -> str:
    """How to name the generator that is there under another name."""
    generators = [name for name, value in parts.items() if class_of(value) in _GENERATORS]
    if generators:
        return f": say which network is meant by the option part, as part={generators[0][:40]}"
    return ": need a file that the trainers of StyleGAN2-ADA save"


def _looks(value: Value) -> str:
    """What a value would have been, in words."""
    name = class_of(value)
    if name is not None:
        return f"a single network of class {name}"
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, CallNode) and item.path.startswith("dnnlib.tflib."):
            return (
                "networks of the TensorFlow programs: convert it with the legacy.py of StyleGAN2-ADA's PyTorch program"
            )
    if is_number(value) and value == _TORCH:
        return "weights that torch.save wrote: name it .pt"
    if isinstance(value, CallNode) and value.path.startswith("torch._utils."):
        return "a single tensor"
    if isinstance(value, CallNode):
        return f"an object made by {value.path[:80]!a}"
    return (
        f"a {type(value).__name__} of length {len(value):,}"
        if isinstance(value, list | tuple)
        else type(value).__name__
    )


def _listed(parts: dict[str, Value]) -> str:
    names = [ascii(name[:40]) for name in list(parts)[:5]]
    return ", ".join(names) + (f" and {len(parts) - 5} more" if len(parts) > 5 else "") if names else "nothing"
