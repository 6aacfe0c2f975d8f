"""A folder of files that look like images by their name and are none, each with the reason that must be given."""

from __future__ import annotations

import io
import os
import socket
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["good_pixels", "make_bad_files", "make_good_files"]


def good_pixels(
    seed: int = 0, size: tuple[int, int] = (24, 40)
) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Noise, `(h, w, 3)` uint8, that differs from seed to seed."""
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def make_good_files(folder: Path, count: int, size: tuple[int, int] = (24, 40)) -> list[Path]:
    """PNG files `good-00.png` and on, all readable and all different."""
    paths = [folder / f"good-{i:02}.png" for i in range(count)]
    for i, path in enumerate(paths):
        Image.fromarray(good_pixels(i, size)).save(path)
    return paths


def make_bad_files(folder: Path) -> dict[str, str]:
    """Make every kind of bad file that this system can make; name to a fragment of the reason, no two reasons alike."""
    reasons = {}
    for name, (content, reason) in _contents().items():
        (folder / name).write_bytes(content)
        reasons[name] = reason
    reasons |= _odd_entries(folder)
    return reasons


def _contents() -> dict[str, tuple[bytes, str]]:
    """Files that are bad by what is in them."""
    rgb = Image.fromarray(good_pixels())
    png, jpeg = _saved(rgb, "PNG"), _saved(rgb, "JPEG")
    transparent = rgb.convert("RGBA")
    transparent.putpixel((3, 2), (0, 0, 0, 0))
    corrupt = bytearray(png)
    corrupt[len(png) // 2] ^= 0xFF
    return {
        "empty.png": (b"", "empty (0 bytes)"),
        "text.png": (("Grüße, no image\n" * 20).encode(), "text file"),
        "page.jpg": (b"<!DOCTYPE html><html><body>404</body></html>", "HTML page"),
        "drawing.png": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing"),
        "paper.png": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF document"),
        "pointer.png": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS pointer"),
        "archive.png": (b"PK\x03\x04" + bytes(40), "ZIP archive"),
        "wavelets.jpg": (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40), "JPEG 2000"),
        "video.heic": (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp42" + bytes(40), "ISO media file"),
        "magic.png": (b"\x00" + png[1:], "starts with 00 50 4e 47"),
        "cut.png": (png[: len(png) // 2], "PNG: the file is truncated"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "JPEG: the file is truncated"),
        "cut.webp": (_saved(rgb, "WEBP")[:-40], "WEBP: the file is truncated"),
        "cut.gif": (_saved(rgb, "GIF")[:-200], "GIF: the file is truncated"),
        "cut.tiff": (_saved(rgb, "TIFF")[:-300], "TIFF: the file is truncated"),
        "cut.bmp": (_saved(rgb, "BMP")[:-300], "BMP: the file is truncated"),
        "cut.avif": (_saved(rgb, "AVIF")[:-100], "AVIF: the file is truncated"),
        "corrupt.png": (bytes(corrupt), "PNG: the file is damaged"),
        "bomb.png": (_header_only(60_000, 60_000), "3,600,000,000 pixels are over the limit"),
        "nothing.png": (_header_only(0, 7), "PNG: the file is damaged: its header tells of no pixels"),
        "transparent.png": (_saved(transparent, "PNG"), "1 of 960 pixels are transparent"),
        "float.tiff": (_saved(Image.new("F", (16, 16)), "TIFF"), "floating-point pixels"),
        "integer.tiff": (_saved(Image.new("I", (16, 16)), "TIFF"), "32-bit integer pixels"),
        "lab.tiff": (_saved(Image.new("LAB", (16, 16)), "TIFF"), "CIELAB pixels"),
        "preview.tif": (_saved(rgb, "TIFF", tiffinfo={254: 1}), "reduced preview"),
    }


def _odd_entries(folder: Path) -> dict[str, str]:
    """Entries that are bad before a byte is read."""
    (folder / "folder.png").mkdir()
    (folder / "dangling.png").symlink_to("nowhere.png")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "device.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.png")
    with (folder / "huge.png").open("wb") as file:
        file.truncate(2**40)  # a hole, which takes no space
    reasons = {
        "folder.png": "a folder, not a file",
        "dangling.png": "dangling link",
        "loop.png": "the file cannot be read: Too many levels",
        "device.png": "character device",
        "pipe.png": "named pipe",
        "huge.png": "1,099,511,627,776 bytes are over the limit",
    }
    with socket.socket(socket.AF_UNIX) as endpoint:
        here = Path.cwd()
        os.chdir(folder)  # the address of a socket is limited to about a hundred bytes
        try:
            endpoint.bind("socket.png")
        finally:
            os.chdir(here)
    reasons["socket.png"] = "a socket"
    if os.geteuid() != 0:  # the superuser may read everything
        (folder / "secret.png").write_bytes(b"x")
        (folder / "secret.png").chmod(0)
        reasons["secret.png"] = "permission denied"
    return reasons


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _header_only(width: int, height: int) -> bytes:
    """A PNG of any announced size, whose data are not there."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
