"""What is found of images after a JPEG, by how many coefficients the JPEG kept of them.

A JPEG stores most coefficients of a smooth image as zero, and with them goes what its decoder drew there. This table
takes the belongings that `edits-known` judges, finds them at the same rate of false claims over all images together,
and counts them by what the JPEG kept. It shows which images a rate over all of them misses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import Table
from wherefrom.bench.shared.latent import KNOWN, KNOWN_ASKED, USUAL, asked, images, photos_and_others
from wherefrom.bench.shared.rows import share_cell, share_of
from wherefrom.bench.shared.setting import label
from wherefrom.evaluation import tpr_at_fpr
from wherefrom.images import edits
from wherefrom.images.read import read_image
from wherefrom.judging import statistic_of
from wherefrom.measures.jpeg_kept import coefficients_kept

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.core.arrays import Vector

__all__ = ["TABLE", "KeptFound", "markdown"]

_EDITS: Final = ("jpeg:90", "jpeg:75", "jpeg:50", "resize:0.5+jpeg:85")
_FROM: Final = (0, 8, 16, 32)
"""Coefficients for 8 x 8 pixels, of 96, at which each class of images begins."""
_FPR: Final = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptFound:
    """Images of one decoder of which a JPEG kept about as much.

    Attributes:
        model: the decoder.
        edit: that all images went through; its last step is a JPEG.
        least: coefficients other than zero for 8 x 8 pixels, of 96, that are kept of these images at least.
        below: fewer than this are kept; None: any number.
        found: the share of belongings below the cut that lets 1 % of all other images pass; None where there are none.
        claimed: the share of other images below it, likewise.
    """

    model: str
    edit: str
    least: int
    below: int | None
    found: Mapping[str, float] | None
    claimed: Mapping[str, float] | None


def _rows(workspace: Workspace) -> Iterator[KeptFound]:
    for name in asked(workspace):
        known, own = images(workspace, name)
        others = [path for paths in photos_and_others(workspace, name).values() for path in paths]
        for edit in workspace.setting.edits or _EDITS:
            last = edits.load(edit).steps[-1]
            if last.kind != "jpeg":
                workspace.skip(f"{edit}, which does not end with a JPEG")
                continue
            made_of, judged, beside = (workspace.edited(paths, edit) for paths in (known, own, others))
            belonging, foreign = _statistics(workspace, name, edit, made_of, judged, beside)
            cut = tpr_at_fpr(belonging, foreign, _FPR).cut
            kept = [_kept(paths, int(last.values[0])) for paths in (judged, beside)]
            for least, below in zip(_FROM, (*_FROM[1:], None), strict=True):
                shares = [
                    _below(cut, values, (least <= counts) & (counts < (np.inf if below is None else below)))
                    for values, counts in zip((belonging, foreign), kept, strict=True)
                ]
                yield KeptFound(
                    model=label(name), edit=edit, least=least, below=below, found=shares[0], claimed=shares[1]
                )


def _statistics(workspace: Workspace, name: str, edit: str, *kinds: Paths) -> tuple[Vector, Vector]:
    """The statistic of images to judge, belongings and others, by what is learned from the first kind of images."""
    method = KNOWN[USUAL]
    known, judged, beside = (workspace.table(name, method, paths, asked=KNOWN_ASKED, through=edit) for paths in kinds)
    fit = method.fit(known.scores.take(np.arange(0, len(known), 2)))
    return statistic_of(method, judged, fit), statistic_of(method, beside, fit)


def _kept(paths: Paths, quality: int) -> Vector:
    return np.array([coefficients_kept(read_image(path).pixels, quality) for path in paths])


def _below(cut: float, values: Vector, among: Any) -> dict[str, float] | None:
    """The share of the chosen ones below a cut; an undefined statistic is not."""
    return share_of(int(np.sum(values[among] < cut)), int(np.sum(among))) if among.any() else None


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    head = ["decoder", "edit", "kept of 8 x 8 pixels", "found of the decoder's images", "claimed of others"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in document["rows"]:
        kept = f"{row['least']} or more" if row["below"] is None else f"{row['least']} to {row['below']}"
        shares = ["none judged" if row[key] is None else share_cell(row[key]) for key in ("found", "claimed")]
        lines.append(f"| {' | '.join([row['model'], row['edit'], kept, *shares])} |")
    return "\n".join(lines)


TABLE: Final = Table(
    title="What is found of images after a JPEG, by how many coefficients it kept",
    rules=(),
    rows=_rows,
    markdown=markdown,
)
