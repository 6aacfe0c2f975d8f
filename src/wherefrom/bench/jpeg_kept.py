"""How many numbers a JPEG keeps of an image, beside how many a decoder makes it from.

An image that a decoder made is given by the numbers of its latent, so many for 8 x 8 pixels. Of the same pixels a JPEG
keeps the coefficients that are not quantised to zero. Where these are no more than the latent's numbers, some latent
may meet nearly any image's coefficients, and little is left to tell by: a count, and no proof. Nothing is asked of a
model; photos of both halves are counted, so twice `--count`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import Table
from wherefrom.images import edits
from wherefrom.images.read import read_image
from wherefrom.measures.jpeg_kept import coefficients_kept

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE", "KeptRow", "markdown"]

_EDITS: Final = ("jpeg:90", "jpeg:75", "jpeg:50")
_LATENTS: Final = {"taesd": 4, "the embedded": 8, "taesd3 and taef1": 16}
"""Numbers for 8 x 8 pixels of the decoders of the tables of edits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRow:
    """What a JPEG of one quality keeps of photos of one size.

    Attributes:
        what: the photos, in words.
        quality: of the JPEG, as libjpeg counts.
        images: how many.
        median: coefficients for 8 x 8 pixels that are not zero, over the images.
        below: by a decoder's name, the share of images of which fewer are kept than its latent has numbers.
    """

    what: str
    quality: int
    images: int
    median: float
    below: Mapping[str, float]


def _rows(workspace: Workspace) -> Iterator[KeptRow]:
    size, tiles = workspace.setting.size, workspace.setting.tiles
    paths = [path for profiled in (True, False) for path in workspace.photos(size, profiled=profiled)]
    pixels = [read_image(path).pixels for path in paths]
    for edit in workspace.setting.edits or _EDITS:
        (step,) = edits.load(edit).steps
        if step.kind != "jpeg":
            workspace.skip(f"{edit}, which is no JPEG")
            continue
        quality = int(step.values[0])
        kept = np.array([coefficients_kept(image, quality) for image in pixels])
        yield KeptRow(
            what=f"{len(pixels)} {'tiles' if tiles else 'photos'} of {size} px",
            quality=quality,
            images=len(pixels),
            median=float(np.median(kept)),
            below={name: float(np.mean(kept < number)) for name, number in _LATENTS.items()},
        )


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    fewer = [f"fewer than {number} ({name})" for name, number in document["latents"].items()]
    lines = [f"| images | quality | kept of 8 x 8 pixels, median | {' | '.join(fewer)} |", "| --- " * 6 + "|"]
    for row in document["rows"]:
        shares = " | ".join(f"{row['below'][name]:.2f}" for name in document["latents"])
        lines.append(f"| {row['what']} | {row['quality']} | {row['median']:.1f} | {shares} |")
    return "\n".join(lines)


TABLE: Final = Table(
    title="How many numbers a JPEG keeps of 8 x 8 pixels, beside how many a decoder makes them from",
    rules=(),
    rows=_rows,
    markdown=markdown,
    facts={"latents": _LATENTS},
)
