"""RONAN's table 6: the loss alone, and over that of a reference model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench._searches import QUICK, against_unseen, asked, ronan
from wherefrom.bench.base import Row, Table
from wherefrom.methods.relative import Relative

if TYPE_CHECKING:
    from wherefrom.bench._workspace import Workspace

__all__ = ["TABLE"]

REFERENCE: Final = "zoo:kl-f8-a"
"""A decoder that was trained on photos; at 32 px 128 numbers that it makes an image of in one step."""
_SHORT: Final[dict[str, Any]] = {"start": "encoder", "restarts": 1, "race": None, "steps": 30}
"""Its own search starts at its encoder, so it is over soon."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    options = QUICK if workspace.setting.quick else {}
    over = Relative(method="ronan", options=options, reference=REFERENCE, reference_options=_SHORT)
    for name in asked(workspace)[:1] if workspace.setting.quick else asked(workspace):
        for how, method, paper in (("alone", ronan(workspace), 75.0), (f"over {REFERENCE}", over, 87.5)):
            yield from against_unseen(workspace, name, method, how=how, paper=paper)


TABLE: Final = Table(
    title="RONAN: with and without a reference model",
    paper="RONAN, table 6 (arXiv:2305.18439), there for Stable Diffusion 2.0",
    rows=_rows,
)
