"""RONAN's table 2: a generator's images against what it was trained on, and against images it has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import SIZE, asked, ronan

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace

__all__ = ["TABLE"]

_PAPER: Final = {"dcgan": (98.0, 97.5), "vae": (97.5, 98.0), "stylegan2": (97.0, 97.5)}
"""Accuracy in per cent on training and on unseen data, by architecture (arXiv:2305.18439)."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    train = workspace.cifar("train")
    for name in asked(workspace):
        seen: dict[str, Paths] = {} if train is None else {"CIFAR-10, train": train}
        others = {**seen, **workspace.unseen(SIZE)}
        architecture = name.removeprefix("zoo:").partition("-")[0]
        paper = dict(zip(("CIFAR-10, train", "CIFAR-10, test"), _PAPER.get(architecture, ()), strict=False))
        yield from workspace.compare(
            name,
            ronan(workspace),
            known=workspace.known(name),
            own=workspace.own(name),
            others=others,
            how="ronan",
            paper=paper,
        )


TABLE: Final = Table(
    title="RONAN: belongings against training data and unseen data",
    paper="RONAN, table 2 (arXiv:2305.18439)",
    rows=_rows,
    goal=97.0,
)
