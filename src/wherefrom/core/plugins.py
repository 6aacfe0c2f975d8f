"""The folder is the registry: list a package's modules without importing them, load one by name."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from wherefrom.core.errors import UsageError
from wherefrom.core.suggestions import did_you_mean

__all__ = ["load", "names"]

_NOT_CHOICES = frozenset({"arithmetic", "base", "shared"})


def _local(package: str) -> set[str]:
    spec = importlib.util.find_spec(package)
    paths = spec.submodule_search_locations if spec else None
    found = {module.name for module in pkgutil.iter_modules(paths)}
    return {name for name in found if not name.startswith("_") and name not in _NOT_CHOICES}


@functools.cache
def _foreign(package: str) -> dict[str, EntryPoint]:
    """What others registered; looked up once for a process, since that reads a file of every installed package."""
    return {point.name: point for point in entry_points(group=package)}


def names(package: str) -> tuple[str, ...]:
    """What can be chosen in a package: its public modules, and what others registered under its name as an entry point.

    Args:
        package: dotted name, as `wherefrom.methods`; also the entry-point group.
    """
    return tuple(sorted(_local(package) | set(_foreign(package))))


def load(package: str, name: str, attribute: str) -> Any:
    """The choice of that name: the module's attribute, or what the entry point names.

    Args:
        package: dotted name, as `wherefrom.methods`.
        name: one of `names(package)`.
        attribute: what a module of the folder ends in, as `METHOD`.

    Raises:
        UsageError: when there is no such name; the message lists those there are and the closest.
    """
    if not isinstance(name, str):
        raise UsageError(f"{name!r} is no name: give one of {', '.join(names(package))}")
    if name in _local(package):
        return getattr(importlib.import_module(f"{package}.{name}"), attribute)
    foreign = _foreign(package)
    if name in foreign:
        return foreign[name].load()
    known = names(package)
    kind, hint = package.rpartition(".")[2].removesuffix("s"), did_you_mean(name, known)
    raise UsageError(f"no {kind} {name!r} among {', '.join(known)}{hint}")
