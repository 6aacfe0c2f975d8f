"""Whether all of an image is in its file: decoders read many files without a word of which a part is missing."""

from __future__ import annotations

from typing import Any

from wherefrom.images.jpeg_whole import check_scans, remaining_doubt
from wherefrom.images.opening import opened
from wherefrom.images.png_chunks import check_rows
from wherefrom.images.tiff_stored import doubtful_parts

__all__ = ["check_coded", "check_decoded"]


def check_coded(kind: str, data: bytes) -> tuple[str, ...]:
    """Look whether a part is missing before an image is decoded.

    Args:
        kind: the format's name in Pillow.
        data: all of the file.

    Returns:
        In words what makes the image doubtful, each beginning with `DOUBTFUL`; empty where nothing does.

    Raises:
        ImageError: when a checksum of a PNG does not hold, or rows, scans or restart markers are missing.
    """
    if kind == "JPEG":
        check_scans(data)
    if kind != "PNG":
        return ()
    with opened(kind, data) as image:
        image.verify()
    return check_rows(data)


def check_decoded(kind: str, data: bytes, image: Any) -> tuple[str, ...]:
    """Look whether all of an image was there, once it is decoded.

    Args:
        kind: the format's name in Pillow.
        data: all of the file.
        image: loaded.

    Returns:
        In words what makes the image doubtful, each beginning with `DOUBTFUL`; empty where nothing does.

    Raises:
        ImageError: when a part is missing.
    """
    if kind == "JPEG":
        with opened(kind, data) as again:
            return remaining_doubt(data, image, again)
    return doubtful_parts(image, data) if kind == "TIFF" else ()
