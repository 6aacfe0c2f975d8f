"""What a file is, told from its first bytes, and how it was stored: the facts that Pillow does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wherefrom.core.errors import ImageError

__all__ = ["bit_depth", "identify", "lossy", "turned_by_decoder"]

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "HEIF"),
}
_CONVERT = "convert it to PNG first"
_OTHERS = (
    (b"%PDF", f"a PDF document, not an image: {_CONVERT}"),
    (b"PK\x03\x04", "a ZIP archive, not an image: unpack it first"),
    (b"\x1f\x8b", "a gzip file, not an image: unpack it first"),
    (b"8BPS", f"a Photoshop document, not supported: {_CONVERT}"),
    (b"\x00\x00\x00\x0cjP  ", f"JPEG 2000, not supported: {_CONVERT}"),
    (b"\xff\x4f\xff\x51", f"JPEG 2000, not supported: {_CONVERT}"),
    (b"\xff\x0a", f"JPEG XL, not supported: {_CONVERT}"),
    (b"\x00\x00\x00\x0cJXL ", f"JPEG XL, not supported: {_CONVERT}"),
    (b"v/1\x01", f"OpenEXR, not supported: {_CONVERT}"),
    (b"\x00\x00\x01\x00", f"a Windows icon, not supported: {_CONVERT}"),
    (b"qoif", f"QOI, not supported: {_CONVERT}"),
    (b"P5", f"PGM, not supported: {_CONVERT}"),
    (b"P6", f"PPM, not supported: {_CONVERT}"),
    (b"version https://git-lfs", "a Git LFS pointer, not the image itself: run `git lfs pull`"),
)


def identify(data: bytes) -> str:
    """Pillow's name of the format that the first bytes announce.

    Raises:
        ImageError: when they announce none that is read here; the message says what they announce instead. When they
            announce more bytes than there are.
    """
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _whole_webp(data)
    if data[4:8] == b"ftyp":
        return _identify_box(data)
    for signature, reason in _OTHERS:
        if data.startswith(signature):
            raise ImageError(reason)
    raise ImageError(_describe(data))


def _whole_webp(data: bytes) -> str:
    """WebP says how long it is, and its decoder does not say that less is there."""
    announced = int.from_bytes(data[4:8], "little") + 8
    if announced > len(data):
        raise ImageError(f"WEBP: the file is truncated: {len(data):,} of {announced:,} bytes are there")
    return "WEBP"


def _identify_box(data: bytes) -> str:
    """AVIF, HEIC and videos share a container; its brands tell them apart."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[i : i + 4] for i in range(16, end, 4))]
    for brand in brands:
        if brand in _BRANDS:
            return _BRANDS[brand]
    raise ImageError(f"an ISO media file of brand {brands[0].decode('ascii', 'replace')!r} (a video?), not an image")


def _describe(data: bytes) -> str:
    """What a file of no known signature seems to be."""
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"<svg") or (head.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in head):
        return f"an SVG drawing, which has no pixels of its own: {_CONVERT}"
    if head.startswith((b"<!doctype html", b"<html")):
        return "an HTML page, not an image (a failed download?)"
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in data[:1024]) and _is_utf8(data[:1024]):
        return "a text file, not an image"
    return f"starts with {data[:8].hex(' ')}, the signature of no image format that is read here"


def _is_utf8(head: bytes) -> bool:
    """Whether bytes are text; a character cut off at the end does not count against it."""
    return "�" not in head.decode("utf-8", "replace").rstrip("�")


def bit_depth(kind: str, data: bytes, image: Any) -> int:
    """Bits a channel as stored; 8 where the format has no other.

    Args:
        kind: the format's name in Pillow.
        data: all of the file.
        image: the same file, opened by Pillow.
    """
    if kind == "PNG":
        return data[24] if len(data) > 24 else 8
    if kind == "TIFF":
        bits = image.tag_v2.get(258, (1,))
        return int(max(bits) if isinstance(bits, tuple) else bits)
    if kind == "HEIF":
        return int(image.info.get("bit_depth", 8))
    if kind == "AVIF":  # third byte of av1C: profile's tier, high_bitdepth, twelve_bit, … (AV1-ISOBMFF, 2.3.3)
        at = data.find(b"av1C")
        flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
        return (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    return 8


def turned_by_decoder(kind: str, data: bytes) -> bool:
    """Whether an HEIC file asks for a turn or mirror, which its decoder carries out and cannot be kept from.

    Args:
        kind: the format's name in Pillow.
        data: all of the file.
    """
    return kind == "HEIF" and any(box in data for box in (b"irot", b"imir"))


def lossy(kind: str, data: bytes, compression: str | None) -> bool | None:
    """Whether the format as stored loses information; None where it cannot be told.

    Args:
        kind: Pillow's name of the format.
        data: the file.
        compression: Pillow's name of a TIFF's compression.
    """
    if kind == "TIFF":
        if compression in ("jpeg", "tiff_jpeg"):
            return True
        return None if compression in ("webp", "jpeg2000", None) else False
    if kind == "WEBP":
        bitstreams = [name for name in _webp_chunks(data) if name in (b"VP8 ", b"VP8L")]
        return bitstreams[0] == b"VP8 " if bitstreams else None
    return kind in ("JPEG", "AVIF", "HEIF")


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    """Names of a WebP's chunks in file order, those inside a frame of an animation included."""
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        yield name
        at += 8 + (16 if name == b"ANMF" else length + length % 2)  # a frame's own chunks follow its 16-byte header
