"""Pixels to files that are there whole or not at all, and whether a file is there already."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.files import write_bytes
from wherefrom.images.convert import Pixels
from wherefrom.images.labels import KEY, facts_of
from wherefrom.images.read import read_image

__all__ = ["is_there", "save_bytes", "save_png", "write_png"]

_NO_TEXT: Mapping[str, str] = {}
_HEAD: Final = 65536  # bytes in which a file's text stands


def save_png(pixels: Pixels, path: str | Path, text: Mapping[str, str] = _NO_TEXT) -> None:
    """Write a PNG under a temporary name beside its place, then move it there; the same input gives the same bytes.

    Args:
        pixels: `(h, w, 3)` uint8 RGB.
        path: where to; replaced if it exists. Its folder must exist.
        text: keyword (1 to 79 Latin-1 characters) to text, kept as `iTXt` chunks.

    Raises:
        ImageError: when the array is no 8-bit RGB image, a keyword cannot be stored, or the file cannot be written.
    """
    file = io.BytesIO()
    write_png(file, pixels, text)
    save_bytes(file.getvalue(), path)


def save_bytes(data: bytes, path: str | Path) -> None:
    """Write a file under a temporary name beside its place, then move it there.

    Args:
        data: all of it.
        path: where to; replaced if it exists. Its folder must exist.

    Raises:
        ImageError: when the file cannot be written.
    """
    try:
        write_bytes(Path(path), data)
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {error.strerror or error}") from error


def write_png(file: IO[bytes], pixels: Pixels, text: Mapping[str, str] = _NO_TEXT) -> None:
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


def _begun(path: Path) -> bool:
    """Whether this program began a file that is not whole: a PNG and a JPEG say so before their pixels."""
    try:
        with path.open("rb") as file:
            return path.is_file() and KEY.encode() in file.read(_HEAD)
    except OSError:
        return False


def is_there(path: Path, text: Mapping[str, str], same: Sequence[str]) -> bool:
    """Whether a file is there, whole, and made in this way.

    Args:
        path: the file.
        text: what it would say if it was made now, as `text_of` gives it: a PNG in its text, a JPEG in its comment and
            a WebP in its EXIF description, these two as a JSON object.
        same: names of the facts that have to be the same, absent ones too.

    Raises:
        UsageError: when it is whole and was made otherwise, or does not say that this program began it.
    """
    if not os.path.lexists(path):
        return False
    try:
        read_image(path)
    except ImageError as error:
        if _begun(path):
            return False
        raise UsageError(
            f"{path} is there and is no file that was made here ({error}): name another folder, or remove it"
        ) from error
    with Image.open(path) as image:
        facts = facts_of(image)
    for name in same:
        there, here = facts.get(KEY + name), text.get(KEY + name)
        if there != here:
            raise UsageError(
                f"{path} is there and was made otherwise ({name} {there or 'not known'},"
                f" here {here or 'none'}): name another folder, or remove it"
            )
    return True


def _storable(keyword: str) -> bool:
    """Whether PNG allows a keyword (W3C PNG, 11.3.3.1)."""
    latin = all(32 <= ord(c) <= 126 or 161 <= ord(c) <= 255 for c in keyword)
    return latin and 1 <= len(keyword) <= 79 and keyword == " ".join(keyword.split())
