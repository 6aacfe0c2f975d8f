"""How well a map outlines the part of an image that a decoder drew, in composites of such a part and a photo.

The part was passed through the decoder as a whole image and is pasted where it was, so that it lies on the decoder's
grid as it does in an image that was worked on. The box is of the photo itself, as inpainting leaves one; in the other
shapes the part and the rest show different photos. Every composite has thousands of pixels to be right or wrong about,
so one photo in ten of `--count` becomes one. How often a map shows a region where there is none is counted in images,
so the rows "nothing" are of all photos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from wherefrom.bench.base import Table
from wherefrom.bench.shared.latent import asked
from wherefrom.bench.shared.setting import label
from wherefrom.images import edits
from wherefrom.images.convert import Pixels
from wherefrom.images.read import read_image
from wherefrom.mapping import evidence_map

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.records.maps import EvidenceMap

__all__ = ["TABLE", "CompositeRow", "composite", "markdown", "overlap", "parts"]

_BOX: Final = 64
_GOAL: Final = 0.8
_EDITS: Final = ("none",)
_ONE_IN: Final = 10
Part = npt.NDArray[np.bool_]
"""Which pixels of an image the decoder drew, `(h, w)`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompositeRow:
    """Composites of one shape under the decoder that drew one part of them.

    Attributes:
        model: the decoder.
        size: pixels a side.
        edit: that the composites went through.
        part: which part the decoder drew.
        images: how many composites.
        overlaps: of each, intersection over union of that part and what the map says, in pixels; empty where there is
            no part to find.
        shares: of each, the share of the area that supports among what could be judged; None where nothing could.
        masked: the share of the area that could not be judged, the mean.
    """

    model: str
    size: int
    edit: str
    part: str
    images: int
    overlaps: Sequence[float]
    shares: Sequence[float | None]
    masked: float


def parts(size: int) -> dict[str, Part]:
    """The parts of a square image that are drawn by the decoder, by name.

    Args:
        size: pixels a side, at least 64.
    """

    def rectangle(height: int, width: int, left: int | None = None) -> Part:
        part = np.zeros((size, size), dtype=np.bool_)
        top, start = (size - height) // 2, (size - width) // 2 if left is None else left
        part[top : top + height, start : start + width] = True
        return part

    third = round(size * 3**-0.5)
    return {
        "left half": rectangle(size, size // 2, 0),
        "centre third": rectangle(third, third),
        f"box of {_BOX} px": rectangle(_BOX, _BOX),
        "nothing": rectangle(0, 0),
        "everything": rectangle(size, size),
    }


def composite(photo: Pixels, drawn: Pixels, part: Part) -> Pixels:
    """A photo with one part replaced.

    Args:
        photo: `(h, w, 3)` uint8.
        drawn: of the same shape: what the decoder drew.
        part: which pixels are taken from it, `(h, w)`.
    """
    return np.where(part[..., None], drawn, photo)


def overlap(part: Part, evidence: EvidenceMap) -> float:
    """Intersection over union of a part and of what a map says supports, in pixels; 1 where both are empty.

    Args:
        part: `(h, w)`.
        evidence: a map from the first pixel on; pixels beyond its cells do not support.
    """
    says = np.zeros_like(part)
    over = evidence.over_pixels("supports")[: part.shape[0], : part.shape[1]]
    says[: over.shape[0], : over.shape[1]] = over
    union = np.count_nonzero(part | says)
    return np.count_nonzero(part & says) / union if union else 1.0


def _rows(workspace: Workspace) -> Iterator[CompositeRow]:
    size = workspace.setting.size
    every = workspace.photos(size)
    photos, others = every[::_ONE_IN], workspace.photos(size, profiled=True)[::_ONE_IN]
    count = min(len(photos), len(others))  # of large tiles of few photos there may be fewer than were asked for
    photos, others = photos[:count], others[:count]
    for name in asked(workspace):
        own, drawn = workspace.passed(name, photos), workspace.passed(name, others)
        for edit in workspace.setting.edits or _EDITS:
            for what, part in parts(size).items():
                inside = own if what.startswith("box") else drawn
                pairs = list(zip(photos, inside, strict=True)) if part.any() else [(photo, photo) for photo in every]
                yield _row(workspace, name, edit, what, part, pairs)


def _row(
    workspace: Workspace, name: str, edit: str, what: str, part: Part, pairs: Sequence[tuple[Path, Path]]
) -> CompositeRow:
    changed: Callable[[Pixels], Pixels] = (lambda pixels: pixels) if edit == "none" else edits.load(edit).apply
    maps = []
    for photo, inside in pairs:
        pixels = composite(read_image(photo).pixels, read_image(inside).pixels, part)
        maps.append(evidence_map(changed(pixels), model=workspace.model(name)))
    return CompositeRow(
        model=label(name),
        size=workspace.setting.size,
        edit=edit,
        part=what,
        images=len(maps),
        overlaps=[overlap(part, evidence) for evidence in maps] if part.any() else [],
        shares=[evidence.share for evidence in maps],
        masked=float(np.mean([evidence.share_masked for evidence in maps])),
    )


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    head = ["decoder", "px", "edit", "drawn by it", "images", "IoU, mean", "IoU, least"]
    head += ["area that supports, mean", "images with any", "masked"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in document["rows"]:
        overlaps, known = row["overlaps"], [share for share in row["shares"] if share is not None]
        cells = [row["model"], str(row["size"]), row["edit"], row["part"], str(row["images"])]
        cells += [f"{np.mean(overlaps):.2f}", f"{min(overlaps):.2f}"] if overlaps else ["-", "-"]
        cells += [f"{np.mean(known):.3f}" if known else "-", str(sum(share > 0 for share in known))]
        cells += [f"{row['masked']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _goal(document)])


def _goal(document: Mapping[str, Any]) -> str:
    """What the project asks of itself, and which rows miss it."""
    asked_for = [
        row for row in document["rows"] if row["part"] in ("left half", "centre third") and row["edit"] == "none"
    ]
    below = [
        f"{row['model']} at {row['size']} px, {row['part']}"
        for row in asked_for
        if np.mean(row["overlaps"]) < document["goal IoU"]
    ]
    met = len(asked_for) - len(below)
    return (
        f"- goal: a mean IoU of at least {document['goal IoU']:g} for the left half and the centre third of images"
        f" stored without loss: met in {met} of {len(asked_for)} rows; below: {', '.join(below) or 'none'}"
    )


TABLE: Final = Table(
    title="How well a map outlines the part of an image that a decoder drew",
    rules=(),
    rows=_rows,
    markdown=markdown,
    facts={"goal IoU": _GOAL},
)
