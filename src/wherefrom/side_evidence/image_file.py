"""One file as sources read it: its bytes, and the parts that hold texts, each read once, when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.errors import ImageError
from wherefrom.images.files import Source
from wherefrom.images.formats import identify
from wherefrom.images.opening import explained, opened
from wherefrom.images.png_chunks import texts_of, without_large_chunks
from wherefrom.images.read import Limits, read_image, stored_size

if TYPE_CHECKING:
    from wherefrom.images.convert import Pixels

__all__ = ["EXIF", "ImageFile"]

EXIF: Final = "EXIF "
"""What stands before the name of an EXIF tag among the texts of a file."""
_XMP_KEYS: Final = ("XML:com.adobe.xmp", "xmp")
_COMMENT_CODES: Final = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-be", b"JIS\0\0\0\0\0": "iso2022_jp"}
_POSITION: Final = "GPSInfo"


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageFile:
    """A file whose content comes from outside: nothing in it is believed, followed or run.

    Attributes:
        name: as it was given.
        data: all bytes of the file.
        limits: on its pixels.
    """

    name: str
    data: bytes
    limits: Limits

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def kind(self) -> str:
        """Pillow's name of its format.

        Raises:
            ImageError: when it is no format that is read here.
        """
        return identify(self.data)

    @cached_property
    def pixels(self) -> Pixels:
        """`(h, w, 3)` uint8 RGB.

        Raises:
            ImageError: when they cannot be read.
        """
        return read_image(Source(name=self.name, data=self.data), self.limits).pixels

    @cached_property
    def exif(self) -> Mapping[str, Any]:
        """EXIF tags by their names, those of the camera included; `GPSInfo` stands for any position.

        Raises:
            ImageError: when the file or its tags cannot be read.
        """
        from PIL.ExifTags import IFD, TAGS

        with self._header() as image:
            held = image.getexif()
            tags = dict(held) | dict(held.get_ifd(IFD.Exif))
            position = bool(held.get_ifd(IFD.GPSInfo))
        tags = {number: value for number, value in tags.items() if number not in (IFD.Exif, IFD.GPSInfo, IFD.Interop)}
        named = {TAGS.get(number, f"tag {number}"): value for number, value in tags.items()}
        return named | ({_POSITION: True} if position else {})

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Texts by keyword: of a PNG's chunks, a comment as `comment`, and EXIF tags after the word `EXIF`.

        Raises:
            ImageError: when the file cannot be read.
        """
        found = texts_of(self.data) if self.kind == "PNG" else self._comment()
        try:
            exif = self.exif
        except ImageError:
            if not found:
                raise
            return found  # the chunks of a PNG are read even where its pixels are damaged
        return {**{f"{EXIF}{tag}": _text(tag, value) for tag, value in exif.items()}, **found}

    @cached_property
    def xmp(self) -> bytes | None:
        """The XMP packet; None where there is none.

        Raises:
            ImageError: when the file cannot be read.
        """
        if self.kind == "PNG":
            text = texts_of(self.data).get(_XMP_KEYS[0])
            return None if text is None else text.encode()
        with self._header() as image:
            held = next((image.info[key] for key in _XMP_KEYS if key in image.info), None)
            if held is None and self.kind == "TIFF":
                held = image.tag_v2.get(700)
        return held.encode() if isinstance(held, str) else held if isinstance(held, bytes) else None

    def _comment(self) -> dict[str, str]:
        with self._header() as image:
            held = image.info.get("comment")
        return {} if held is None else {"comment": _text("comment", held)}

    @contextmanager
    def _header(self) -> Iterator[Any]:
        """The file as Pillow opens it, its size checked before anything is decoded."""
        stored_size(self.data, self.limits)
        light = without_large_chunks(self.data)[0] if self.kind == "PNG" else self.data
        with explained(self.kind), opened(self.kind, light) as image:
            yield image


def _text(tag: str, value: object) -> str:
    """A tag's value as a text; the eight bytes that begin a user's comment name its letters (EXIF 2.32, 4.6.5)."""
    if not isinstance(value, bytes):
        return str(value).rstrip("\0")
    if tag == "UserComment" and value[:8] in _COMMENT_CODES:
        return _lettered(value[8:], _COMMENT_CODES[value[:8]])
    return value.decode("utf-8", "replace").strip("\0")


def _lettered(data: bytes, letters: str) -> str:
    """A comment; of UTF-16, whose order of bytes EXIF leaves open, the order that gives fewer foreign letters."""
    if letters != "utf-16-be":
        return data.decode(letters, "replace").strip("\0")
    both = [data.decode(order, "replace").strip("\0\ufeff") for order in (letters, "utf-16-le")]
    return max(both, key=lambda text: sum(character.isascii() for character in text))
