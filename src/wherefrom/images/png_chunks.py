"""What a PNG's chunks say that its decoder leaves out: whether all rows are there, and of which colours they are."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import DOUBTFUL

__all__ = ["check_rows", "colour_notes", "end_of_png", "texts_of", "without_large_chunks"]

_HEAD: Final = 8  # bytes of the signature
_HEAVY: Final = 1 << 20
"""Bytes of one text or colour profile that Pillow refuses to unpack, as all of the file then."""
_ALL_TEXT: Final = 8 * _HEAVY
_BESIDE: Final = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_PROFILE_LIMIT: Final = 64 * _HEAVY
_TEXT_LIMIT: Final = 8 * _HEAVY
"""Bytes that are unpacked of all texts together, when they are asked for."""
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where each pass of an interlaced image begins, across and down, and its steps (PNG, 8.2)."""
_SRGB: Final = ((1, 13, 0, 1), (1, 1, 0, 1))  # primaries of BT.709 with the curve of sRGB or of BT.709, full range
_GAMMA, _NEAR = 1 / 2.2, 0.05
_COLOURS: Final = (b"cICP", b"iCCP", b"sRGB", b"gAMA")


def without_large_chunks(data: bytes) -> tuple[bytes, bytes | None]:
    """The file without texts and colour profiles of more than 1 MiB, for which its decoder would refuse all of it.

    Args:
        data: all of the file.

    Returns:
        The same object where it has none, and the colour profile that was left out.
    """
    text, profile, kept, at = 0, None, [], 0
    for name, begins, ends in _chunks(data):
        full = text > _ALL_TEXT and name in _BESIDE  # nothing more is unpacked, whatever a file holds
        size, unpacked = (1, None) if full else _weight(name, data[begins + 8 : ends - 4])
        text += size
        if size and (size > _HEAVY or text > _ALL_TEXT):
            profile = profile if unpacked is None else unpacked
            kept.append(data[at:begins])
            at = ends
    return (b"".join([*kept, data[at:]]), profile) if kept else (data, None)


def check_rows(data: bytes) -> tuple[str, ...]:
    """Unpack the rows once more: a decoder stops at the last row that is there, and does not look at their checksum.

    Args:
        data: all of the file, of a size that was checked.

    Returns:
        In words what makes the image doubtful; empty where nothing does.

    Raises:
        ImageError: when rows are missing, or their checksum does not hold.
    """
    expected = _raw_bytes(data[_HEAD + 8 :])
    unpack, unpacked = zlib.decompressobj(), 0
    for name, begins, ends in _chunks(data):
        if name != b"IDAT":
            continue
        packed = data[begins + 8 : ends - 4]
        while packed and not unpack.eof and unpacked <= expected:
            try:
                unpacked += len(unpack.decompress(packed, _HEAVY))
            except zlib.error as error:
                raise ImageError(f"PNG: the file is damaged: its rows cannot be unpacked: {error}") from error
            packed = unpack.unconsumed_tail
    if unpacked > expected:
        return (f"{DOUBTFUL} more rows than the image has",)
    if unpacked < expected:
        raise ImageError(f"PNG: the file is damaged: {unpacked:,} of {expected:,} bytes of its rows are there")
    if not unpack.eof:
        raise ImageError("PNG: the file is damaged: the checksum of its rows is missing")
    return ()


def colour_notes(data: bytes) -> tuple[str, ...]:
    """In words that colours other than sRGB's, which a chunk states by numbers, were left unapplied.

    The chunk cICP counts before a colour profile, this before sRGB, and gAMA last (PNG, 4.3).

    Args:
        data: all of the file.
    """
    contents = {name: data[begins + 8 : ends - 4] for name, begins, ends in _chunks(data) if name in _COLOURS}
    codes = tuple(contents.get(b"cICP", b""))
    if len(codes) == 4:
        return () if codes in _SRGB else (f"colours of cICP {'-'.join(map(str, codes))} left unapplied",)
    gamma = int.from_bytes(contents.get(b"gAMA", b"")[:4], "big") / 100_000
    if not gamma or b"iCCP" in contents or b"sRGB" in contents or abs(gamma / _GAMMA - 1) <= _NEAR:
        return ()
    return (f"gamma {gamma:g} left unapplied",)


def end_of_png(data: bytes) -> int | None:
    """Where the image ends: after the chunk IEND. None where that is missing.

    Args:
        data: all of the file.
    """
    return next((ends for name, _, ends in _chunks(data) if name == b"IEND"), None)


def texts_of(data: bytes) -> dict[str, str]:
    """Texts by keyword, wherever in the file they are; of equal keywords the first, and 8 MiB in all at most.

    They are read from the chunks, so that neither damaged pixels nor a text of more than 1 MiB, as a workflow may be,
    hides them, and nothing is decoded.

    Args:
        data: all of the file.
    """
    found: dict[str, str] = {}
    left = _TEXT_LIMIT
    for name, begins, ends in _chunks(data):
        if name not in (b"tEXt", b"zTXt", b"iTXt") or left <= 0:
            continue
        keyword, _, rest = data[begins + 8 : ends - 4].partition(b"\0")
        text = _text_in(name, rest, left)
        left -= len(text)
        found.setdefault(keyword.decode("latin-1"), text.decode("utf-8" if name == b"iTXt" else "latin-1", "replace"))
    return found


def _text_in(name: bytes, rest: bytes, limit: int) -> bytes:
    """What follows a text's keyword, unpacked where it is packed (PNG, 11.3.3)."""
    if name == b"tEXt":
        return rest[:limit]
    if name == b"zTXt":
        return _unpacked(rest[1:], limit)
    text = rest[2:].split(b"\0", 2)[-1]  # after two flags: a language, the keyword in it, and the text
    return _unpacked(text, limit) if rest[:1] == b"\1" else text[:limit]


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of every chunk that is whole, with its length before it and its checksum after it."""
    at = _HEAD
    while at + 12 <= len(data):
        ends = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if ends > len(data):
            return
        name = data[at + 4 : at + 8]
        yield name, at, ends
        if name == b"IEND":
            return
        at = ends


def _weight(name: bytes, content: bytes) -> tuple[int, bytes | None]:
    """How many bytes a text or colour profile has when it is unpacked, and a profile of more than 1 MiB itself."""
    if name == b"tEXt":
        return len(content), None
    if name == b"iTXt":
        _, _, rest = content.partition(b"\0")
        packed = rest[2:].split(b"\0", 2)[-1] if rest[:1] == b"\1" else None
        return (len(content), None) if packed is None else (len(_unpacked(packed, _HEAVY + 1)), None)
    if name not in _BESIDE:
        return 0, None
    packed = content.partition(b"\0")[2][1:]
    size = len(_unpacked(packed, _HEAVY + 1))
    return size, _unpacked(packed, _PROFILE_LIMIT) if name == b"iCCP" and size > _HEAVY else None


def _unpacked(packed: bytes, limit: int) -> bytes:
    """At most so many bytes; none where they cannot be unpacked, which the decoder passes over too."""
    try:
        return zlib.decompressobj().decompress(packed, limit)
    except zlib.error:
        return b""


def _raw_bytes(header: bytes) -> int:
    """How many bytes all rows have before they are packed, each with its filter's number."""
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, interlaced = header[8], header[9], header[12]
    bits = depth * _CHANNELS.get(colour, 1)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = (
        (-(-max(0, width - left) // across), -(-max(0, height - top) // down)) for left, top, across, down in passes
    )
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns)
