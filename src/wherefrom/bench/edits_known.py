"""What is found of images after an edit that is known, where the model is asked through what moved the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.edited import compared
from wherefrom.bench.shared.latent import KNOWN, KNOWN_ASKED, RULES, asked

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["EDITS", "TABLE"]

EDITS: Final = (
    "none",
    "jpeg:90",
    "jpeg:75",
    "jpeg:50",
    "webp:75",
    "crop:3,5",
    "resize:0.5",
    "resize:0.75",
    "resize:1.5",
    "resize:2",
    "screenshot:1.25,3,5,4,2",
    "blur:1",
    "noise:0.02",
    "brightness:1.2",
    "contrast:1.2",
    "resize:0.5+jpeg:85",
    "screenshot:1.25,3,5,4,2+jpeg:75",
)
"""Complete, so that a model can be asked through what moves pixels: a screenshot says how
much was cut off, and leaves a square, as a quarter turn needs."""
_QUICK: Final = ("none", "resize:0.75")


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = asked(workspace)
    for name in every[:1] if workspace.setting.quick else every:
        for edit in workspace.setting.edits or (_QUICK if workspace.setting.quick else EDITS):
            yield from compared(workspace, name, edit, KNOWN, rules=RULES, asked=KNOWN_ASKED, through=True)


TABLE: Final = Table(
    title="What is found after an edit that is known: profiles edited alike, models asked through what moves pixels",
    rules=RULES,
    rows=_rows,
)
