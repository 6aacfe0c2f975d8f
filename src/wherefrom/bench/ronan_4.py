"""RONAN's table 4: two models of one architecture that were trained on other data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import generators, ronan
from wherefrom.bench.shared.setting import label

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_PAPER: Final = 93.0
"""The mean of 91.0 and 95.0 per cent, of two consistency models (arXiv:2305.18439)."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = [(name, workspace.model(name)) for name in generators(workspace)]
    for (name, mine), (other, theirs) in permutations(every, 2):
        kinds = {model.card.facts.get("architecture") for model in (mine, theirs)}
        if len(kinds) == 1 and mine.size == theirs.size:
            yield from workspace.compare(
                name,
                ronan(workspace),
                known=workspace.known(name),
                own=workspace.own(name),
                others={label(other): workspace.own(other)},
                how="ronan",
                paper=_PAPER,
            )
    if not workspace.setting.generators:
        workspace.skip("two generators of one architecture and other data: give --generator FILE, a DCGAN of 32 px")


TABLE: Final = Table(
    title="RONAN: belongings against images of the same architecture, trained on other data",
    paper="RONAN, table 4 (arXiv:2305.18439)",
    rows=_rows,
)
