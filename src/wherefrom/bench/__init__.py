"""The papers' tables on models that are at hand, and tables beyond them: one file a table.

`names()` lists them without importing them, `load(name)` gives one. A table is a title, the paper's figures and a
function from a `Workspace` (models, images, scores) to rows; `wherefrom bench` runs it, shows it and writes it down.
"""

from __future__ import annotations

from wherefrom.bench.shared.running import TableRun, run_tables, usable
from wherefrom.bench.shared.setting import FEWEST, Setting
from wherefrom.bench.shared.tables import load, names

__all__ = ["FEWEST", "Setting", "TableRun", "load", "names", "run_tables", "usable"]
