"""The outline of a JPEG, read from its markers alone: its frame, its scans, and where the coded data of each lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from wherefrom.core.errors import ImageError

__all__ = ["Frame", "Scan", "end_of_jpeg", "outline"]

_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD9)))  # markers that no length follows
_TABLES, _END, _SCAN, _INTERVAL = 0xC4, 0xD9, 0xDA, 0xDD
_RESTARTS: Final = range(0xD0, 0xD8)
_PROGRESSIVE: Final = 2
_LAST: Final = 63  # the last coefficient of a block


@dataclass(frozen=True, slots=True)
class Component:
    """A colour's number and its sampling factors, across and down."""

    number: int
    across: int
    down: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What a JPEG says of itself before its pixels (ITU-T T.81, B.2.2).

    Attributes:
        process: 0 baseline, 1 extended, 2 progressive, 3 lossless; 8 more where the coding is arithmetic.
        width: in pixels.
        height: in pixels.
        components: the colours.
    """

    process: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def progressive(self) -> bool:
        """Whether coefficients come in several scans."""
        return self.process % 4 == _PROGRESSIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """One pass over the image (ITU-T T.81, B.2.3).

    Attributes:
        components: numbers of the colours in it.
        band: first and last coefficient, 0 to 63.
        bits_left: how many low bits of these coefficients are left to later scans.
        units: how many blocks of one colour it codes, or groups of blocks of several colours that lie on one place.
        interval: units between two restart markers; 0 where there are none.
        pieces: where its coded data begin and end in the file, one piece between any two markers.
        restarts: the numbers of the restart markers between the pieces, 0 to 7.
        zeros: of each colour the symbol of a block that is coded by zero bits alone: 0 ends the block; None where there
            is no such table.
    """

    components: tuple[int, ...]
    band: tuple[int, int]
    bits_left: int
    units: int
    interval: int
    pieces: tuple[tuple[int, int], ...]
    restarts: tuple[int, ...]
    zeros: tuple[int | None, ...]


def outline(data: bytes) -> tuple[Frame, tuple[Scan, ...]]:
    """The frame and the scans of the first image in a JPEG, up to its end marker.

    Args:
        data: all of the file.

    Raises:
        ImageError: when the markers do not follow one another as they must, or the end marker is missing.
    """
    marks, at = _Marks(data), 2
    frame: Frame | None = None
    scans: list[Scan] = []
    tables: dict[int, int] = {}
    interval = 0
    while (kind := data[(at := marks.after(at)) + 1]) != _END:
        at += 2
        if kind in _ALONE:
            continue
        segment = _segment(data, at)
        at += 2 + len(segment)
        if kind in _FRAMES:
            frame = _frame(kind, segment)
        elif kind == _TABLES:
            tables |= _first_symbols(segment)
        elif kind == _INTERVAL:
            interval = int.from_bytes(segment[:2], "big")
        elif kind == _SCAN:
            if frame is None:
                raise ImageError("JPEG: the file is damaged: a scan comes before the frame that it is part of")
            pieces, restarts = _coded(marks, at, most=_parts(frame.width, 8) * _parts(frame.height, 8))
            scans.append(_scan(frame, segment, interval=interval, pieces=pieces, restarts=restarts, tables=tables))
            at = pieces[-1][1]
    if frame is None or not scans:
        raise ImageError("JPEG: the file is damaged: it ends before any pixel")
    return frame, tuple(scans)


def end_of_jpeg(data: bytes) -> int | None:
    """Where the first image in a JPEG ends: after its end marker. None where that is missing.

    Args:
        data: all of the file.
    """
    marks, at = _Marks(data), 2
    try:
        while (kind := data[(at := marks.after(at)) + 1]) != _END:
            at += 2 if kind in _ALONE else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    except ImageError:
        return None
    return at + 2


class _Marks:
    """Where a file's markers are: 255 and then neither 0, which stands for a 255 of the data, nor another 255."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        bytes_ = np.frombuffer(data, np.uint8)
        self._places: npt.NDArray[np.intp] = np.flatnonzero(
            (bytes_[:-1] == 255) & (bytes_[1:] != 0) & (bytes_[1:] != 255)
        )

    def after(self, at: int) -> int:
        """Where the next marker begins; bytes before it are passed over, as decoders do."""
        index = int(np.searchsorted(self._places, at))
        if index == len(self._places):
            raise ImageError("JPEG: the file is truncated: its end marker is missing")
        return int(self._places[index])


def _segment(data: bytes, at: int) -> bytes:
    length = int.from_bytes(data[at : at + 2], "big")
    segment = data[at + 2 : at + length]
    if length < 2 or len(segment) != length - 2:
        raise ImageError("JPEG: the file is truncated: it ends inside a header")
    return segment


def _frame(kind: int, segment: bytes) -> Frame:
    count = segment[5] if len(segment) > 5 else 0
    if not count or len(segment) < 6 + 3 * count:
        raise ImageError("JPEG: the file is damaged: its frame is described in too few bytes")
    parts = [segment[6 + 3 * i : 9 + 3 * i] for i in range(count)]
    components = tuple(Component(part[0], part[1] >> 4, part[1] & 15) for part in parts)
    height, width = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    if not width or not height or not all(each.across and each.down for each in components):
        raise ImageError("JPEG: the file is damaged: its header tells of no pixels")
    return Frame(process=kind - 0xC0, width=width, height=height, components=components)


def _first_symbols(segment: bytes) -> dict[int, int]:
    """The first symbol, whose code is all zeros, of each Huffman table by its class and number (B.2.4.2)."""
    symbols, at = {}, 0
    while at + 17 < len(segment):
        count = sum(segment[at + 1 : at + 17])
        if count:
            symbols[segment[at]] = segment[at + 17]
        at += 17 + count
    return symbols


def _coded(marks: _Marks, at: int, *, most: int) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """The pieces of a scan's coded data up to the next marker that is no restart, and the restart markers between."""
    pieces: list[tuple[int, int]] = []
    restarts: list[int] = []
    data = marks.data
    while True:
        begins, at = at, marks.after(at)
        pieces.append((begins, _before_fill(data, begins, at)))
        if data[at + 1] not in _RESTARTS:
            return tuple(pieces), tuple(restarts)
        restarts.append(data[at + 1] - _RESTARTS.start)
        if len(restarts) > most:
            raise ImageError(f"JPEG: the file is damaged: a scan of at most {most} blocks has more restart markers")
        at += 2


def _before_fill(data: bytes, begins: int, mark: int) -> int:
    """Where the data before a marker end: any number of 255 may stand before it."""
    while mark > begins and data[mark - 1] == 255:
        mark -= 1
    return mark


def _scan(
    frame: Frame,
    segment: bytes,
    *,
    interval: int,
    pieces: tuple[tuple[int, int], ...],
    restarts: tuple[int, ...],
    tables: dict[int, int],
) -> Scan:
    count = segment[0] if segment else 0
    known = {each.number: each for each in frame.components}
    numbers = tuple(segment[1 : 1 + 2 * count : 2]) if len(segment) >= 4 + 2 * count else ()
    if not numbers or not known.keys() >= set(numbers):
        raise ImageError("JPEG: the file is damaged: a scan is of no colour that the frame has")
    first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
    return Scan(
        components=numbers,
        band=(first, min(last, _LAST)) if frame.progressive else (0, _LAST),
        bits_left=bits & 15 if frame.progressive else 0,
        units=_units(frame, [known[number] for number in numbers]),
        interval=interval,
        pieces=pieces,
        restarts=restarts,
        zeros=tuple(tables.get(16 + (table & 15)) for table in segment[2 : 2 + 2 * count : 2]),
    )


def _units(frame: Frame, components: list[Component]) -> int:
    across, down = max(each.across for each in frame.components), max(each.down for each in frame.components)
    if len(components) > 1:
        return _parts(frame.width, 8 * across) * _parts(frame.height, 8 * down)
    one = components[0]
    width, height = _parts(frame.width * one.across, across), _parts(frame.height * one.down, down)
    return _parts(width, 8) * _parts(height, 8)


def _parts(whole: int, part: int) -> int:
    return -(-whole // part)
