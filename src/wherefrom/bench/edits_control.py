"""What control copies tell of edited images, beside the ratio and the bands of AEDR's two errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.edited import compared
from wherefrom.bench.shared.latent import CONTROLS, CONTROLS_ASKED, RULES, asked

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_EDITS: Final = (
    "none",
    "jpeg:90",
    "jpeg:75",
    "jpeg:50",
    "webp:75",
    "blur:1",
    "noise:0.02",
    "brightness:1.2",
    "contrast:1.2",
)
"""Edits that leave an image on the decoder's grid."""
_QUICK: Final = ("none", "jpeg:75")


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = asked(workspace)
    for name in every[:1] if workspace.setting.quick else every:
        for edit in workspace.setting.edits or (_QUICK if workspace.setting.quick else _EDITS):
            yield from compared(workspace, name, edit, CONTROLS, rules=RULES, asked=CONTROLS_ASKED)


TABLE: Final = Table(
    title="What control copies tell of edited images, against photos and other decoders' images edited alike",
    rules=RULES,
    rows=_rows,
)
