"""RONAN's table 2: a generator's images against what it was trained on, and against images it has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench._searches import SIZE, asked, ronan
from wherefrom.bench.base import Row, Table

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab, Paths

__all__ = ["TABLE"]

_PAPER: Final = {"dcgan": (98.0, 97.5), "vae": (97.5, 98.0), "stylegan2": (97.0, 97.5)}
"""Accuracy in per cent on training and on unseen data, by architecture (arXiv:2305.18439)."""


def _rows(lab: Lab) -> Iterator[Row]:
    train = lab.cifar("train")
    for name in asked(lab):
        seen: dict[str, Paths] = {} if train is None else {"CIFAR-10, train": train}
        others = {**seen, **lab.unseen(SIZE)}
        architecture = name.removeprefix("zoo:").partition("-")[0]
        paper = dict(zip(("CIFAR-10, train", "CIFAR-10, test"), _PAPER.get(architecture, ()), strict=False))
        yield from lab.compare(
            name, ronan(lab), known=lab.known(name), own=lab.own(name), others=others, how="ronan", paper=paper
        )


TABLE: Final = Table(
    title="RONAN: belongings against training data and unseen data",
    paper="RONAN, table 2 (arXiv:2305.18439)",
    rows=_rows,
    goal=97.0,
)
