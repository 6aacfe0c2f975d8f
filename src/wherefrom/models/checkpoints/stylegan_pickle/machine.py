"""The stack machine that a pickle is a program for, without the parts that import, call or look anything up."""

from __future__ import annotations

from typing import Any, Final

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle.names import named
from wherefrom.models.checkpoints.stylegan_pickle.tree import DICT, FROZENSET, PERSISTENT, SET, CallNode, Value

__all__ = ["Machine"]

_NEWEST: Final = 5


class Machine:
    """A stack, a memory, and one short method for each kind of step; fed by `walk`."""

    def __init__(self) -> None:
        self._stack: list[Value] = []
        self._below: list[list[Value]] = []
        self._memory: dict[int, Value] = {}

    def push(self, value: Value) -> None:
        """Push a constant of the program."""
        self._stack.append(value)

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
        group = self._stack
        self._stack = self._below.pop()
        return group

    def proto(self, version: int) -> None:
        """The protocol that the program is written in.

        Raises:
            ModelError: when it is a newer one than is known.
        """
        if version > _NEWEST:
            raise ModelError(f"it has protocol {version}, need 2 to {_NEWEST}: save it again with an older one")

    def nothing(self, _: Any) -> None:
        """A step that only helps a reader to read ahead, or that ends the program."""

    def none(self, _: Any) -> None:
        """Push None."""
        self._stack.append(None)

    def true(self, _: Any) -> None:
        """Push True."""
        self._stack.append(True)

    def false(self, _: Any) -> None:
        """Push False."""
        self._stack.append(False)

    def mark(self, _: Any) -> None:
        """Begin a group: what is on the stack waits below."""
        self._below.append(self._stack)
        self._stack = []

    def pop(self, _: Any) -> None:
        """Drop the top of the stack, or an empty group."""
        if self._stack:
            self._stack.pop()
        else:
            self._marked()

    def pop_mark(self, _: Any) -> None:
        """Drop the whole group."""
        self._marked()

    def dup(self, _: Any) -> None:
        """Push the top once more."""
        self._stack.append(self._top())

    def get(self, number: int) -> None:
        """Push a stored value.

        Raises:
            ModelError: when none was stored under that number.
        """
        if number not in self._memory:
            raise ModelError(f"it recalls value {number}, which it never stored: it is no sound pickle")
        self._stack.append(self._memory[number])

    def put(self, number: int) -> None:
        """Store the top under a number."""
        self._memory[number] = self._top()

    def memoize(self, _: Any) -> None:
        """Store the top under the next number."""
        self._memory[len(self._memory)] = self._top()

    def empty_list(self, _: Any) -> None:
        """Push an empty list."""
        self._stack.append([])

    def empty_tuple(self, _: Any) -> None:
        """Push an empty tuple."""
        self._stack.append(())

    def empty_dict(self, _: Any) -> None:
        """Push an empty dictionary."""
        self._stack.append(CallNode(DICT))

    def empty_set(self, _: Any) -> None:
        """Push an empty set."""
        self._stack.append(CallNode(SET))

    def marked_list(self, _: Any) -> None:
        """Push the group as a list."""
        group = self._marked()
        self._stack.append(group)

    def marked_tuple(self, _: Any) -> None:
        """Push the group as a tuple."""
        group = tuple(self._marked())
        self._stack.append(group)

    def marked_dict(self, _: Any) -> None:
        """Push the group, keys and values in turn, as a dictionary."""
        group = self._marked()
        self._stack.append(CallNode(DICT, pairs=_paired(group)))

    def marked_frozenset(self, _: Any) -> None:
        """Push the group as a frozen set."""
        group = self._marked()
        self._stack.append(CallNode(FROZENSET, items=group))

    def tuple_1(self, _: Any) -> None:
        """Push a tuple of the top."""
        self._stack.append((self._pop(),))

    def tuple_2(self, _: Any) -> None:
        """Push a tuple of the top two."""
        second, first = self._pop(), self._pop()
        self._stack.append((first, second))

    def tuple_3(self, _: Any) -> None:
        """Push a tuple of the top three."""
        third, second, first = self._pop(), self._pop(), self._pop()
        self._stack.append((first, second, third))

    def append(self, _: Any) -> None:
        """Add the top to the list below it."""
        self._extend([self._pop()])

    def appends(self, _: Any) -> None:
        """Add the group to the list or set below it."""
        self._extend(self._marked())

    def _extend(self, items: list[Value]) -> None:
        target = self._top()
        if not isinstance(target, list | CallNode):
            raise ModelError(f"it appends to {type(target).__name__}: it is no sound pickle")
        (target.items if isinstance(target, CallNode) else target).extend(items)

    def setitem(self, _: Any) -> None:
        """Add a key and its value to the dictionary below them."""
        value, key = self._pop(), self._pop()
        self._made().pairs.append((key, value))

    def setitems(self, _: Any) -> None:
        """Add the group, keys and values in turn, to the dictionary below it."""
        group = self._marked()
        self._made().pairs.extend(_paired(group))

    def build(self, _: Any) -> None:
        """Note the top as the state of the object below it."""
        state = self._pop()
        self._made().state = state

    def _made(self) -> CallNode:
        target = self._top()
        if not isinstance(target, CallNode):
            raise ModelError(f"it sets items or state of {type(target).__name__}: it is no sound pickle")
        return target

    def import_name(self, argument: str) -> None:
        """Push a name of a module, which is not imported."""
        module, _, name = argument.partition(" ")
        self._stack.append(named(module, name))

    def import_pushed(self, _: Any) -> None:
        """Push the name that the top two spell, which is not imported.

        Raises:
            ModelError: when they are no text.
        """
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise ModelError("it imports something that is no name: it is no sound pickle")
        self._stack.append(named(module, name))

    def call(self, _: Any) -> None:
        """Note a call of what is below its arguments; nothing is called."""
        arguments, what = self._pop(), self._pop()
        self._stack.append(CallNode(what, arguments))

    def call_with_names(self, _: Any) -> None:
        """Note a call with named arguments; nothing is called."""
        names, arguments, what = self._pop(), self._pop(), self._pop()
        self._stack.append(CallNode(what, (arguments, names)))

    def persistent(self, _: Any) -> None:
        """Note a reference to something stored outside the program, as a tensor."""
        self._stack.append(CallNode(PERSISTENT, (self._pop(),)))


def _paired(flat: list[Value]) -> list[tuple[Value, Value]]:
    if len(flat) % 2:
        raise ModelError("it sets a key without a value: it is no sound pickle")
    return list(zip(flat[::2], flat[1::2], strict=True))
