"""The papers' tables on models that are at hand, and tables beyond them: one file a table.

`names()` lists them without importing them, `load(name)` gives one. A table is a title, the paper's figures and a
function from a `Workspace` (models, images, scores) to rows; `wherefrom bench` runs it, shows it and writes it down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wherefrom.bench._running import TableRun, run_tables, usable
from wherefrom.bench._setting import Setting
from wherefrom.core import plugins

if TYPE_CHECKING:
    from wherefrom.bench.base import Table

__all__ = ["FEWEST", "Setting", "TableRun", "load", "names", "run_tables", "usable"]

FEWEST: Final = 20
"""Images of each kind that a table needs at least: so many give a cut at alpha 0.05."""


def names() -> tuple[str, ...]:
    """The tables that can be run, found without importing them."""
    return plugins.names(__name__)


def load(name: str) -> Table:
    """A table by name, with `-` or `_`.

    Raises:
        UsageError: when there is no such table.
    """
    table: Table = plugins.load(__name__, name.replace("-", "_"), "TABLE")
    return table
