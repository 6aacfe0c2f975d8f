"""Whether a TIFF is stored in a way that its decoder gets right, and whether all of its strips or tiles are there."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import DOUBTFUL
from wherefrom.images.jpeg_whole import check_jpeg

__all__ = ["check_stored", "doubtful_parts"]

_SUBFILE_TYPE, _BITS, _COMPRESSION, _PHOTOMETRIC, _PLANES = 254, 258, 259, 262, 284
_ROWS_A_STRIP, _TILE_WIDTH, _TILE_HEIGHT = 278, 322, 323
_STRIPS: Final = (273, 279)  # where they begin, and how many bytes they have
_TILES: Final = (324, 325)
_TABLES: Final = 347  # of all strips or tiles that are JPEGs
_UNPACKED, _LZW, _JPEG, _PACKBITS = 1, 5, 7, 32773
_DEFLATE: Final = (8, 32946)
_CODED_COLOURS: Final = 6  # YCbCr, of which some may be stored at half the size
_APART: Final = 2
_SIDE: Final = 4096  # pixels a side that a tile may have although the image is smaller
_AT_A_TIME: Final = 1 << 20
_WAY_OUT: Final = "convert it to 8-bit RGB first"


def check_stored(image: Any, data: bytes) -> None:
    """Refuse a TIFF whose first page is not the picture, whose values Pillow misreads, or of which a part is missing.

    Args:
        image: opened by Pillow, not loaded.
        data: all of the file.

    Raises:
        ImageError: when it is one of these.
    """
    tags = image.tag_v2
    if tags.get(_SUBFILE_TYPE, 0) & 1:
        raise ImageError(
            "TIFF: the first page is a reduced preview (a camera's raw file?): export it as an image first"
        )
    if image.mode.startswith("I;16") and tags.get(_PHOTOMETRIC) == 0:
        raise ImageError(f"TIFF: 16-bit grey stored with white as 0 is not supported: {_WAY_OUT}")
    bits, unpacked = tags.get(_BITS, (1,)), tags.get(_COMPRESSION, _UNPACKED) == _UNPACKED
    apart = tags.get(_PLANES) == _APART and len(bits) > 1
    if apart and unpacked and max(bits) > 8:
        raise ImageError(
            f"TIFF: {max(bits)} bits a channel, stored channel by channel and not compressed, is not supported:"
            f" {_WAY_OUT}"
        )
    for _ in _parts(image, data):
        pass


def doubtful_parts(image: Any, data: bytes) -> tuple[str, ...]:
    """Unpack every strip or tile once more, since their decoder fills with black what is missing.

    Of LZW only the mark at the end of each is looked for, and other ways of packing are not looked into.

    Args:
        image: opened by Pillow.
        data: all of the file.

    Returns:
        In words what makes the image doubtful; empty where nothing does.

    Raises:
        ImageError: when a part is missing.
    """
    packing, tables = image.tag_v2.get(_COMPRESSION, _UNPACKED), bytes(image.tag_v2.get(_TABLES, b""))
    doubts: set[str] = set()
    most = max(int(image.tag_v2[256]) * int(image.tag_v2[257]), _SIDE**2)
    for part, least in _parts(image, data):
        if packing == _JPEG:
            doubts |= {*check_jpeg(tables[:-2] + part[2:] if tables else part, most=most)}
        elif packing == _LZW and not _ends_as_lzw(part):
            doubts.add(f"{DOUBTFUL} a strip or tile without the mark of its end")
        elif (packing in _DEFLATE and not _inflates(part, least)) or (
            packing == _PACKBITS and not _unpacks(part, least)
        ):
            raise ImageError("TIFF: the file is damaged: a strip or tile has fewer pixels than it needs")
    return tuple(sorted(doubts))


def _parts(image: Any, data: bytes) -> Iterator[tuple[bytes, int]]:
    """Every strip or tile as stored, and how many bytes it must have when it is unpacked.

    Raises:
        ImageError: when one is not there, not in the file, or too short where it is not packed.
    """
    tags = image.tag_v2
    offsets, counts = _TILES if _TILES[0] in tags else _STRIPS
    begins, sizes = tuple(tags.get(offsets, ())), tuple(tags.get(counts, ()))
    leasts = _needed(tags, in_tiles=offsets == _TILES[0])
    if len(begins) < len(leasts) or (sizes and len(sizes) < len(leasts)):
        raise ImageError(f"TIFF: the file is damaged: {len(begins)} of {len(leasts)} strips or tiles are there")
    for number, (begin, size, least) in enumerate(zip(begins, sizes, leasts, strict=False), 1):
        if begin < 1 or size < 1 or begin + size > len(data):
            raise ImageError(f"TIFF: the file is truncated: strip or tile {number} of {len(leasts)} is not all there")
        if size < least and tags.get(_COMPRESSION, _UNPACKED) == _UNPACKED:
            raise ImageError(f"TIFF: the file is damaged: strip or tile {number} has {size:,} of {least:,} bytes")
        yield data[begin : begin + size], least


def _needed(tags: Any, *, in_tiles: bool) -> list[int]:
    """The bytes of each strip or tile when it is unpacked; 1 where that cannot be told."""
    width, height, bits = int(tags[256]), int(tags[257]), tags.get(_BITS, (1,))
    planes = len(bits) if tags.get(_PLANES) == _APART else 1
    wide, high = width, min(tags.get(_ROWS_A_STRIP, height), height)
    if in_tiles:
        wide, high = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_HEIGHT, 0)
    if not 1 <= wide <= max(width, _SIDE) or not 1 <= high <= max(height, _SIDE):
        raise ImageError(f"TIFF: the file is damaged: its strips or tiles are said to be of {wide} x {high} pixels")
    across, down = -(-width // wide), -(-height // high)
    row = -(-wide * (sum(bits) // planes) // 8)
    rows = [high if in_tiles else min(high, height - high * number) for number in range(down)]
    if tags.get(_PHOTOMETRIC) == _CODED_COLOURS:
        return [1] * (planes * across * down)
    return [count * row for _ in range(planes) for count in rows for _ in range(across)]


def _inflates(part: bytes, least: int) -> bool:
    """Whether a part that was packed as in PNG has so many bytes, with a checksum that holds where it is there."""
    unpack, unpacked = zlib.decompressobj(), 0
    try:
        while part and not unpack.eof and unpacked <= least:
            unpacked += len(unpack.decompress(part, _AT_A_TIME))
            part = unpack.unconsumed_tail
    except zlib.error:
        return False
    return unpacked >= least


def _unpacks(part: bytes, least: int) -> bool:
    """Whether a part that was packed by PackBits (TIFF 6.0, section 9) has so many bytes."""
    unpacked, at = 0, 0
    while at + 1 < len(part) and unpacked < least:
        lead = part[at]
        copied = min(lead + 1, len(part) - at - 1) if lead < 128 else 0
        unpacked += copied or (257 - lead if lead > 128 else 0)
        at += 1 + (copied or (lead > 128))
    return unpacked >= least


def _ends_as_lzw(part: bytes) -> bool:
    """Whether a part ends with the code 257 of 9 to 12 bits and less than a byte of zeros (TIFF 6.0, section 13)."""
    end = int.from_bytes(part[-3:], "big")
    return any(end >> spare & ((1 << width) - 1) == 257 for width in range(9, 13) for spare in range(8))
