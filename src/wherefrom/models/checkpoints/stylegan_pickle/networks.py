"""A network out of the tree: its class, its tensors by the names of a state dictionary, its options and geometry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import torch

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle.plain import plain
from wherefrom.models.checkpoints.stylegan_pickle.storages import Tensors
from wherefrom.models.checkpoints.stylegan_pickle.tree import CallNode, Value, is_table, items_of, named_items

__all__ = ["Network", "class_of", "network"]

_RECONSTRUCTED: Final = "torch_utils.persistence._reconstruct_persistent_obj"
_MODULE: Final = re.compile(r"torch\.nn\.modules\.\w+\.\w+")
_NAME: Final = re.compile(r"\w+", re.ASCII)
_DEEPEST: Final = 8
_MOST_PARTS: Final = 10_000

_UNUSED_OPTIONS: Final = frozenset({"path_stem"})
"""Options of no use to a reader: the place of another file on its maker's disk."""
_GEOMETRY: Final = frozenset(
    {
        *("activation", "bandwidth", "bias_gain", "conv_clamp", "down_factor", "in_size", "is_torgb", "layer_names"),
        *("out_size", "output_scale", "padding", "sampling_rate", "size", "up_factor"),
    }
)
"""Attributes of modules that change the images and that neither the tensors nor, in every file, the options say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """What was read of a network.

    Attributes:
        name: of its class, as `Generator`.
        state: tensors by name.
        config: the options it was made with, one inside another under a dotted name as `mapping_kwargs.num_layers`,
            and attributes of its modules, as `synthesis.b4.conv1.conv_clamp`.
    """

    name: str
    state: dict[str, torch.Tensor] = field(default_factory=dict)
    config: dict[str, Fact] = field(default_factory=dict)


def class_of(value: Value) -> str | None:
    """The class of the network that a value would have been; None where it is none."""
    if not isinstance(value, CallNode):
        return None
    if value.path == _RECONSTRUCTED and value.positional:
        name = named_items(value.positional[0], "a network").get("class_name")
        return name if isinstance(name, str) and _NAME.fullmatch(name) else None
    return value.path.rpartition(".")[2] if _MODULE.fullmatch(value.path) else None


def network(value: Value, room: int) -> Network:
    """The network that a value would have been.

    Args:
        value: out of the tree; `class_of` has to know it.
        room: bytes that its tensors may take together.

    Raises:
        ModelError: when something in it is neither a module, a tensor nor a plain option, or is inconsistent.
    """
    result = Network(name=class_of(value) or "")
    reader = _Reader(result, Tensors(room))
    reader.options(_attributes(value, result.name).get("_init_kwargs"), "", _DEEPEST)
    reader.module(value, "", _DEEPEST)
    return result


def _attributes(value: Value, what: str) -> dict[str, Value]:
    """A module's attributes by name."""
    if class_of(value) is None or not isinstance(value, CallNode):
        raise ModelError(f"{what} is no module of a network: the file is damaged or of another kind")
    if value.path != _RECONSTRUCTED:
        return named_items(value.state, f"the state of {what}")
    return named_items(named_items(value.positional[0], what).get("state"), f"the state of {what}")


class _Reader:
    """Walks the modules of one network; each tensor, option and module counts, so that sharing cannot multiply them."""

    def __init__(self, network: Network, tensors: Tensors) -> None:
        self._found = network
        self._tensors = tensors
        self._left = _MOST_PARTS

    def options(self, value: Value, prefix: str, depth: int) -> None:
        """Options of a network, and those inside them, into its configuration."""
        if value is None:
            return
        for name, item in named_items(value, f"option {prefix or 's'}").items():
            if name in _UNUSED_OPTIONS:
                continue
            if is_table(item):
                self._count(1, depth, prefix + name)
                self.options(item, f"{prefix}{name}.", depth - 1)
            else:
                self._keep(prefix + name, item)

    def module(self, value: Value, prefix: str, depth: int) -> None:
        """A module's tensors and geometry, then those of the modules in it."""
        where = prefix.removesuffix(".") or self._found.name
        self._count(1, depth, where)
        attributes = _attributes(value, where)
        listed = items_of(attributes.get("_non_persistent_buffers_set", []), f"the set of buffers of {where}")
        unsaved = {name for name in listed if isinstance(name, str)}
        for table in ("_parameters", "_buffers"):
            for name, item in _table(attributes, table, where).items():
                if item is not None and name not in unsaved:
                    self._count(1, depth, prefix + name)
                    self._found.state[prefix + name] = self._tensors.tensor(item, prefix + name)
        for name in sorted(_GEOMETRY & attributes.keys()):
            self._keep(prefix + name, attributes[name])
        for name, item in _table(attributes, "_modules", where).items():
            if item is not None:
                self.module(item, f"{prefix}{name}.", depth - 1)

    def _keep(self, name: str, value: Value) -> None:
        plain_value = plain(value, name)
        self._count(_weight(plain_value), 1, name)
        self._found.config[name] = plain_value

    def _count(self, parts: int, depth: int, where: str) -> None:
        self._left -= parts
        if depth <= 0 or self._left < 0:
            raise ModelError(f"{where[:80]} is deeper or has more parts than any network: does it contain itself?")


def _weight(fact: Fact) -> int:
    return 1 + sum(map(_weight, fact)) if isinstance(fact, tuple) else 1


def _table(attributes: dict[str, Value], table: str, where: str) -> dict[str, Value]:
    """One of the tables of a module, its names checked."""
    if table not in attributes:
        raise ModelError(f"{where} has no {table}: the file is damaged or of another kind")
    items = named_items(attributes[table], f"{table} of {where}")
    for name in items:
        if not _NAME.fullmatch(name):
            raise ModelError(f"{where} has a part named {name[:40]!r}: a network's parts have plain names")
    return items
