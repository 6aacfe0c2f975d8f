"""The stack machine that a pickle is a program for, without the parts that import, call or look anything up."""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable
from typing import IO, Any, Final, cast

from wherefrom.core.errors import ModelError
from wherefrom.models._pickles._names import named
from wherefrom.models._pickles._tree import DICT, FROZENSET, PERSISTENT, SET, Made, Readable, Value

__all__ = ["Machine", "walk"]

_NEWEST: Final = 5
_LONGEST_NUMBER: Final = 64


def walk(file: Readable, most: int = 1_000_000) -> Value:
    """What the pickle that starts at the file's position would have made, as a tree; the position is then behind it.

    The work is bounded: each step makes one object or moves what is there, and no allocation is larger than what has
    been read. Nothing is hashed or compared, so no content can make that slow.

    Args:
        file: as `io.BytesIO`; its `read` must not allocate more than there is.
        most: steps that the program may have; a file of the trainers has some 170 for each module of its networks.

    Raises:
        ModelError: when it is no pickle, is cut short, is longer than any network's, or names what no network needs.
    """
    machine = Machine()
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of escapes in a text of the file
            for count, (step, argument, _) in enumerate(pickletools.genops(cast("IO[bytes]", file))):
                if count >= most:
                    raise ModelError(f"it has more than {most:,} steps, far more than a network's file")
                machine.do(step.name, argument)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise ModelError(f"it is no sound pickle, or cut short ({_first_line(error)}): fetch it again") from error
    return machine.result()


def _first_line(error: Exception) -> str:
    return ascii(str(error).strip() or type(error).__name__)[1:-1][:120]


class Machine:
    """A stack, a memory, and one short method for each kind of step; fed by `walk`."""

    def __init__(self) -> None:
        self._stack: list[Value] = []
        self._below: list[list[Value]] = []
        self._memory: dict[int, Value] = {}

    def do(self, name: str, argument: Any) -> None:
        """One step of the program.

        Raises:
            ModelError: when it is a step that no network needs, or that has nothing to work on.
        """
        if name in _PUSHED:
            self._stack.append(_constant(argument))
            return
        step = _STEPS.get(name)
        if step is None:
            raise ModelError(f"it has the step {name}, which no network's file needs: it is something else")
        step(self, argument)

    def result(self) -> Value:
        """What is left at the end.

        Raises:
            ModelError: when that is not one value.
        """
        if self._below or len(self._stack) != 1:
            raise ModelError("it does not end in one value: it is no sound pickle")
        return self._stack[0]

    def _pop(self) -> Value:
        if not self._stack:
            raise ModelError("it takes a value where there is none: it is no sound pickle")
        return self._stack.pop()

    def _top(self) -> Value:
        self._stack.append(self._pop())
        return self._stack[-1]

    def _marked(self) -> list[Value]:
        """What was put on the stack since the last mark."""
        if not self._below:
            raise ModelError("it goes back to a mark where there is none: it is no sound pickle")
        found = self._stack
        self._stack = self._below.pop()
        return found

    def proto(self, version: int) -> None:
        if version > _NEWEST:
            raise ModelError(f"it has protocol {version}, need 2 to {_NEWEST}: save it again with an older one")

    def nothing(self, _: Any) -> None:
        """A step that only helps a reader to read ahead, or that ends the program."""

    def none(self, _: Any) -> None:
        self._stack.append(None)

    def true(self, _: Any) -> None:
        self._stack.append(True)

    def false(self, _: Any) -> None:
        self._stack.append(False)

    def mark(self, _: Any) -> None:
        self._below.append(self._stack)
        self._stack = []

    def pop(self, _: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._marked()

    def pop_mark(self, _: Any) -> None:
        self._marked()

    def dup(self, _: Any) -> None:
        self._stack.append(self._top())

    def get(self, number: int) -> None:
        if number not in self._memory:
            raise ModelError(f"it recalls value {number}, which it never stored: it is no sound pickle")
        self._stack.append(self._memory[number])

    def put(self, number: int) -> None:
        self._memory[number] = self._top()

    def memoize(self, _: Any) -> None:
        self._memory[len(self._memory)] = self._top()

    def empty_list(self, _: Any) -> None:
        self._stack.append([])

    def empty_tuple(self, _: Any) -> None:
        self._stack.append(())

    def empty_dict(self, _: Any) -> None:
        self._stack.append(Made(DICT))

    def empty_set(self, _: Any) -> None:
        self._stack.append(Made(SET))

    def marked_list(self, _: Any) -> None:
        found = self._marked()
        self._stack.append(found)

    def marked_tuple(self, _: Any) -> None:
        found = tuple(self._marked())
        self._stack.append(found)

    def marked_dict(self, _: Any) -> None:
        found = self._marked()
        self._stack.append(Made(DICT, pairs=_paired(found)))

    def marked_frozenset(self, _: Any) -> None:
        found = self._marked()
        self._stack.append(Made(FROZENSET, items=found))

    def tuple_1(self, _: Any) -> None:
        self._stack.append((self._pop(),))

    def tuple_2(self, _: Any) -> None:
        second, first = self._pop(), self._pop()
        self._stack.append((first, second))

    def tuple_3(self, _: Any) -> None:
        third, second, first = self._pop(), self._pop(), self._pop()
        self._stack.append((first, second, third))

    def append(self, _: Any) -> None:
        self._extend([self._pop()])

    def appends(self, _: Any) -> None:
        self._extend(self._marked())

    def _extend(self, items: list[Value]) -> None:
        target = self._top()
        if not isinstance(target, list | Made):
            raise ModelError(f"it appends to {type(target).__name__}: it is no sound pickle")
        (target.items if isinstance(target, Made) else target).extend(items)

    def setitem(self, _: Any) -> None:
        value, key = self._pop(), self._pop()
        self._made().pairs.append((key, value))

    def setitems(self, _: Any) -> None:
        found = self._marked()
        self._made().pairs.extend(_paired(found))

    def build(self, _: Any) -> None:
        state = self._pop()
        self._made().state = state

    def _made(self) -> Made:
        target = self._top()
        if not isinstance(target, Made):
            raise ModelError(f"it sets items or state of {type(target).__name__}: it is no sound pickle")
        return target

    def import_name(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._stack.append(named(module, name))

    def import_pushed(self, _: Any) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise ModelError("it imports something that is no name: it is no sound pickle")
        self._stack.append(named(module, name))

    def call(self, _: Any) -> None:
        arguments, what = self._pop(), self._pop()
        self._stack.append(Made(what, arguments))

    def call_with_names(self, _: Any) -> None:
        names, arguments, what = self._pop(), self._pop(), self._pop()
        self._stack.append(Made(what, (arguments, names)))

    def persistent(self, _: Any) -> None:
        self._stack.append(Made(PERSISTENT, (self._pop(),)))


def _constant(value: Any) -> Value:
    """A constant of the program, as it is but for numbers that are longer than any a network needs."""
    if isinstance(value, int) and value.bit_length() > 8 * _LONGEST_NUMBER:
        raise ModelError(f"it has a whole number of {value.bit_length():,} bits: no network's file has one")
    return bytes(value) if isinstance(value, bytearray) else value


def _paired(flat: list[Value]) -> list[tuple[Value, Value]]:
    if len(flat) % 2:
        raise ModelError("it sets a key without a value: it is no sound pickle")
    return list(zip(flat[::2], flat[1::2], strict=True))


_PUSHED: Final = frozenset(
    step.name
    for step in pickletools.opcodes
    if len(step.stack_after) == 1
    and not step.stack_before
    and step.arg is not None
    and not step.name.startswith(("EXT", "GET", "BINGET", "LONG_BINGET", "GLOBAL", "PERSID", "INST"))
)

_STEPS: Final[dict[str, Callable[[Machine, Any], None]]] = {
    "PROTO": Machine.proto,
    "FRAME": Machine.nothing,
    "STOP": Machine.nothing,
    "NONE": Machine.none,
    "NEWTRUE": Machine.true,
    "NEWFALSE": Machine.false,
    "MARK": Machine.mark,
    "POP": Machine.pop,
    "POP_MARK": Machine.pop_mark,
    "DUP": Machine.dup,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine.get),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), Machine.put),
    "MEMOIZE": Machine.memoize,
    "EMPTY_LIST": Machine.empty_list,
    "EMPTY_TUPLE": Machine.empty_tuple,
    "EMPTY_DICT": Machine.empty_dict,
    "EMPTY_SET": Machine.empty_set,
    "LIST": Machine.marked_list,
    "TUPLE": Machine.marked_tuple,
    "DICT": Machine.marked_dict,
    "FROZENSET": Machine.marked_frozenset,
    "TUPLE1": Machine.tuple_1,
    "TUPLE2": Machine.tuple_2,
    "TUPLE3": Machine.tuple_3,
    "APPEND": Machine.append,
    "APPENDS": Machine.appends,
    "ADDITEMS": Machine.appends,
    "SETITEM": Machine.setitem,
    "SETITEMS": Machine.setitems,
    "BUILD": Machine.build,
    "GLOBAL": Machine.import_name,
    "STACK_GLOBAL": Machine.import_pushed,
    "REDUCE": Machine.call,
    "NEWOBJ": Machine.call,
    "NEWOBJ_EX": Machine.call_with_names,
    "BINPERSID": Machine.persistent,
}
