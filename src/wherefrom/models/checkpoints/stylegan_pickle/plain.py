"""Plain values out of the tree: numbers, text, short lists, and NumPy's scalars and small arrays of numbers."""

from __future__ import annotations

import math
import struct
from typing import Final

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle.tree import CallNode, Global, Value

__all__ = ["encoded_text", "is_number", "plain"]

_MOST_ITEMS: Final = 64
_LONGEST_TEXT: Final = 1000
_DEPTH: Final = 2
_LONGEST: Final = 8 * _MOST_ITEMS
_LARGEST: Final = 2**63

_FORMATS: Final = {
    **{f"i{size}": code for size, code in ((1, "b"), (2, "h"), (4, "i"), (8, "q"))},
    **{f"u{size}": code for size, code in ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))},
    **{f"f{size}": code for size, code in ((2, "e"), (4, "f"), (8, "d"))},
    "b1": "?",
}
"""NumPy's names of kinds of numbers and `struct`'s."""

_ORDERS: Final = {"<": "<", ">": ">", "|": "<", "=": "<"}
_NUMPY: Final = ("numpy.core.", "numpy._core.")


def plain(value: Value, what: str, depth: int = _DEPTH) -> Fact:
    """The value as a fact of a card: lists and arrays as tuples, at most 64 items each.

    Args:
        value: out of the tree.
        what: what to call it in a message.
        depth: how many lists may stand inside one another.

    Raises:
        ModelError: when it is anything else, or larger than a network's option.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value, what)
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT:
        return value
    if isinstance(value, list | tuple) and len(value) <= _MOST_ITEMS and depth:
        return tuple(plain(item, what, depth - 1) for item in value)
    if isinstance(value, CallNode):
        return _numpy(value, what)
    raise ModelError(f"{what} is {_named(value)}: need a number, a word, or up to {_MOST_ITEMS} of them")


def is_number(value: Value) -> bool:
    """Whether a value of the tree is a whole number and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: float, what: str) -> Fact:
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise ModelError(f"{what} is a whole number of {value.bit_length()} bits: need 63 at most")
    if not math.isfinite(value):
        raise ModelError(f"{what} is {value}: need a finite number")
    return value


def _named(value: Value) -> str:
    """What a value is, for a message."""
    if isinstance(value, Global):
        return f"the name {value.path[:80]!r}"
    if isinstance(value, CallNode):
        return f"an object made by {value.path[:80]!r}"
    if isinstance(value, str | bytes | list | tuple):
        return f"{type(value).__name__} of length {len(value):,}"
    return type(value).__name__


def encoded_text(value: Value, most: int | None = None) -> bytes | None:
    """Bytes, or text that protocol 2 writes for them; None where it is neither, or longer than `most`.

    Args:
        value: of the pickle's tree.
        most: bytes that it may have; None sets no bound.
    """
    if isinstance(value, bytes):
        return value if most is None or len(value) <= most else None
    if not isinstance(value, CallNode):
        return None
    if value.path == "builtins.bytes" and not value.positional:
        return b""
    if value.path == "_codecs.encode" and len(value.positional) == 2 and value.positional[1] == "latin1":
        text = value.positional[0]
        return _latin1(text) if isinstance(text, str) and (most is None or len(text) <= most) else None
    return None


def _latin1(text: str) -> bytes | None:
    try:
        return text.encode("latin1")
    except UnicodeEncodeError:
        return None


def _numpy(value: CallNode, what: str) -> Fact:
    """A scalar, or an array of at most 64 numbers as tuples of its rows."""
    converted = _scalar(value) or _array(value) or _dill_array(value) or _buffered(value)
    if converted is None:
        raise ModelError(f"{what} is {_named(value)}: need a number, a word, or up to {_MOST_ITEMS} of them")
    kind, shape, by_columns, data = converted
    code, sides = _code(kind), _sides(shape)
    if code is None or sides is None or data is None or by_columns not in (False, None):
        raise ModelError(f"{what} is an array of NumPy that is not read: need up to {_MOST_ITEMS} plain numbers")
    count = math.prod(sides)
    if len(data) != count * struct.calcsize(code):
        raise ModelError(f"{what} is an array of {count} numbers in {len(data)} bytes: the file is damaged")
    numbers = struct.unpack(f"{code[0]}{count}{code[1]}", data)
    return _rows(tuple(_number(number, what) for number in numbers), sides)


_Array = tuple[Value, Value, Value, bytes | None]


def _scalar(value: CallNode) -> _Array | None:
    if value.path not in {f"{root}multiarray.scalar" for root in _NUMPY} or len(value.positional) != 2:
        return None
    return value.positional[0], (), None, encoded_text(value.positional[1], _LONGEST)


def _array(value: CallNode) -> _Array | None:
    if value.path not in {f"{root}multiarray._reconstruct" for root in _NUMPY}:
        return None
    return _of_state(value.state)


def _dill_array(value: CallNode) -> _Array | None:
    if value.path != "dill._dill._create_array" or len(value.positional) < 3:
        return None
    return _of_state(value.positional[2])


def _of_state(state: Value) -> _Array | None:
    """Out of NumPy's own state of an array: version, shape, kind, whether by columns, bytes."""
    if not isinstance(state, tuple) or len(state) != 5:
        return None
    return state[2], state[1], state[3], encoded_text(state[4], _LONGEST)


def _buffered(value: CallNode) -> _Array | None:
    """As protocol 5 writes it: bytes, kind, shape, order."""
    if value.path not in {f"{root}numeric._frombuffer" for root in _NUMPY} or len(value.positional) != 4:
        return None
    data, kind, shape, order = value.positional
    return kind, shape, None if order == "C" else True, encoded_text(data, _LONGEST)


def _code(kind: Value) -> str | None:
    """Byte order and kind as `struct` writes them; None where it is no plain kind of number."""
    if not isinstance(kind, CallNode) or kind.path != "numpy.dtype" or not kind.positional:
        return None
    name = kind.positional[0]
    order = kind.state[1] if isinstance(kind.state, tuple) and len(kind.state) > 1 else "|"
    if not isinstance(name, str) or name not in _FORMATS or not isinstance(order, str) or order not in _ORDERS:
        return None
    return _ORDERS[order] + _FORMATS[name]


def _sides(shape: Value) -> tuple[int, ...] | None:
    sides = shape if isinstance(shape, tuple) else None
    if sides is None or len(sides) > _DEPTH or not all(is_number(side) and 0 <= side <= _MOST_ITEMS for side in sides):
        return None
    return sides if math.prod(sides) <= _MOST_ITEMS else None


def _rows(numbers: tuple[Fact, ...], sides: tuple[int, ...]) -> Fact:
    if not sides:
        return numbers[0]
    step = math.prod(sides[1:])
    return (
        tuple(_rows(numbers[start : start + step], sides[1:]) for start in range(0, sides[0] * step, step))
        if step
        else ()
    )
