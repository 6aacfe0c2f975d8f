"""RONAN's table 5: which loss is searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import against_unseen, asked, ronan

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_PAPER: Final = {"mae": 94.5, "mse": 97.0, "ssim": 85.5}
"""Accuracy in per cent for a StyleGAN2-ADA (arXiv:2305.18439); its 96.0 for LPIPS needs an extra and its weights."""
_ASKED: Final = "stylegan2"


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = asked(workspace)
    name = next((model for model in every if model.startswith(f"zoo:{_ASKED}")), every[0])
    for metric, paper in _PAPER.items():
        yield from against_unseen(workspace, name, ronan(workspace, metric=metric), how=metric, paper=paper)


TABLE: Final = Table(
    title="RONAN: which loss is searched",
    paper="RONAN, table 5 (arXiv:2305.18439)",
    rows=_rows,
)
