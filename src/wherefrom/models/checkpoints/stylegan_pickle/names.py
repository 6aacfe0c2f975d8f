"""Which names a file may hold. None is ever looked up: refusing some only spares people files that others could run."""

from __future__ import annotations

import sys
from typing import Final

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle.tree import Global

__all__ = ["named"]

_HARMLESS: Final = frozenset(
    {
        *("__main__", "_codecs", "_collections", "_operator", "abc", "array", "builtins", "cmath", "collections"),
        *("contextlib", "copyreg", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "inspect"),
        *("itertools", "math", "numbers", "operator", "random", "re", "string", "types", "typing", "uuid", "warnings"),
        *("weakref",),
    }
)
"""Modules of Python's own library out of which a discriminator or an augmentation may be put together."""
_HARMLESS_NAMES: Final = frozenset(
    {
        *("argparse.Namespace", "logging.Logger", "logging.getLogger", "pathlib.Path", "pathlib.PosixPath"),
        *("pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath", "pathlib.WindowsPath"),
    }
)
"""Names of others of its modules."""
_HARMFUL: Final = frozenset(
    f"builtins.{name}"
    for name in (
        *("__build_class__", "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "globals"),
        *("help", "input", "locals", "open", "quit", "setattr", "vars"),
    )
)
"""Names that have no place in a network's file."""
_HARMFUL_STARTS: Final = (
    *("numpy.DataSource", "numpy.distutils.", "numpy.f2py.", "numpy.fromfile", "numpy.genfromtxt", "numpy.load"),
    *("numpy.memmap", "numpy.save", "numpy.testing.", "torch.hub.", "torch.jit.", "torch.load", "torch.package."),
    *("torch.save", "torch.utils.cpp_extension."),
)
"""The same of NumPy and torch, by what they start with."""


def named(module: str, name: str) -> Global:
    """A name as a value.

    Args:
        module: as the file spells it.
        name: as the file spells it.

    Raises:
        ModelError: when it is of Python's own library, of NumPy or of torch, and nothing that networks are put together
            with, as `os.system`: such a file would run it on whoever loads it the ordinary way.
    """
    value = Global(module, name)
    root = value.path.partition(".")[0]
    harmless = root in _HARMLESS or value.path in _HARMLESS_NAMES or root not in sys.stdlib_module_names
    if not harmless or value.path in _HARMFUL or value.path.startswith(_HARMFUL_STARTS):
        raise ModelError(
            f"it names {value.path[:80]!r}, which loading it the ordinary way would run and no network's file needs:"
            " nothing was run; if you trust its maker, ask for the generator's weights alone, as .safetensors"
        )
    return value
