"""How often the search of `blind` finds how an image lies: where the decoder's grid starts, and by what it was resized.

The images are those that `edits-blind` judges and those that it makes profiles of, all of them the decoder's own, so
that a run in the same folder of work asks the decoder nothing. Where the grid starts is known from the crop, and the
scale from the edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import Table
from wherefrom.bench.edits_blind import blind_asked
from wherefrom.bench.shared.latent import asked, images
from wherefrom.bench.shared.rows import share_cell, share_of
from wherefrom.bench.shared.setting import label
from wherefrom.images import edits

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.images.edits import Edit

__all__ = ["TABLE", "PlacesRow", "markdown", "truth_of"]

_EDITS: Final = ("none", "crop:3,5", "crop:3,5+jpeg:90", "crop:3,5+jpeg:75", "resize:0.75", "resize:1.5")
_QUICK: Final = ("crop:3,5",)
_NEAR: Final = 0.005
"""How far a scale that counts as found may be from the true one: a pixel of a side of 200."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacesRow:
    """What the search found of one decoder's images after one edit.

    Attributes:
        model: the decoder.
        edit: that all images went through, unknown to the search.
        sought: `place` where the grid starts, or `scale`.
        found: the share of images of which what was found is true, with its interval.
        unsearched: images that were asked as they are, because they are too small; they count as not found.
    """

    model: str
    edit: str
    sought: str
    found: Mapping[str, float]
    unsearched: int


def _rows(workspace: Workspace) -> Iterator[PlacesRow]:
    for name in asked(workspace):
        own = [path for paths in images(workspace, name) for path in paths]
        for edit in workspace.setting.edits or (_QUICK if workspace.setting.quick else _EDITS):
            method, factor = blind_asked(edit), workspace.model(name).factor
            scores = workspace.table(name, method, workspace.edited(own, edit)).scores
            searched = scores["found_searched"] == 1
            scale, top, left = truth_of(edits.load(edit), factor)
            if method.scales:
                right = np.abs(scores["found_scale"] - scale) < _NEAR
            else:
                right = (scores["found_top"] == top) & (scores["found_left"] == left)
            yield PlacesRow(
                model=label(name),
                edit=edit,
                sought="scale" if method.scales else "place",
                found=share_of(int(np.sum(right & searched)), len(own)),
                unsearched=int(np.sum(~searched)),
            )


def truth_of(edit: Edit, factor: int) -> tuple[float, int, int]:
    """By what an edit resizes, and how many rows and columns it leaves before the first whole cell of the grid.

    Args:
        edit: of images whose first cell began at their first pixel.
        factor: pixels a side of a cell.
    """
    scale, columns, rows = 1.0, 0, 0
    for step in edit.steps:
        if step.kind == "resize":
            scale *= float(step.values[0])
        if step.kind == "crop":
            columns, rows = columns + int(step.values[0]), rows + int(step.values[1])
    return scale, -rows % factor, -columns % factor


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    lines = ["| decoder | edit | sought | found | too small to search |", "| --- " * 5 + "|"]
    for row in document["rows"]:
        cells = [row["model"], row["edit"], row["sought"], share_cell(row["found"]), str(row["unsearched"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


TABLE: Final = Table(
    title="How often a search finds where the decoder's grid starts, or by what an image was resized",
    rules=(),
    rows=_rows,
    markdown=markdown,
)
