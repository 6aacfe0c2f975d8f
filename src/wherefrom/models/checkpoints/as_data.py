"""A file that torch or pickle wrote, read as data: its tensors and plain values, and the names of all that is neither.

Nothing in the file is run and no name in it is looked up, so that a training program's checkpoint can be read with its
callbacks, configurations and NumPy numbers in it: what is no tensor, no plain value and no table of them stays behind
as `Unreadable`, which only says what it would have been.
"""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.content import DAMAGES, Content
from wherefrom.models.checkpoints.stylegan_pickle.plain import is_number, plain
from wherefrom.models.checkpoints.stylegan_pickle.reading import Bounded
from wherefrom.models.checkpoints.stylegan_pickle.storages import KINDS, MAGIC, VERSION, Storage, Tensors, referred
from wherefrom.models.checkpoints.stylegan_pickle.tree import PERSISTENT, SETS, TABLES, CallNode, Global, Value
from wherefrom.models.checkpoints.stylegan_pickle.walk import walk

__all__ = ["Unreadable", "read_as_data"]

_MOST_STEPS: Final = 20_000_000
_MOST_VALUES: Final = 2_000_000
_DEEPEST: Final = 24
_ROOM: Final = 4  # tensors may share storage, so together they may be larger than the file, but not by much
_TENSORS: Final = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter")
_PLAIN_OBJECTS: Final = frozenset({"argparse.Namespace", "types.SimpleNamespace"})
_COUNT: Final = struct.Struct("<q")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stood in a file and is neither a tensor, nor a plain value, nor a table or list of them.

    Attributes:
        name: of the class or function that loading the file would have called.
    """

    name: str


def read_as_data(path: Path, content: Content) -> tuple[Any, tuple[str, ...]]:
    """What a file holds, as dictionaries, lists, tensors on the CPU, plain values and `Unreadable`.

    A whole network that was saved as an object comes out as its table of weights.

    Args:
        path: a file that torch or pickle wrote.
        content: which of the formats it is in.

    Returns:
        The content, and the names of what was left out, in order and each once.

    Raises:
        ModelError: when the file is damaged, claims more than it has, or names what would run a program.
    """
    try:
        if content is Content.TORCH:
            with zipfile.ZipFile(path) as archive:
                return _of_archive(archive, path.stat().st_size)
        with path.open("rb") as file:
            bounded = Bounded(file, path.stat().st_size)
            return _of_old(bounded) if content is Content.OLD_TORCH else _of_pickle(bounded)
    except DAMAGES as error:
        raise ModelError(f"it is damaged ({error}): fetch it again") from error


def _of_archive(archive: zipfile.ZipFile, size: int) -> tuple[Any, tuple[str, ...]]:
    """The pickle of a zip archive, with its storages, which stand uncompressed beside it."""
    inside = {info.filename: info for info in archive.infolist()}
    main = next((name for name in inside if name.partition("/")[2] == "data.pkl"), None)
    if main is None:
        raise ModelError("it has no data.pkl")
    folder = main.removesuffix("data.pkl")

    def content(name: str) -> bytes:
        info = inside.get(name)
        if info is None:
            raise ModelError(f"it lacks {name}, which it refers to: it is damaged")
        if info.file_size > size:
            raise ModelError(f"{name} claims {info.file_size:,} bytes, the whole file has {size:,}")
        return archive.read(info)

    if f"{folder}byteorder" in inside and content(f"{folder}byteorder") != b"little":
        raise ModelError("its numbers have the highest byte first, which is not read: save it on another machine")
    read: dict[str, Storage] = {}

    def find(reference: Value, what: str) -> Storage:
        kind, key, count = referred(reference, what)
        if key not in read:
            read[key] = _storage(content(f"{folder}data/{key}"), kind, count, what)
        return read[key]

    return _Reader(Tensors(_ROOM * size, find)).whole(walk(io.BytesIO(content(main)), _MOST_STEPS))


def _of_old(file: Bounded) -> tuple[Any, tuple[str, ...]]:
    """Torch's form before its version 1.6.

    That is five pickles, of a mark, a version, the machine, the content and the storages' keys, then the storages, each
    its count and its bytes.
    """
    mark, version, _, tree = (walk(file, _MOST_STEPS) for _ in range(4))
    if (mark, version) != (MAGIC, VERSION):
        raise ModelError("it is of another version of PyTorch's old form than 1001")
    kinds = {key: (kind, count) for kind, key, count in _references(tree)}
    keys = walk(file, _MOST_STEPS)
    stored: dict[str, Storage] = {}
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, str) or key not in kinds:
            raise ModelError("it holds a storage that nothing refers to: it is damaged")
        kind, count = kinds[key]
        what = f"storage {key[:40]}"
        if file.read(_COUNT.size) != _COUNT.pack(count):
            raise ModelError(f"{what} has another length than is referred to: the file is cut short or damaged")
        stored[key] = _storage(file.read(count * np.dtype(KINDS[kind][0]).itemsize), kind, count, what)

    def find(reference: Value, what: str) -> Storage:
        key = referred(reference, what)[1]
        if key not in stored:
            raise ModelError(f"{what} has no storage in the file: it is cut short")
        return stored[key]

    return _Reader(Tensors(_ROOM * file.size, find)).whole(tree)


def _of_pickle(file: Bounded) -> tuple[Any, tuple[str, ...]]:
    return _Reader(Tensors(_ROOM * file.size)).whole(walk(file, _MOST_STEPS))


def _storage(data: bytes, kind: str, count: int, what: str) -> Storage:
    code, dtype = KINDS[kind]
    if len(data) < count * np.dtype(code).itemsize:
        raise ModelError(f"the storage of {what} claims {count:,} numbers in {len(data):,} bytes: it is cut short")
    return Storage(np.frombuffer(data, code, count), dtype)


def _references(tree: Value) -> Iterator[tuple[str, str, int]]:
    """Every reference to a storage in a tree: kind, key and count."""
    seen: set[int] = set()
    waiting: list[Value] = [tree]
    while waiting:
        value = waiting.pop()
        if not isinstance(value, list | tuple | CallNode) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, CallNode) and value.what is PERSISTENT:
            yield referred(value, "a tensor")
        elif isinstance(value, CallNode):
            waiting += [value.what, value.arguments, value.state, *value.items, *itertools.chain(*value.pairs)]
        else:
            waiting += value


class _Reader:
    """Turns a tree into tensors and plain values; what is counted bounds how often shared parts are read."""

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._left = _MOST_VALUES
        self._names: dict[str, None] = {}

    def whole(self, tree: Value) -> tuple[Any, tuple[str, ...]]:
        """The content, and what was left out."""
        return self._value(tree, "", _DEEPEST), tuple(self._names)

    def _value(self, value: Value, where: str, depth: int) -> Any:
        self._left -= 1
        if depth <= 0 or self._left < 0:
            raise ModelError(f"{where[:80] or 'it'} is deeper or has more parts than any checkpoint")
        if isinstance(value, Global):
            return self._leave(value.path)
        if isinstance(value, list | tuple):
            return [self._value(item, where, depth - 1) for item in value]
        return self._made(value, where, depth) if isinstance(value, CallNode) else value

    def _made(self, node: CallNode, where: str, depth: int) -> Any:
        if node.path.startswith(_TENSORS):
            return self._tensors.tensor(node, where or "a tensor")
        if node.path in SETS:
            elements = node.positional[0] if node.positional and isinstance(node.positional[0], list | tuple) else []
            return [self._value(item, where, depth - 1) for item in (*elements, *node.items)]
        state = _table(node.state)
        if state is not None and "_parameters" in state and "_modules" in state:
            return self._network(state, where, depth)
        if node.path in TABLES or node.path == "collections.defaultdict" or node.pairs:
            return self._items(_pairs(node), where, depth)
        if node.path in _PLAIN_OBJECTS and state is not None:
            return self._items(state.items(), where, depth)
        try:
            return plain(node, where)
        except ModelError:
            return self._leave(node.path or "something without a name")

    def _items(self, pairs: Iterable[tuple[Value, Value]], where: str, depth: int) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        for key, item in pairs:
            name = self._leave(key.path).name if isinstance(key, Global) else key
            if isinstance(name, str) or is_number(name):
                table[name] = self._value(item, f"{where}.{name}".lstrip("."), depth - 1)
        return table

    def _network(self, state: dict[Any, Value], where: str, depth: int) -> dict[str, Any]:
        """The weights of a network that was saved as an object, by the names of a state dictionary."""
        self._left -= 1
        if depth <= 0 or self._left < 0:
            raise ModelError(f"{where[:80] or 'it'} is deeper or has more parts than any network")
        unsaved = self._value(state.get("_non_persistent_buffers_set", []), where, depth - 1)
        tensors: dict[str, Any] = {}
        for part in ("_parameters", "_buffers"):
            for name, item in (_table(state.get(part)) or {}).items():
                if item is not None and name not in (unsaved or ()):
                    tensors[str(name)] = self._value(item, f"{where}.{name}".lstrip("."), depth - 1)
        for name, item in (_table(state.get("_modules")) or {}).items():
            inner = _table(item.state) if isinstance(item, CallNode) else None
            if inner is not None:
                below = self._network(inner, f"{where}.{name}".lstrip("."), depth - 1)
                tensors |= {f"{name}.{key}": tensor for key, tensor in below.items()}
        return tensors

    def _leave(self, name: str) -> Unreadable:
        shown = ascii(name[:120])[1:-1]
        self._names[shown] = None
        return Unreadable(shown)


def _table(value: Value) -> dict[Any, Value] | None:
    """A dictionary's content; None of anything else."""
    if isinstance(value, CallNode) and (value.path in TABLES or value.pairs):
        return {key: item for key, item in _pairs(value) if isinstance(key, str)}
    return None


def _pairs(node: CallNode) -> list[tuple[Value, Value]]:
    """Pairs given to the constructor, then those that were set."""
    pairs = node.positional[-1] if node.positional else ()
    first = (
        [(pair[0], pair[1]) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2]
        if isinstance(pairs, list | tuple)
        else []
    )
    return [*first, *node.pairs]
