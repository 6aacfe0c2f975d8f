"""What is known of an image file without looking at its content: carried from the reader to every score and verdict."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ImageFacts"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFacts:
    """What is known of an image file without looking at its content.

    Attributes:
        name: how the user named it: a path, `archive.tar/member`, or a label.
        error: why it could not be read or scored; None when it was.
        file_digest: SHA-256 of the file's bytes, hexadecimal.
        pixel_digest: SHA-256 of the decoded 8-bit RGB pixels and their size, before any crop, hexadecimal.
        bytes: length of the file.
        format: Pillow's name of the format, as `PNG`.
        width: columns of the stored pixel grid.
        height: rows of the stored pixel grid.
        orientation: the EXIF orientation, 1 to 8, which is shown but never applied before scoring.
        jpeg_quality: the estimated quality (1 to 100) of a JPEG's own tables.
        jpeg_tables: a JPEG's quantisation tables, 64 numbers each.
        lossy: whether the format as stored loses information (JPEG, lossy WebP, AVIF, HEIC); None if unknown.
        changes: what had to be converted to get 8-bit RGB, in words; empty for a plain 8-bit RGB file.
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
