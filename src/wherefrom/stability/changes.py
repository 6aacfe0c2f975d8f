"""Changes that leave what an image shows: saved again, cut by a few pixels, turned, mirrored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images import edits
from wherefrom.images.convert import Pixels
from wherefrom.images.read import Limits, read_image
from wherefrom.images.sources import Source

__all__ = ["Change", "changed", "changes_for"]

_JPEG: Final = ("JPEG", "MPO")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change.

    Attributes:
        name: as `jpeg:95`, `crop:3,5`, `turn:90` or `mirror`.
        words: what was done to the image, as a sentence has it.
        edit: what `wherefrom.images.edits` does; empty for none.
        quarters: quarter turns to the left.
        mirrored: whether columns run the other way.
        kept: whether what a decoder left is where it was, so that a profile speaks for the changed image wherever it
            covers its file. Cut off the decoder's grid, turned or mirrored an image is none that the decoder makes, and
            only a condition of the same edit speaks for it.
    """

    name: str
    words: str
    edit: str = ""
    quarters: int = 0
    mirrored: bool = False
    kept: bool = True

    def apply(self, pixels: Pixels, facts: ImageFacts) -> bytes:
        """The changed image's file: PNG, or JPEG of its own quality where it was a JPEG, or as the change says.

        Args:
            pixels: `(h, w, 3)` uint8.
            facts: of the image.

        Raises:
            ImageError: when it is too small to be cut.
        """
        pixels = np.rot90(pixels, self.quarters)
        pixels = np.ascontiguousarray(pixels[:, ::-1] if self.mirrored else pixels)
        stored = ""
        if facts.format in _JPEG and facts.jpeg_quality is not None and not self.edit.startswith("jpeg"):
            stored = f"jpeg:{min(100, max(1, round(facts.jpeg_quality)))}"
        edit = edits.load("+".join(part for part in (self.edit, stored) if part) or "none")
        return edit.encode(pixels, of=facts)

    def covered_by(self, conditions: tuple[str, ...]) -> bool:
        """Whether a profile speaks for the changed image.

        Args:
            conditions: edits of the profile's conditions that cover its file.
        """
        if self.kept:
            return bool(conditions)
        kinds = {step.kind for step in edits.load(self.edit).steps} if self.edit else set()
        return any(kinds & {step.kind for step in edits.load(condition).steps} for condition in conditions)


def changes_for(factor: int) -> tuple[Change, ...]:
    """The changes that are tried, for models of a factor.

    Args:
        factor: pixels of a side of one latent cell; of several models the least common multiple.
    """
    cells = Change(
        name=f"crop:{factor},{factor}",
        words=f"cut by its first {factor} columns and rows, whole cells of the decoder's grid",
        edit=f"crop:{factor},{factor}",
    )
    return (
        Change(name="jpeg:95", words="saved as JPEG of quality 95", edit="jpeg:95"),
        Change(name="jpeg:85", words="saved as JPEG of quality 85", edit="jpeg:85"),
        *((cells,) if factor > 1 else ()),
        Change(name="crop:3,5", words="cut by its first 3 columns and 5 rows", edit="crop:3,5", kept=factor == 1),
        Change(name="turn:90", words="turned by a quarter", quarters=1, kept=False),
        Change(name="turn:180", words="turned upside down", quarters=2, kept=False),
        Change(name="mirror", words="mirrored", mirrored=True, kept=False),
    )


def changed(image: Source, change: Change, *, limits: Limits) -> Source:
    """The image after the change, under its own name; one that cannot be read or changed holds the reason.

    Args:
        image: as it is.
        change: what is done.
        limits: on bytes and pixels of its file.
    """
    try:
        record = read_image(image, limits)
        data = change.apply(record.pixels, record.facts)
    except ImageError as error:
        return Source(name=image.name, in_memory=ImageFacts(name=image.name, error=str(error)), columns=image.columns)
    return Source(name=image.name, data=data, columns=image.columns)
