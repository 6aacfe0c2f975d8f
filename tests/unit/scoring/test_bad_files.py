"""A folder with twenty kinds of bad files and twenty good ones: every file its row, every bad one its reason."""

from __future__ import annotations

import io
import logging
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.scoring.standins import Halver, Loss, pixels_of, write_images
from wherefrom.scoring.run import score


def encoded(kind: str, height: int = 64, width: int = 64) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels_of(99, height, width)).save(file, format=kind)
    return file.getvalue()


def half(kind: str) -> bytes:
    data = encoded(kind)
    return data[: len(data) // 2]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb() -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def flipped() -> bytes:
    data = bytearray(encoded("PNG"))
    data[19] ^= 0xFF  # in the width, which the header's checksum covers
    return bytes(data)


CONTENTS: dict[str, Callable[[], bytes]] = {
    "empty.png": lambda: b"",
    "text.png": lambda: b"this is not an image\n",
    "page.jpg": lambda: b"<!doctype html><title>404 Not Found</title>",
    "document.png": lambda: b"%PDF-1.7\n1 0 obj\n",
    "archive.png": lambda: b"PK\x03\x04" + bytes(60),
    "drawing.png": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
    "zeros.png": lambda: bytes(4096),
    "signature.png": lambda: b"\x89PNG\r\n\x1a\n",
    "cut.png": lambda: half("PNG"),
    "cut.jpg": lambda: half("JPEG"),
    "cut.webp": lambda: half("WEBP"),
    "cut.tiff": lambda: half("TIFF"),
    "cut.bmp": lambda: half("BMP"),
    "cut.gif": lambda: encoded("GIF")[:20],
    "flipped.png": flipped,
    "bomb.png": bomb,
    "small.png": lambda: encoded("PNG", 3, 3),
}


@pytest.fixture
def bad(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "bad"
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content())
    (folder / "folder.png").mkdir()
    (folder / "dangling.png").symlink_to(folder / "nowhere.png")
    os.mkfifo(folder / "pipe.png")
    return sorted(folder.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and links of POSIX")
def test_twenty_bad_and_twenty_good(bad: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = write_images(tmp_path / "good", 20)
    assert len(bad) == 20
    mixed: list[str | Path] = [path for pair in zip(bad, good, strict=True) for path in pair]
    with caplog.at_level(logging.DEBUG, logger="wherefrom"):
        table = score(mixed, model=Halver(), method=Loss(), store=tmp_path / "s.db")
    assert [facts.name for facts in table.images] == [str(path) for path in mixed]
    assert table.scored.tolist() == [False, True] * 20
    undisturbed = score(good, model=Halver(), method=Loss())
    assert table.take(table.scored).scores["mse"].tolist() == undisturbed.scores["mse"].tolist()
    reasons = {Path(name).name: reason for name, reason in table.errors.items()}
    assert len(reasons) == 20
    assert all(len(reason) > 10 and "Traceback" not in reason for reason in reasons.values()), reasons
    assert len(set(reasons.values())) >= 13, reasons
    for name, words in {
        "empty.png": "empty",
        "folder.png": "folder",
        "dangling.png": "link",
        "pipe.png": "pipe",
        "bomb.png": "limit",
        "cut.jpg": "truncated",
        "small.png": "3 x 3",
    }.items():
        assert words in reasons[name], reasons[name]
    assert not [record for record in caplog.records if record.exc_info], "a bad file is no programming error"
