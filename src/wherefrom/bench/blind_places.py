"""How often the search of `blind` finds how an image lies: where the decoder's grid starts, its turn and its scale.

The images are those that `edits-blind` judges and those that it makes profiles of, all of them the decoder's own, so
that a run in the same folder of work asks the decoder nothing. Where the grid starts is known from the crop, and the
turn and the scale from the edit.
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
from wherefrom.images.edits import Edit
from wherefrom.images.edits.steps import TURNED
from wherefrom.images.fit import crop
from wherefrom.methods.arithmetic.columns import TURNS

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.images.convert import Pixels

__all__ = ["TABLE", "PlacesRow", "Truth", "markdown", "truth_of"]

_EDITS: Final = ("none", "crop:3,5", "crop:3,5+jpeg:90", "crop:3,5+jpeg:75", "resize:0.75", "resize:1.5")
_QUICK: Final = ("crop:3,5",)
_SIDE: Final = 128
"""Of the picture of rows and columns that an edit is applied to."""
_NEAR: Final = 0.005
"""How far a scale that counts as found may be from the true one: a pixel of a side of 200."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacesRow:
    """What the search found of one decoder's images after one edit.

    Attributes:
        model: the decoder.
        edit: that all images went through, unknown to the search.
        sought: `place` where the grid starts, `place and turn`, or `scale`.
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
            truth = truth_of(edits.load(edit), factor)
            if method.scales:
                right = np.abs(scores["found_scale"] - truth.scale) < _NEAR
            else:
                right = (scores["found_top"] == truth.top) & (scores["found_left"] == truth.left)
                right &= scores["found_turn"] == truth.turn
            yield PlacesRow(
                model=label(name),
                edit=edit,
                sought="scale" if method.scales else "place and turn" if "turns" in method.find else "place",
                found=share_of(int(np.sum(right & searched)), len(own)),
                unsearched=int(np.sum(~searched)),
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """How images lie after an edit.

    Attributes:
        scale: by which they were resized.
        turn: 0 for upright images, else the number, from 1, of the turn among
            `wherefrom.methods.arithmetic.columns.TURNS`.
        top: rows before the first whole cell of the grid, after turning back.
        left: columns before it.
    """

    scale: float
    turn: int
    top: int
    left: int


def truth_of(edit: Edit, factor: int) -> Truth:
    """How images lie after an edit: it is applied to a picture of rows and columns, which is turned back then.

    Before an image is searched, rows and columns are dropped at the bottom and on the right until its sides are whole
    cells (`asked_part`); in an image that was turned these may have been the first.

    Args:
        edit: of images whose first cell began at their first pixel; without a change of scale, or only that.
        factor: pixels a side of a cell.
    """
    scale = float(np.prod([float(step.values[0]) for step in edit.steps if step.kind == "resize"]))
    moving = tuple(step for step in edit.steps if step.kind == "crop" or step.kind in TURNED)
    if not moving:
        return Truth(scale=scale, turn=0, top=0, left=0)
    rows, columns = np.indices((_SIDE, _SIDE), dtype=np.uint8)
    moved = crop(Edit(moving).apply(np.stack([rows, columns, rows], axis=2)), factor)
    turned_back = {
        number: np.rot90(moved, -quarters)[:, :: -1 if mirrored else 1]
        for number, (quarters, mirrored) in enumerate(((0, False), *TURNS.values()))
    }
    ((turn, upright),) = ((number, back) for number, back in turned_back.items() if _is_upright(back))
    top, left = (-int(first) % factor for first in upright[0, 0, :2])
    return Truth(scale=scale, turn=turn, top=top, left=left)


def _is_upright(picture: Pixels) -> bool:
    """Whether rows count downwards and columns to the right."""
    return bool(picture[1, 0, 0] == picture[0, 0, 0] + 1 and picture[0, 1, 1] == picture[0, 0, 1] + 1)


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    lines = ["| decoder | edit | sought | found | too small to search |", "| --- " * 5 + "|"]
    for row in document["rows"]:
        cells = [row["model"], row["edit"], row["sought"], share_cell(row["found"]), str(row["unsearched"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


TABLE: Final = Table(
    title="How often a search finds how an image lies: where the decoder's grid starts, its turn, its scale",
    rules=(),
    rows=_rows,
    markdown=markdown,
)
