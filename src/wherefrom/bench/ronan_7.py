"""RONAN's table 7: generators of one architecture whose training sets overlap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import overlapping, ronan

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_ASKED: Final = "zoo:dcgan-cifar10"
_PAPER: Final = {50: 98.5, 60: 98.0, 70: 98.5, 80: 96.0, 90: 96.5}
"""Accuracy in per cent by overlap (arXiv:2305.18439)."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    others = overlapping()
    if workspace.setting.quick:
        others = dict(list(others.items())[-1:])
    yield from workspace.compare(
        _ASKED,
        ronan(workspace),
        known=workspace.known(_ASKED),
        own=workspace.own(_ASKED),
        others={f"a DCGAN of {share} % of its images": workspace.own(name) for share, name in others.items()},
        how="ronan",
        paper={f"a DCGAN of {share} % of its images": _PAPER.get(share) for share in others},
    )


TABLE: Final = Table(
    title="RONAN: belongings against images of a generator trained on a share of the same images",
    paper="RONAN, table 7 (arXiv:2305.18439)",
    rows=_rows,
    goal=96.0,
)
