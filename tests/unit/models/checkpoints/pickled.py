"""Pickles written by hand, step by step, and networks in the form in which the StyleGAN programs pickle them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch

__all__ = ["Called", "Fresh", "Named", "Writer", "module", "network", "network_file", "parameter", "storage", "written"]

NAME_OF: Final = {
    torch.float32: "FloatStorage",
    torch.float64: "DoubleStorage",
    torch.float16: "HalfStorage",
    torch.bfloat16: "BFloat16Storage",
    torch.int64: "LongStorage",
    torch.int32: "IntStorage",
    torch.uint8: "ByteStorage",
    torch.bool: "BoolStorage",
}
MAGIC: Final = 0x1950A86A20F9469CFC6C


@dataclass(frozen=True, eq=False)
class Named:
    """A class or function, by name."""

    module: str
    name: str


@dataclass(frozen=True, eq=False)
class Called:
    """What a function or class returns for some arguments (REDUCE)."""

    what: Any
    arguments: Any = ()
    state: Any = None
    pairs: Sequence[tuple[Any, Any]] = ()


@dataclass(frozen=True, eq=False)
class Fresh(Called):
    """A new instance of a class (NEWOBJ)."""


@dataclass(eq=False)
class Writer:
    """Writes one pickle; what is met twice is recalled from memory, as a pickler does."""

    protocol: int = 4
    out: bytearray = field(default_factory=bytearray)
    memory: dict[int, int] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)

    def whole(self, value: Any) -> bytes:
        """The pickle of a value."""
        self.out += b"\x80" + bytes([self.protocol])
        self.write(value)
        return bytes(self.out) + b"."

    def write(self, value: Any) -> None:
        """The steps that put a value on the stack."""
        if id(value) in self.memory:
            self.out += b"j" + struct.pack("<I", self.memory[id(value)])
        elif value is None or isinstance(value, bool):
            self.out += {None: b"N", True: b"\x88", False: b"\x89"}[value]
        elif isinstance(value, int):
            self._whole_number(value)
        elif isinstance(value, float):
            self.out += b"G" + struct.pack(">d", value)
        else:
            self._object(value)

    def _whole_number(self, value: int) -> None:
        if -(2**31) <= value < 2**31:
            self.out += b"J" + struct.pack("<i", value)
        else:
            raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self.out += b"\x8a" + bytes([len(raw)]) + raw

    def _remember(self, value: Any) -> None:
        number = len(self.memory)
        self.memory[id(value)] = number
        self.kept.append(value)
        self.out += b"\x94" if self.protocol >= 4 else b"r" + struct.pack("<I", number)

    def _object(self, value: Any) -> None:
        if isinstance(value, str):
            raw = value.encode()
            self.out += b"X" + struct.pack("<I", len(raw)) + raw
        elif isinstance(value, bytes):
            self._bytes(value)
        elif isinstance(value, tuple):
            self._tuple(value)
        elif isinstance(value, list):
            self.out += b"]"
            self._remember(value)
            self._many(value, b"e")
        elif isinstance(value, dict):
            self.out += b"}"
            self._remember(value)
            self._pairs(list(value.items()))
        elif isinstance(value, set):
            self._set(value)
        elif isinstance(value, Named):
            self._name(value)
        else:
            self._made(value)

    def _bytes(self, value: bytes) -> None:
        if self.protocol >= 3:
            self.out += b"B" + struct.pack("<I", len(value)) + value
        elif value:
            self.write(Called(Named("_codecs", "encode"), (value.decode("latin1"), "latin1")))
        else:
            self.write(Called(Named("__builtin__", "bytes")))

    def _tuple(self, value: tuple[Any, ...]) -> None:
        if len(value) > 3:
            self.out += b"("
        for item in value:
            self.write(item)
        self.out += {0: b")", 1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(value), b"t")

    def _many(self, items: Sequence[Any], step: bytes) -> None:
        self.out += b"("
        for item in items:
            self.write(item)
        self.out += step

    def _pairs(self, pairs: Sequence[tuple[Any, Any]]) -> None:
        if pairs:
            self._many([part for pair in pairs for part in pair], b"u")

    def _set(self, value: set[Any]) -> None:
        if self.protocol >= 4:
            self.out += b"\x8f"
            self._remember(value)
            self._many(sorted(value), b"\x90")
        else:
            self.write(Called(Named("__builtin__" if self.protocol == 2 else "builtins", "set"), (sorted(value),)))

    def _name(self, value: Named) -> None:
        if self.protocol >= 4:
            self.write(value.module)
            self.write(value.name)
            self.out += b"\x93"
        else:
            self.out += f"c{value.module}\n{value.name}\n".encode()

    def _made(self, value: Called) -> None:
        self.write(value.what)
        self.write(value.arguments)
        self.out += b"\x81" if isinstance(value, Fresh) else b"R"
        self._remember(value)
        self._pairs(value.pairs)
        if value.state is not None:
            self.write(value.state)
            self.out += b"b"


def ordered(content: Mapping[str, Any], *, old: bool = False) -> Any:
    """A table as new torch keeps it, or as old torch did, in an OrderedDict."""
    return Called(Named("collections", "OrderedDict"), pairs=list(content.items())) if old else dict(content)


def storage(numbers: torch.Tensor, *, location: str = "cpu", count: int | None = None, protocol: int = 2) -> Called:
    """A row of numbers as torch's old form has it."""
    kind, key, length = Named("torch", NAME_OF[numbers.dtype]), "94021", len(numbers) if count is None else count
    reference = Writer(protocol)
    reference.out += b"\x80" + bytes([protocol])
    reference.write(("storage", kind, key, location, length, None))
    head = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [Writer(protocol).whole(MAGIC), Writer(protocol).whole(VERSION), Writer(protocol).whole(head)]
    parts += [bytes(reference.out) + b"Q.", Writer(protocol).whole([key]), struct.pack("<q", length)]
    raw = numbers.contiguous().view(torch.uint8).numpy().tobytes() if len(numbers) else b""
    return Called(Named("torch.storage", "_load_from_bytes"), (b"".join(parts) + raw,))


VERSION: Final = 1001


def strided(source: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Called:
    """A tensor that looks into a storage."""
    return Called(
        Named("torch._utils", "_rebuild_tensor_v2"),
        (source, offset, size, stride, False, Called(Named("collections", "OrderedDict"))),
    )


def parameter(values: torch.Tensor, **options: Any) -> Called:
    """A parameter with a storage of its own."""
    source = storage(values.reshape(-1), **options)
    tensor = strided(source, 0, tuple(values.shape), values.contiguous().stride())
    hooks = Called(Named("collections", "OrderedDict"))
    return Called(Named("torch._utils", "_rebuild_parameter"), (tensor, True, hooks))


def network(name: str, state: Mapping[str, Any]) -> Called:
    """A network as `torch_utils.persistence` pickles it."""
    about = {"type": "class", "version": 6, "module_src": "raise SystemExit", "class_name": name, "state": dict(state)}
    return Called(Named("torch_utils.persistence", "_reconstruct_persistent_obj"), (about,))


@dataclass
class _Parts:
    """A module under construction."""

    parameters: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, _Parts] = field(default_factory=dict)


def module(
    state: Mapping[str, Any],
    *,
    name: str = "Generator",
    options: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
    old: bool = False,
) -> Called:
    """A network out of tensors by dotted names, each a tensor or what is to be written for it.

    Args:
        state: by name.
        name: of its class.
        options: the keywords that it was made with.
        attributes: further attributes of modules, by the module's dotted name.
        old: with the tables of old torch.
    """
    top = _Parts()
    for key, value in state.items():
        *path, last = key.split(".")
        place = top
        for part in path:
            place = place.modules.setdefault(part, _Parts())
        place.parameters[last] = parameter(value) if isinstance(value, torch.Tensor) else value
    return _nested(top, "", name, {"": {"_init_kwargs": dict(options or {})}, **(attributes or {})}, old=old)


def _nested(place: _Parts, where: str, name: str, attributes: Mapping[str, Mapping[str, Any]], *, old: bool) -> Called:
    inner = {
        key: _nested(part, f"{where}.{key}".strip("."), "Part", attributes, old=old)
        for key, part in place.modules.items()
    }
    tensors = {key: value for key, value in place.parameters.items() if key != "w_avg"}
    buffers = {key: value for key, value in place.parameters.items() if key == "w_avg"}
    state = {
        "training": False,
        "_parameters": ordered({**tensors, "absent": None}, old=old),
        "_buffers": ordered(buffers, old=old),
        "_non_persistent_buffers_set": {"cache"},
        "_backward_hooks": ordered({}, old=True),
        "_modules": ordered(inner, old=old),
        **attributes.get(where, {}),
    }
    return network(name, state)


def network_file(path: Path, generator: Any, *, protocol: int = 4, **others: Any) -> Path:
    """A file as the trainers save it, with that generator as its average."""
    content = {"training_set_kwargs": {}, "G": None, "D": None, "augment_pipe": None, **others, "G_ema": generator}
    return written(path, content, protocol=protocol)


def written(path: Path, content: Any, *, protocol: int = 4) -> Path:
    """A file with one pickle."""
    path.write_bytes(Writer(protocol).whole(content))
    return path
