"""AEDR's table of real images: photos decoded by a decoder against the photos themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import RULES, asked, rows_of

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_PAPER: Final = 96.9
"""Mean accuracy in per cent over eight large decoders (arXiv:2507.18988)."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    photos = workspace.photos(workspace.setting.size)
    for name in asked(workspace):
        yield from rows_of(workspace, name, {"photos": photos}, paper=_PAPER)


TABLE: Final = Table(
    title="AEDR: belongings against the photos that they were made of",
    paper="AEDR, accuracy against photos (arXiv:2507.18988)",
    rules=RULES,
    rows=_rows,
)
