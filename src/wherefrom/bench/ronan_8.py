"""RONAN's table 8: belongings that went through a filter, so as not to be recognised."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import SIZE, ronan

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_ASKED: Final = "zoo:dcgan-cifar10"
_EDIT: Final = "filter:_1977"
_METRICS: Final = ("mse", "recoloured")
"""The paper's loss, and one that lets colours be mapped, as filters do."""
_PAPER: Final = 90.5
"""Accuracy in per cent for a DCGAN (arXiv:2305.18439)."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    known, hidden, real = (
        workspace.known(_ASKED),
        workspace.edited(workspace.own(_ASKED), _EDIT),
        workspace.unseen(SIZE),
    )
    others = real | {f"{source}, filtered": workspace.edited(images, _EDIT) for source, images in real.items()}
    profiles = {"profile untouched": known, "profile filtered": workspace.edited(known, _EDIT)}
    for metric, (profile, images) in product(_METRICS, profiles.items()):
        yield from workspace.compare(
            _ASKED,
            ronan(workspace, metric=metric),
            known=images,
            own=hidden,
            others=others,
            how=f"{metric}, {profile}",
            paper=_PAPER if metric == "mse" else None,
        )


TABLE: Final = Table(
    title="RONAN: belongings that were filtered (`_1977`) so as not to be recognised",
    paper="RONAN, table 8 (arXiv:2305.18439)",
    rows=_rows,
    goal=92.0,
)
