"""RONAN's table 6: the loss alone, and over that of a reference model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import REFERENCE, against_unseen, asked, over_reference, ronan

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]


def _rows(workspace: Workspace) -> Iterator[Row]:
    over = over_reference(workspace)
    for name in asked(workspace)[:1] if workspace.setting.quick else asked(workspace):
        for way, method, paper in (("alone", ronan(workspace), 75.0), (f"over {REFERENCE}", over, 87.5)):
            yield from against_unseen(workspace, name, method, how=way, paper=paper)


TABLE: Final = Table(
    title="RONAN: with and without a reference model",
    paper="RONAN, table 6 (arXiv:2305.18439), there for Stable Diffusion 2.0",
    rows=_rows,
)
