"""How often `wherefrom check` takes an image for a decoder's that it did not draw, by the kind of image.

A check ranks an image among tiles of photos that come with the package, and assumes that the image is as symmetric as
they are. Text, drawings, screens and skies over ground are not, an enlarged image has a grid of its own, and a box or a
small photo on a plain ground is little more than a few edges. So each kind is checked as it is and under JPEG: the
share of images whose p-value is at most 0.01 should be at most 0.01 but for chance, and so at 0.001, for which the null
of more tiles is taken; the share of the decoder's own images should be near 1. Photos are tiles of those given, at
their own scale; the drawn kinds are drawn here, seeded. What a decoder draws of random latents is a kind for embedded
models alone, whose latents have a known law. After an edit that crops, the check searches for the decoder's grid first
(`--find crop`), and after one that resizes for the factor too (`--find crop+scale`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import Table
from wherefrom.bench.shared.drawn import DRAWN, cut_out, enlarged
from wherefrom.bench.shared.latent import ZOO, asked, decoders
from wherefrom.bench.shared.rows import share_cell, share_of
from wherefrom.bench.shared.setting import label
from wherefrom.checking import Check, check
from wherefrom.checking.measuring import SIDE
from wherefrom.evaluation import share
from wherefrom.images import edits
from wherefrom.images.convert import Pixels
from wherefrom.images.read import read_image
from wherefrom.images.write import save_png
from wherefrom.records.verdict import Outcome

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace

__all__ = ["TABLE", "ClaimsRow", "markdown"]

_BETA: Final = 0.01
_STRICT: Final = 0.001
_EDITS: Final = ("none", "jpeg:75")
_DRAWS: Final = 7
"""Seed of the decoder's own draws."""
_KINDS: Final = 11
"""Seed of the images that are drawn here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimsRow:
    """One kind of images after one edit, checked against one decoder.

    Attributes:
        kind: of images.
        edit: that they went through.
        images: how many there are.
        claimed: the share that is claimed at beta 0.01.
        low: lower end of its 95 % interval.
        high: upper end.
        strict: the share that is claimed at beta 0.001, with its interval; None in a quick run, and where factors are
            searched for, which takes too long for the larger null.
        median: of the upper end of s, which is low for the decoder's own images; None where no image has one.
    """

    kind: str
    edit: str
    images: int
    claimed: float
    low: float
    high: float
    strict: Mapping[str, float] | None
    median: float | None


def _rows(workspace: Workspace) -> Iterator[ClaimsRow]:
    name = asked(workspace)[0]
    others = [candidate for candidate in decoders(workspace) if candidate != name]
    for kind, paths in _kinds(workspace, name, others).items():
        for edit in workspace.setting.edits or _EDITS:
            yield _checked(workspace, name, kind, paths, edit)


def _kinds(workspace: Workspace, name: str, others: Sequence[str]) -> dict[str, Paths]:
    """Images of every kind; the decoder's own first."""
    drawn = {kind: _drawn(workspace, kind) for kind in DRAWN}
    own = {}
    if name in ZOO:
        own = {"own, drawn": workspace.draws(name, range(workspace.setting.count), size=_size(workspace), seed=_DRAWS)}
    if workspace.setting.photos is None:
        workspace.skip("photos, and what decoders make of them: those installed are what a check ranks among")
        return {**own, **drawn}
    photos, more = (workspace.photos(_size(workspace), profiled=profiled, tiles=True) for profiled in (False, True))
    return {
        **own,
        "own, photos passed through it": workspace.passed(name, more),
        **{f"photos passed through {label(other)}": workspace.passed(other, more) for other in others},
        "photos": photos,
        **drawn,
        "photos enlarged twice": _changed(workspace, photos, "enlarged", lambda pixels, _: enlarged(pixels)),
        "parts of photos on white": _changed(workspace, photos, "cut-out", cut_out),
    }


def _size(workspace: Workspace) -> int:
    """Pixels a side; no less than a check needs."""
    return max(workspace.setting.size, SIDE)


def _drawn(workspace: Workspace, kind: str) -> Paths:
    size = _size(workspace)
    rng, folder = np.random.default_rng(_KINDS), workspace.folder(f"drawn-{kind}", size, _KINDS)
    paths = [folder / f"{number:04}.png" for number in range(workspace.setting.count)]
    for path in paths:
        image = np.asarray(DRAWN[kind](rng, size))
        if not path.exists():
            save_png(image, path)
    return paths


def _changed(
    workspace: Workspace, photos: Paths, name: str, change: Callable[[Pixels, np.random.Generator], Pixels]
) -> Paths:
    rng, folder = np.random.default_rng(_KINDS), workspace.folder(name, photos[0].parent.name, _KINDS)
    paths = [folder / f"{number:04}.png" for number in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        made = change(read_image(photo).pixels, rng)
        if not path.exists():
            save_png(made, path)
    return paths


def _checked(workspace: Workspace, name: str, kind: str, paths: Paths, edit: str) -> ClaimsRow:
    """What `wherefrom check` says of images of one kind."""
    kinds = {step.kind for step in edits.load(edit).steps}
    find = "crop+scale" if "resize" in kinds else "crop" if "crop" in kinds else ""

    def checked(beta: float) -> Sequence[Check]:
        return check(
            workspace.edited(paths, edit),
            model=workspace.model(name),
            beta=beta,
            find=find,
            store=workspace.setting.work / "scores.sqlite",
        )

    answers = checked(_BETA)
    claimed = share(_claimed(answers), len(answers))
    slow = workspace.setting.quick or "scale" in find
    strict = None if slow else share_of(_claimed(checked(_STRICT)), len(answers))
    known = [answer.statistic for answer in answers if answer.statistic is not None]
    return ClaimsRow(
        kind=kind,
        edit=edit,
        images=len(answers),
        claimed=claimed.value,
        low=claimed.low,
        high=claimed.high,
        strict=strict,
        median=float(np.median(known)) if known else None,
    )


def _claimed(answers: Sequence[Check]) -> int:
    return sum(answer.outcome is Outcome.COMPATIBLE for answer in answers)


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown."""
    rows = document["rows"]
    strict = any(row.get("strict") for row in rows)
    head = ["images", "edit", "claimed, of", "share", "95 % interval", "median of s at most"]
    if strict:
        head.insert(-1, f"claimed at beta {_STRICT}, of (95 % interval)")
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in rows:
        claimed = round(row["claimed"] * row["images"])
        cells = [row["kind"], row["edit"], f"{claimed} of {row['images']}", f"{row['claimed']:.3f}"]
        cells.append(f"{row['low']:.3f} to {row['high']:.3f}")
        if strict:
            cells.append(share_cell(row["strict"]))
        cells.append("-" if row["median"] is None else f"{row['median']:.3f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


TABLE: Final = Table(
    title="How often a check without a profile claims images of each kind",
    rules=(),
    rows=_rows,
    markdown=markdown,
    facts={"beta": _BETA, "strict_beta": _STRICT},
)
