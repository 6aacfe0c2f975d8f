"""What a pickle is read from and as: plain values, and `CallNode` for everything that loading it would have made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from wherefrom.core.errors import ModelError

__all__ = [
    "DICT",
    "FROZENSET",
    "PERSISTENT",
    "SET",
    "SETS",
    "TABLES",
    "CallNode",
    "Global",
    "Readable",
    "Value",
    "is_table",
    "items_of",
    "named_items",
]

Value: TypeAlias = Any
"""None, bool, int, float, str, bytes, tuple, list, `Global` or `CallNode`; may contain itself."""

_OLD_MODULES: Final = {"__builtin__": "builtins", "copy_reg": "copyreg"}


class Readable(Protocol):
    """What is needed of a file."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes."""
        ...

    def readline(self) -> bytes:
        """Bytes up to the end of the line."""
        ...

    def tell(self) -> int:
        """The position."""
        ...


@dataclass(frozen=True, slots=True)
class Global:
    """The name of a class or function that loading the pickle would have imported.

    Attributes:
        module: as written, but for two modules that Python 3 has renamed.
        name: may have dots.
    """

    module: str
    name: str

    @property
    def path(self) -> str:
        """Module and name in one, for comparisons and messages."""
        return f"{_OLD_MODULES.get(self.module, self.module)}.{self.name}"


@dataclass(slots=True, eq=False, repr=False)
class CallNode:
    """What a call or an instance of a class would have been. Equal only to itself.

    Attributes:
        what: the class or function; any value, as a program can name anything.
        arguments: what it would have been called with, a tuple in a sound file.
        state: what its `__setstate__` would have been given.
        items: what would have been appended or added.
        pairs: keys and values that would have been set, in order.
    """

    what: Value
    arguments: Value = ()
    state: Value = None
    items: list[Value] = field(default_factory=list)
    pairs: list[tuple[Value, Value]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The dotted name of what it is; empty where that is no plain name."""
        if isinstance(self.what, Global):
            return self.what.path
        return _dill_type(self.what) if isinstance(self.what, CallNode) else ""

    @property
    def positional(self) -> tuple[Value, ...]:
        """The positional arguments; none where they are no tuple."""
        return self.arguments if isinstance(self.arguments, tuple) else ()


DICT: Final = Global("builtins", "dict")
SET: Final = Global("builtins", "set")
FROZENSET: Final = Global("builtins", "frozenset")
PERSISTENT: Final = Global("pickle", "persistent_load")
"""What a reference out of the file stands for; its argument is the reference."""

_MOST_ENTRIES: Final = 1000
TABLES: Final = frozenset({DICT.path, "collections.OrderedDict", "dnnlib.util.EasyDict"})
"""Kinds of dictionaries that networks' files have."""
SETS: Final = frozenset({SET.path, FROZENSET.path})
"""Kinds of sets."""


def _dill_type(what: CallNode) -> str:
    """The name of one of Python's own types as dill writes it, `_load_type("set")`; empty where it is none."""
    named = isinstance(what.what, Global) and what.what.path == "dill._dill._load_type" and len(what.positional) == 1
    return f"builtins.{what.positional[0]}" if named and isinstance(what.positional[0], str) else ""


def is_table(value: Value) -> bool:
    """Whether a value would have been a dictionary of one of the kinds that networks' files have."""
    return isinstance(value, CallNode) and value.path in TABLES


def named_items(value: Value, what: str) -> dict[str, Value]:
    """The content of a dictionary with text as keys; of a key that is set twice the last value.

    Args:
        value: what should be one.
        what: what to call it in a message.

    Raises:
        ModelError: when it is no dictionary, or a key is no text.
    """
    if not isinstance(value, CallNode) or not is_table(value):
        raise ModelError(f"{what} is no dictionary: a network's own file has one there")
    _check_length(len(value.pairs), what)
    items: dict[str, Value] = {}
    for key, item in _pairs(value, what):
        if not isinstance(key, str):
            raise ModelError(f"{what} has a key that is no text: a network's own file has none")
        items[key] = item
    return items


def _pairs(table: CallNode, what: str) -> Iterator[tuple[Value, Value]]:
    """Pairs given to the constructor, as `OrderedDict([[key, value], ...])`, then those that were set."""
    pairs = table.positional[0] if table.positional else ()
    if not isinstance(pairs, list | tuple):
        raise ModelError(f"{what} is made of something else than pairs: a network's own file has pairs")
    _check_length(len(pairs), what)
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ModelError(f"{what} is made of something else than pairs: a network's own file has pairs")
        yield pair[0], pair[1]
    yield from table.pairs


def items_of(value: Value, what: str) -> list[Value]:
    """The elements of a list, a tuple or a set, in the file's order.

    Args:
        value: of the pickle's tree.
        what: how to name it in a message.

    Raises:
        ModelError: when it is none of them.
    """
    if isinstance(value, list | tuple):
        _check_length(len(value), what)
        return list(value)
    if isinstance(value, CallNode) and value.path in SETS:
        elements = value.positional[0] if value.positional and isinstance(value.positional[0], list | tuple) else []
        _check_length(len(elements) + len(value.items), what)
        return [*elements, *value.items]
    raise ModelError(f"{what} is no list and no set: a network's own file has one there")


def _check_length(count: int, what: str) -> None:
    if count > _MOST_ENTRIES:
        raise ModelError(f"{what} has {count:,} entries, need {_MOST_ENTRIES:,} at most: no network's file has more")
