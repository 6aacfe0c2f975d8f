"""What is known of an image file without looking at its content: carried from the reader to every score and verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DOUBTFUL", "Appearance", "ImageFacts"]

DOUBTFUL: Final = "perhaps damaged:"
"""How a change begins that no profile covers, since the format does not tell whether all of the image is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Appearance:
    """What the stored pixels look like, in a few numbers; see `wherefrom.measures.appearance`.

    Attributes:
        code: two perceptual hashes of 256 bits, one after the other, hexadecimal: images whose codes differ in few bits
            show the same. None for an image that is flat or too plain to be known again.
        brightness: the mean of the luma, 0 to 255.
        contrast: its standard deviation, of an image of more than 256 pixels a side made smaller first.
        content: the share of the area inside of margins of one level, in [0, 1].
    """

    code: str | None
    brightness: float
    contrast: float
    content: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFacts:
    """What is known of an image file without looking at its content.

    Attributes:
        name: how the user named it: a path, `archive.tar/member`, or a label.
        error: why it could not be read or scored; None when it was.
        file_digest: SHA-256 of the file's bytes, hexadecimal.
        pixel_digest: SHA-256 of the decoded 8-bit RGB pixels and their size, before any crop, hexadecimal.
        scored_digest: the same of the pixels that were scored, after the crop; None where none were, or in an earlier
            version's table.
        bytes: length of the file.
        format: Pillow's name of the format, as `PNG`.
        width: columns of the stored pixel grid.
        height: rows of the stored pixel grid.
        orientation: the EXIF orientation, 1 to 8, which is shown but never applied before scoring.
        jpeg_quality: the estimated quality (1 to 100) of a JPEG's own tables.
        jpeg_tables: a JPEG's quantisation tables, 64 numbers each.
        lossy: whether the format as stored loses information (JPEG, lossy WebP, AVIF, HEIC); None if unknown.
        changes: what had to be converted to get 8-bit RGB, in words; empty for a plain 8-bit RGB file.
        origin: how the file itself says that it was made, as `draw`, `round trip` or `edit`, of an edit what was edited
            where that is known; None where it does not say so in the way of this program. Anyone can write it.
        origin_decoder: digest of the decoder that it says it came from.
        jpeg_grid: whether the scored pixels of a file that is not lossy itself show the 8 x 8 grid of a JPEG, see
            `wherefrom.measures.jpeg_grid`; None where that was not or cannot be looked at.
        appearance: what the stored pixels look like; None where none were scored, or in an earlier version's table.
        trailing_bytes: how many bytes follow the end of the image in the file, which change nothing; None where there
            are none, where the format does not say where its image ends, or in an earlier version's table.
    """

    name: str
    error: str | None = None
    file_digest: str | None = None
    pixel_digest: str | None = None
    bytes: int | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    orientation: int = 1
    jpeg_quality: float | None = None
    jpeg_tables: tuple[tuple[int, ...], ...] = ()
    lossy: bool | None = None
    changes: tuple[str, ...] = ()
    scored_digest: str | None = None
    origin: str | None = None
    origin_decoder: str | None = None
    jpeg_grid: bool | None = None
    appearance: Appearance | None = None
    trailing_bytes: int | None = None

    @property
    def digests(self) -> frozenset[str]:
        """By which this image is known again: of its pixels as stored, and as scored."""
        return frozenset(digest for digest in (self.pixel_digest, self.scored_digest) if digest is not None)
