"""How many bytes a file has after the end of its image. They change no pixel, and decoders never look at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from wherefrom.images.jpeg_marks import end_of_jpeg
from wherefrom.images.png_chunks import end_of_png

__all__ = ["trailing_bytes"]

_HEAD: Final = 13  # of a GIF: its signature, its size, and what follows
_TABLE, _TABLE_SIZE = 128, 7  # the flag of a colour table, and the bits that say how long it is
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def trailing_bytes(kind: str, data: bytes) -> int | None:
    """How many bytes follow the end of the image.

    Cameras put previews and second pictures there, programs their own records, and some archives hide there. Nothing
    is said of what the bytes are.

    Args:
        kind: the format's name in Pillow.
        data: all of a file that was decoded.

    Returns:
        At least 1; None where there are none, or the format does not say where its image ends (TIFF, BMP, AVIF, HEIC).
    """
    find = _ENDS.get(kind)
    end = None if find is None else find(data)
    return len(data) - end if end is not None and end < len(data) else None


def _end_of_webp(data: bytes) -> int:
    """WebP says how long it is, and fills up to an even number."""
    size = int.from_bytes(data[4:8], "little")
    return 8 + size + size % 2


def _end_of_gif(data: bytes) -> int | None:
    """After the trailer, which follows the last block (GIF89a, section 27); None where it is missing."""
    at = _HEAD + _table(data[10:11])
    while at < len(data):
        kind = data[at]
        if kind == _TRAILER:
            return at + 1
        if kind == _EXTENSION:
            at += 2
        elif kind == _IMAGE:
            at += 10 + _table(data[at + 9 : at + 10]) + 1
        else:
            return None
        while at < len(data) and data[at]:  # blocks, each with its length, up to an empty one
            at += 1 + data[at]
        at += 1
    return None


def _table(flags: bytes) -> int:
    """Bytes of the colour table that follows, of red, green and blue each."""
    return 3 << ((flags[0] & _TABLE_SIZE) + 1) if flags and flags[0] & _TABLE else 0


_ENDS: Final[Mapping[str, Callable[[bytes], int | None]]] = {
    "JPEG": end_of_jpeg,
    "PNG": end_of_png,
    "WEBP": _end_of_webp,
    "GIF": _end_of_gif,
}
