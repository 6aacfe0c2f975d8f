"""Bytes after the end of an image are counted and change nothing else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.toy_tables import facts, table
from wherefrom.core.facts import ImageFacts
from wherefrom.images.ending import trailing_bytes
from wherefrom.images.read import read_image, read_or_explain
from wherefrom.records.files import load_table, save_table

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
AFTER = b"\xff\xd9PK\x03\x04 a second picture, an archive or a camera's record \xff\xd8\xff\xd9;\x00"


def stored(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(PIXELS)
    (image.convert("P") if kind == "GIF" else image).save(file, kind, **options)
    return file.getvalue()


FILES = {
    "jpeg": stored("JPEG"),
    "progressive": stored("JPEG", progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\xff\xd9\xff\xd8"),
    "restarts": stored("JPEG", restart_marker_blocks=1),
    "png": stored("PNG"),
    "webp": stored("WEBP", lossless=True),
    "gif": stored("GIF", comment=b"with a ; and \x00 inside"),
    "frames": stored("GIF", save_all=True, append_images=[Image.new("P", (32, 24), 3)]),
}


@pytest.mark.parametrize("name", FILES)
def test_bytes_after_the_end_are_counted_and_nothing_else_changes(name: str) -> None:
    plain, longer = read_image(FILES[name]), read_image(FILES[name] + AFTER)
    assert plain.facts.trailing_bytes is None
    assert longer.facts.trailing_bytes == len(AFTER)
    assert (longer.facts.pixel_digest, longer.facts.changes) == (plain.facts.pixel_digest, plain.facts.changes)


@pytest.mark.parametrize("kind", ["TIFF", "BMP"])
def test_a_format_that_does_not_say_where_it_ends(kind: str) -> None:
    assert read_image(stored(kind) + AFTER).facts.trailing_bytes is None


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_anywhere_has_no_count_below_one(name: str) -> None:
    kind = {"jpeg": "JPEG", "progressive": "JPEG", "restarts": "JPEG", "png": "PNG", "webp": "WEBP"}.get(name, "GIF")
    for length in range(16, len(FILES[name]), 7):
        assert trailing_bytes(kind, FILES[name][:length]) is None
    cut = read_or_explain(FILES[name][: len(FILES[name]) // 2])
    assert isinstance(cut, ImageFacts)
    assert cut.trailing_bytes is None


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet", "csv"])
def test_a_table_has_the_count_where_there_is_one(suffix: str, tmp_path: Path) -> None:
    images = [facts("a", trailing_bytes=52), facts("b")]
    path = tmp_path / f"t.{suffix}"
    save_table(table([1.0, 2.0], images=images), path)
    if suffix == "csv":
        assert [line.count("52") for line in path.read_text().splitlines()[1:]] == [1, 0]
        save_table(table([2.0], images=images[1:]), path)
        assert "trailing_bytes" not in path.read_text()
    else:
        assert load_table(path).images == tuple(images)
