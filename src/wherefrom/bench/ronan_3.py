"""RONAN's table 3: a generator's images against those of a generator of another architecture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import asked, generators, ronan
from wherefrom.bench.shared.setting import label

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_PAPER: Final = {
    ("dcgan", "vae"): 98.0,
    ("vae", "dcgan"): 98.5,
    ("dcgan", "stylegan2"): 98.0,
    ("stylegan2", "dcgan"): 97.0,
    ("vae", "stylegan2"): 97.5,
    ("stylegan2", "vae"): 97.0,
}
"""Accuracy in per cent, by the architecture that is asked and the one that made the others (arXiv:2305.18439)."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = generators(workspace)
    for name in asked(workspace):
        mine = workspace.model(name)
        fitting = {label(other): other for other in every if other != name and workspace.model(other).size == mine.size}
        paper = {other: _PAPER.get((label(name).partition("-")[0], other.partition("-")[0])) for other in fitting}
        yield from workspace.compare(
            name,
            ronan(workspace),
            known=workspace.known(name),
            own=workspace.own(name),
            others={other: workspace.own(path) for other, path in fitting.items()},
            how="ronan",
            paper=paper,
        )


TABLE: Final = Table(
    title="RONAN: belongings against images of another architecture",
    paper="RONAN, table 3 (arXiv:2305.18439)",
    rows=_rows,
    goal=97.0,
)
