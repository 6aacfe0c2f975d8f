"""AEDR's table of other models: photos decoded by one decoder against the same photos decoded by the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import RULES, asked, decoders, images, rows_of
from wherefrom.bench.shared.setting import label

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_PAPER: Final = 95.1
"""Mean accuracy in per cent over eight large decoders (arXiv:2507.18988)."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = decoders(workspace)
    for name in asked(workspace):
        others = {label(other): images(workspace, other)[1] for other in every if other != name}
        yield from rows_of(workspace, name, others, paper=_PAPER)


TABLE: Final = Table(
    title="AEDR: belongings against images of other decoders, of the same content",
    paper="AEDR, accuracy against other models (arXiv:2507.18988)",
    rules=RULES,
    rows=_rows,
)
