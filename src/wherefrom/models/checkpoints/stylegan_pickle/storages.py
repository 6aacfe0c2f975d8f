"""Tensors out of the tree, copied value by value out of the bytes that the file holds."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle.plain import encoded_text, is_number
from wherefrom.models.checkpoints.stylegan_pickle.tree import PERSISTENT, CallNode, Global, Value, named_items
from wherefrom.models.checkpoints.stylegan_pickle.walk import walk

__all__ = ["KINDS", "MAGIC", "VERSION", "Storage", "Tensors", "referred"]

_MOST_SIDES: Final = 8
_MOST_STEPS: Final = 1000
_LARGEST: Final = 2**48
_PARAMETERS: Final = frozenset({"torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"})
KINDS: Final = {
    "DoubleStorage": ("<f8", torch.float64),
    "FloatStorage": ("<f4", torch.float32),
    "HalfStorage": ("<f2", torch.float16),
    "BFloat16Storage": ("<i2", torch.bfloat16),
    "LongStorage": ("<i8", torch.int64),
    "IntStorage": ("<i4", torch.int32),
    "ShortStorage": ("<i2", torch.int16),
    "CharStorage": ("i1", torch.int8),
    "ByteStorage": ("u1", torch.uint8),
    "BoolStorage": ("?", torch.bool),
}
"""Torch's kinds of storages: how NumPy reads their bytes, and what torch calls a number."""


MAGIC: Final = 0x1950A86A20F9469CFC6C
"""What torch's old files start with."""
VERSION: Final = 1001
"""Of torch's old form."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A row of numbers of one kind, still in the file's bytes.

    Attributes:
        numbers: as NumPy reads them.
        dtype: what torch calls them.
    """

    numbers: np.ndarray[tuple[int], np.dtype[np.generic]]
    dtype: torch.dtype


class Tensors:
    """Makes tensors, each a copy of its own, until they are together more than a file of that size can mean.

    Args:
        room: bytes that all tensors together may take.
        find: the storage that a value refers to, given what to call the tensor in a message; None is for storages that
            stand in the pickle itself.
    """

    def __init__(self, room: int, find: Callable[[Value, str], Storage] | None = None) -> None:
        self._room = room
        self._find = find
        self._taken = 0
        self._storages: dict[int, Storage] = {}

    def tensor(self, value: Value, what: str) -> torch.Tensor:
        """The tensor that a parameter or buffer would have been, contiguous, in the dtype it is stored in.

        Args:
            value: out of the tree, which has to live as long as this object.
            what: what to call it in a message.

        Raises:
            ModelError: when it is no tensor, reaches outside its storage, or claims more than what the file holds.
        """
        if isinstance(value, CallNode) and value.path in _PARAMETERS and value.positional:
            value = value.positional[0]
        if not isinstance(value, CallNode) or value.path != "torch._utils._rebuild_tensor_v2":
            kind = value.path if isinstance(value, CallNode) else type(value).__name__
            raise ModelError(f"{what} is no plain tensor but {kind[:80]!r}: save the network with plain tensors")
        if len(value.positional) < 4:
            raise ModelError(f"{what} lacks size or strides: the file is damaged")
        source, offset, size, stride = value.positional[:4]
        if not _are_sizes(size) or not _are_sizes(stride) or len(size) != len(stride) or not _are_sizes((offset,)):
            raise ModelError(f"{what} has a size, strides or an offset that no tensor has: the file is damaged")
        storage = self._storage(source, what)
        self._take(math.prod(size) * storage.numbers.itemsize, what)
        return _copied(storage, offset, size, stride, what)

    def _take(self, count: int, what: str) -> None:
        """Count a tensor's bytes before they are allocated."""
        self._taken += count
        if self._taken > self._room:
            raise ModelError(
                f"{what} brings the tensors to {self._taken:,} bytes, where a file of this size holds less than"
                f" {self._room:,}: it claims more than it has"
            )

    def _storage(self, source: Value, what: str) -> Storage:
        """The storage, read once however many tensors share it."""
        if self._find is not None:
            return self._find(source, what)
        if (
            not isinstance(source, CallNode)
            or source.path != "torch.storage._load_from_bytes"
            or len(source.positional) != 1
        ):
            raise ModelError(f"{what} has no storage that can be read: save the network again, its tensors on the CPU")
        content = source.positional[0]
        if id(content) not in self._storages:
            self._storages[id(content)] = _read(content, what)
        return self._storages[id(content)]


def _are_sizes(value: Value) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) <= _MOST_SIDES
        and all(is_number(item) and 0 <= item < _LARGEST for item in value)
    )


def _copied(storage: Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], what: str) -> torch.Tensor:
    """The numbers that size and strides pick out of the storage, in a tensor of their own."""
    if 0 in size and math.prod(side for side in size if side) < _LARGEST:
        return torch.empty(size, dtype=storage.dtype, device="cpu")
    last = offset + sum((side - 1) * step for side, step in zip(size, stride, strict=True))
    if 0 in size or last >= len(storage.numbers):
        raise ModelError(
            f"{what} of size {size} ends at number {last:,} of a storage of {len(storage.numbers):,}: it claims more"
            " than it has"
        )
    steps = [step * storage.numbers.itemsize if side > 1 else 0 for side, step in zip(size, stride, strict=True)]
    view = np.lib.stride_tricks.as_strided(storage.numbers[offset:], size, steps, writeable=False)
    tensor = torch.from_numpy(np.array(view, order="C"))
    return tensor.view(torch.bfloat16) if storage.dtype == torch.bfloat16 else tensor


def _read(content: Value, what: str) -> Storage:
    """A storage in torch's old form: five pickles (a mark, a version, the machine, the reference, its key), then bytes.

    Where the numbers were, as `cuda:0`, does not matter.
    """
    data = encoded_text(content)
    if data is None:
        raise ModelError(f"{what} has a storage of something else than bytes: the file is damaged")
    file = io.BytesIO(data)
    try:
        mark, version, machine, reference, keys = (walk(file, _MOST_STEPS) for _ in range(5))
    except ModelError as error:
        raise ModelError(f"the storage of {what} cannot be read: {error}") from error
    if (mark, version) != (MAGIC, VERSION) or named_items(machine, "its head").get("little_endian") is not True:
        raise ModelError(f"the storage of {what} is none of torch's old form with the lowest byte first")
    kind, count = _only(reference, keys, what)
    start = file.tell() + 8
    code, dtype = KINDS[kind]
    available = (len(data) - start) // np.dtype(code).itemsize
    if data[start - 8 : start] != count.to_bytes(8, "little") or count > available:
        raise ModelError(
            f"the storage of {what} claims {count:,} numbers and holds {max(available, 0):,}: it is cut short"
        )
    return Storage(np.frombuffer(data, code, count, start), dtype)


def _only(reference: Value, keys: Value, what: str) -> tuple[str, int]:
    """Kind and count of the one storage that a reference names."""
    kind, key, count = referred(reference, what)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ModelError(f"the storage of {what} has a count or a key of another kind: the file is damaged")
    if keys != [key]:
        raise ModelError(f"the storage of {what} is kept under another key than it is asked for: the file is damaged")
    return kind, count


def referred(reference: Value, what: str) -> tuple[str, str, int]:
    """Kind, key and count of the storage that a reference names.

    Args:
        reference: out of the tree.
        what: what to call the tensor in a message.

    Raises:
        ModelError: when it is a reference to something else.
    """
    content = reference.positional[0] if isinstance(reference, CallNode) and reference.what is PERSISTENT else None
    if (
        not isinstance(content, tuple)
        or len(content) < 5
        or content[0] != "storage"
        or content[5:] not in ((), (None,))
    ):
        raise ModelError(f"the storage of {what} is a reference to something else: the file is damaged")
    kind, key, count = content[1], content[2], content[4]
    if not isinstance(kind, Global) or kind.module not in ("torch", "torch.cuda") or kind.name not in KINDS:
        raise ModelError(f"the storage of {what} is of a kind that is not read: need one of {', '.join(KINDS)}")
    if not _are_sizes((count,)) or not isinstance(key, str):
        raise ModelError(f"the storage of {what} has a count or a key of another kind: the file is damaged")
    return kind.name, key, count
