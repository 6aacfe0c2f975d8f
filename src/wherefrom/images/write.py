"""Pixels to files, so that a file is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wherefrom.core.errors import ImageError
from wherefrom.core.whole import whole
from wherefrom.images.convert import Pixels

__all__ = ["put_png", "save_bytes", "save_png"]

_NO_TEXT: Mapping[str, str] = {}


def save_png(pixels: Pixels, path: str | Path, text: Mapping[str, str] = _NO_TEXT) -> None:
    """Write a PNG under a temporary name beside its place, then move it there; the same input gives the same bytes.

    Args:
        pixels: `(h, w, 3)` uint8 RGB.
        path: where to; replaced if it exists. Its folder must exist.
        text: keyword (1 to 79 Latin-1 characters) to text, kept as `iTXt` chunks.

    Raises:
        ImageError: when the array is no 8-bit RGB image, a keyword cannot be stored, or the file cannot be written.
    """
    with _whole(Path(path)) as file:
        put_png(file, pixels, text)


def save_bytes(data: bytes, path: str | Path) -> None:
    """Write a file under a temporary name beside its place, then move it there.

    Args:
        data: all of it.
        path: where to; replaced if it exists. Its folder must exist.

    Raises:
        ImageError: when the file cannot be written.
    """
    with _whole(Path(path)) as file:
        file.write(data)


def put_png(file: IO[bytes], pixels: Pixels, text: Mapping[str, str] = _NO_TEXT) -> None:
    """Write a PNG into an open file; the same input gives the same bytes.

    Args:
        file: to write to.
        pixels: `(h, w, 3)` uint8 RGB.
        text: keyword (1 to 79 Latin-1 characters) to text, kept as `iTXt` chunks.

    Raises:
        ImageError: when the array is no 8-bit RGB image, or a keyword cannot be stored.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ImageError(f"a PNG needs a uint8 array (h, w, 3) with pixels, got {pixels.dtype} {pixels.shape}")
    info = PngInfo()
    for keyword, value in text.items():
        if not _storable(keyword):
            raise ImageError(f"the PNG keyword {keyword!r} is not 1 to 79 printable Latin-1 characters")
        info.add_itxt(keyword, value)
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", pnginfo=info)


@contextmanager
def _whole(place: Path) -> Iterator[IO[bytes]]:
    """A file under a temporary name, which takes its place when nothing failed."""
    try:
        with whole(place) as partial, partial.open("xb") as file:
            yield file
    except OSError as error:
        raise ImageError(f"{place} cannot be written: {error.strerror or error}") from error


def _storable(keyword: str) -> bool:
    """Whether PNG allows a keyword (W3C PNG, 11.3.3.1)."""
    latin = all(32 <= ord(c) <= 126 or 161 <= ord(c) <= 255 for c in keyword)
    return latin and 1 <= len(keyword) <= 79 and keyword == " ".join(keyword.split())
