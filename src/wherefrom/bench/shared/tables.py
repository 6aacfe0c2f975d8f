"""Which tables there are, and one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wherefrom.core import plugins

if TYPE_CHECKING:
    from wherefrom.bench.base import Table

__all__ = ["load", "names"]

_PACKAGE: Final = "wherefrom.bench"


def names() -> tuple[str, ...]:
    """The tables that can be run, found without importing them."""
    return plugins.names(_PACKAGE)


def load(name: str) -> Table:
    """A table by name, with `-` or `_`.

    Raises:
        UsageError: when there is no such table.
    """
    table: Table = plugins.load(_PACKAGE, name.replace("-", "_"), "TABLE")
    return table
