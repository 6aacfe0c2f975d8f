"""Which names a file may hold. None is ever looked up: refusing some only spares people files that others could run."""

from __future__ import annotations

import sys
from typing import Final

from wherefrom.core.errors import ModelError
from wherefrom.models._pickles._tree import Global

__all__ = ["named"]

_HARMLESS: Final = frozenset(
    {
        *("__main__", "_codecs", "_collections", "_operator", "abc", "argparse", "array", "builtins"),
        *("cmath", "collections", "contextlib", "copyreg", "dataclasses", "datetime", "decimal", "enum"),
        *("fractions", "functools", "inspect", "itertools", "logging", "math", "numbers", "operator", "pathlib"),
        *("random", "re", "string", "types", "typing", "uuid", "warnings", "weakref"),
    }
)
"""Modules of Python's own library with which a discriminator or an augmentation may be put together."""
_HARMFUL: Final = frozenset(
    {
        *("__build_class__", "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "globals"),
        *("help", "input", "locals", "open", "quit", "setattr", "vars"),
    }
)
"""Names in `builtins` that have no place in a network's file."""


def named(module: str, name: str) -> Global:
    """A name as a value.

    Raises:
        ModelError: when it is of Python's own library and nothing that networks are put together with, as `os.system`:
            such a file runs something of its maker's choice on whoever loads it the ordinary way.
    """
    found = Global(module, name)
    root = found.path.partition(".")[0]
    builtin = found.path.removeprefix("builtins.")
    harmless = root in _HARMLESS and builtin not in _HARMFUL and not (root == "pathlib" and "." in name)
    if root in sys.stdlib_module_names and not harmless:
        raise ModelError(
            f"it names {found.path[:80]!r}, which loading it the ordinary way would run and no network's file needs:"
            " nothing was run; if you trust its maker, ask for the generator's weights alone, as .safetensors"
        )
    return found
