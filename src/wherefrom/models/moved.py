"""Names of modules that moved: they answer for one version more, and say where they are now."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["moved"]


def moved(old: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """What a module whose content moved has as its `__getattr__`.

    Args:
        old: its dotted name.
        homes: of each name that it had, the module that has it now; `MODULE:NAME` where it has another name there.

    Returns:
        A function that finds a name in its new home and warns with `DeprecationWarning`; for a name that the module
        never had it raises `AttributeError`.
    """

    def look_up(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        module, _, renamed = homes[name].partition(":")
        present = renamed or name
        warnings.warn(f"{old}.{name} is now {module}.{present}: use that", DeprecationWarning, stacklevel=2)
        return getattr(importlib.import_module(module), present)

    return look_up
