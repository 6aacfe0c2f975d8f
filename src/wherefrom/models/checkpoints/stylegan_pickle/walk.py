"""Walking through a pickle, which is a program for a stack machine, one step after another; nothing of it is run."""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable
from typing import IO, Any, Final, cast

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle.machine import Machine
from wherefrom.models.checkpoints.stylegan_pickle.tree import Readable, Value

__all__ = ["walk"]

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
                _do(machine, step.name, argument)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise ModelError(f"it is no sound pickle, or cut short ({_first_line(error)}): fetch it again") from error
    return machine.result()


def _do(machine: Machine, name: str, argument: Any) -> None:
    """One step of the program.

    Raises:
        ModelError: when it is a step that no network needs, or that has nothing to work on.
    """
    if name in _PUSHED:
        machine.push(_constant(argument))
        return
    step = _STEPS.get(name)
    if step is None:
        raise ModelError(f"it has the step {name}, which no network's file needs: it is something else")
    step(machine, argument)


def _first_line(error: Exception) -> str:
    return ascii(str(error).strip() or type(error).__name__)[1:-1][:120]


def _constant(value: Any) -> Value:
    """A constant of the program, as it is but for numbers that are longer than any a network needs."""
    if isinstance(value, int) and value.bit_length() > 8 * _LONGEST_NUMBER:
        raise ModelError(f"it has a whole number of {value.bit_length():,} bits: no network's file has one")
    return bytes(value) if isinstance(value, bytearray) else value


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
