"""Whether all of a JPEG is there. Its decoder does not tell: it fills what is missing with grey and goes on.

Three signs need no decoder: a colour or a coefficient that no scan brings, a restart marker that is missing, and zero
bits that go on for so long that no block can be coded by them. The rest is asked of the decoder itself, which stops and
waits whenever it is given less than it needs. It is given every piece of coded data but the last byte, then that byte,
then bits that belong to no image. A piece that is whole needs its last byte and nothing after it.
"""

from __future__ import annotations

from typing import Any, Final

from PIL import Image, ImageChops

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import DOUBTFUL
from wherefrom.images.jpeg_marks import Frame, Scan, outline
from wherefrom.images.opening import opened

__all__ = ["check_jpeg", "check_scans", "remaining_doubt"]

_STUFFED: Final = b"\xff\x00"  # one byte of coded data
_ODD: Final = b"\xd6\xb5\xad\x6b\x5a"  # 11010 again and again: in the usual tables large coefficients, and not zeros
_AHEAD: Final = 4 * _ODD  # more than a decoder reads ahead
_HOLE: Final = bytes(16)
_PROGRESSIVE, _LOSSLESS, _ARITHMETIC = 2, 3, 8
_LEFT_OVER: Final = f"{DOUBTFUL} more coded data than the image needs"
_CANNOT_TELL: Final = f"{DOUBTFUL} coded in a way that does not tell whether all of it is there"


def check_scans(data: bytes) -> tuple[Frame, tuple[Scan, ...]]:
    """The outline of a JPEG, in which no scan, no restart marker and no stretch of coded data is seen to be missing.

    Args:
        data: all of the file.

    Raises:
        ImageError: when something is, with what.
    """
    frame, scans = outline(data)
    bits = {(each.number, place): -1 for each in frame.components for place in range(64)}
    for scan in scans:
        first, last = scan.band
        bits |= {(number, place): scan.bits_left for number in scan.components for place in range(first, last + 1)}
        _check_restarts(scan)
        if frame.process < _PROGRESSIVE:
            _check_hole(data, scan)
    missing = sum(left != 0 for left in bits.values())
    if missing:
        raise ImageError(
            f"JPEG: the file is damaged: scans are missing: those of {missing} of {len(bits)} coefficients of a block"
        )
    return frame, scans


def remaining_doubt(data: bytes, image: Any, again: Any) -> tuple[str, ...]:
    """In words what makes a JPEG doubtful that was decoded without an error; empty for one that is whole.

    Args:
        data: all of the file.
        image: as Pillow decoded it.
        again: the same file opened by Pillow once more, and not loaded.

    Raises:
        ImageError: when coded data are missing.
    """
    frame, scans = check_scans(data)
    if frame.process >= _ARITHMETIC or frame.process == _LOSSLESS:
        return (_CANNOT_TELL,)
    feed = _PiecewiseDecoder(again)
    too_many, at = False, 0
    for number, (begins, ends) in enumerate(piece for scan in scans for piece in scan.pieces):
        last = len(_STUFFED) if data[begins:ends].endswith(_STUFFED) else 1
        feed(data[at : max(begins, ends - last)])
        waits = feed.left > 0
        feed(data[max(begins, ends - last) : ends])
        too_many |= not (waits or feed.left > 0)
        feed(_AHEAD)
        waits = feed.left > 0
        feed(_ODD)
        if begins == ends or waits or feed.left > 0:
            raise ImageError(f"JPEG: the file is damaged: coded data are missing in piece {number + 1} of them")
        at = ends
    feed(data[at:])
    if ImageChops.difference(image, feed.image).getbbox() is not None:
        raise ImageError("JPEG: the file is damaged: coded data are missing at the end of a scan")
    return (_LEFT_OVER,) if too_many else ()


def check_jpeg(data: bytes, *, most: int) -> tuple[str, ...]:
    """As `remaining_doubt`, of a JPEG that is a part of another file and was not decoded by itself.

    Args:
        data: all of the JPEG.
        most: pixels that it may have.

    Raises:
        ImageError: when a part of it is missing, or it has more pixels.
    """
    frame, _ = check_scans(data)
    if frame.width * frame.height > most:
        raise ImageError(f"JPEG: the file is damaged: a part of {frame.width} x {frame.height} pixels is too large")
    with opened("JPEG", data) as image, opened("JPEG", data) as again:
        image.load()
        return remaining_doubt(data, image, again)


class _PiecewiseDecoder:
    """A decoder that is given a file bit by bit, and how many bytes of what it was given it could not use yet.

    Pillow's own loader gives a decoder whatever a file has and asks nothing of it in between; so the decoder is made
    here as the loader makes it.
    """

    def __init__(self, opened: Any) -> None:
        name, extents, _, args = opened.tile[0]
        self.image = Image.new(opened.mode, opened.size)
        self._decoder = Image._getdecoder(opened.mode, name, args, opened.decoderconfig)
        self._decoder.setimage(self.image.im, extents)
        self._waiting = b""

    @property
    def left(self) -> int:
        return len(self._waiting)

    def __call__(self, more: bytes) -> None:
        self._waiting += more
        used, _ = self._decoder.decode(self._waiting)
        self._waiting = self._waiting[used:] if used >= 0 else b""


def _check_restarts(scan: Scan) -> None:
    """Every interval but the last is followed by a restart marker, numbered 0 to 7 and from 0 again."""
    expected = -(-scan.units // scan.interval) - 1 if scan.interval else 0
    present = len(scan.restarts)
    if present != expected or any(number != place % 8 for place, number in enumerate(scan.restarts)):
        raise ImageError(
            f"JPEG: the file is damaged: of {expected} restart markers of a scan {present} are there,"
            " or in another order"
        )


def _check_hole(data: bytes, scan: Scan) -> None:
    """Zero bits fill a block with coefficients of -1 where they do not end it: no picture has such blocks."""
    if all(symbol is None or symbol & 15 == 0 for symbol in scan.zeros):
        return
    if data.find(_HOLE, scan.pieces[0][0], scan.pieces[-1][1]) >= 0:
        raise ImageError("JPEG: the file is damaged: a hole of zeros is in its coded data")
