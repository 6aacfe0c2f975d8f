"""Files that their decoder reads without a word although a part is missing: an error, or a change no profile covers."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import DOUBTFUL, ImageFacts
from wherefrom.images.jpeg_marks import outline
from wherefrom.images.read import read_image, read_or_explain

END = b"\xff\xd9"


def _picture(height: int = 72, width: int = 104) -> Image.Image:
    """Smooth noise, as photos are."""
    values = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(height, width, 3)), (2, 2, 0))
    return Image.fromarray(((values - values.min()) / np.ptp(values) * 255).astype(np.uint8))


PICTURE = _picture()


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


JPEGS = {
    "444": {"subsampling": 0},
    "422": {"subsampling": 1, "optimize": True},
    "420": {"subsampling": 2},
    "restarts by row": {"restart_marker_rows": 1},
    "restarts by block": {"restart_marker_blocks": 1, "optimize": True},
    "progressive": {"progressive": True},
    "progressive, restarts": {"progressive": True, "restart_marker_blocks": 5},
}
every_jpeg = pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)


@every_jpeg
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_whole_jpeg_is_no_false_alarm(options: dict[str, Any], mode: str) -> None:
    flat = Image.new("RGB", (50, 41), (128, 128, 128))
    half = PICTURE.copy()
    half.paste(flat.resize((104, 40)), (0, 32))
    for image in (PICTURE, flat, half):
        changes = read_image(_saved(image.convert(mode), "JPEG", **options)).facts.changes
        assert not any(change.startswith(DOUBTFUL) for change in changes)


@every_jpeg
def test_a_jpeg_that_is_cut_and_closed_is_refused(options: dict[str, Any]) -> None:
    data = _saved(PICTURE, "JPEG", quality=92, **options)
    usual = read_image(data).facts.pixel_digest
    begins = data.index(b"\xff\xda") + 14
    places = [*np.linspace(begins, len(data) - 3, 12, dtype=int), *range(len(data) - 8, len(data) - 2)]
    for place in places:
        found = read_or_explain(data[:place] + END)
        if not isinstance(found, ImageFacts):  # the last bits may say nothing but that a block ends
            assert found.facts.pixel_digest == usual, place
            assert place > len(data) - 8
    assert isinstance(read_or_explain(data[: len(data) // 2] + END), ImageFacts)


def test_a_hole_a_tail_of_zeros_and_rows_that_were_only_announced() -> None:
    data = _saved(PICTURE, "JPEG", quality=92)
    middle, frame = len(data) // 2, data.index(b"\xff\xc0")
    damaged = {
        "a hole of zeros": data[:middle] + bytes(64) + data[middle + 64 :],
        "coded data are missing": data[: frame + 5] + (1000).to_bytes(2, "big") + data[frame + 7 :],
        "a hole": data[:middle] + bytes(len(data) - middle - 2) + END,
    }
    for reason, content in damaged.items():
        with pytest.raises(ImageError, match=reason):
            read_image(content)


def test_coded_data_left_over_are_on_the_record() -> None:
    data = _saved(PICTURE, "JPEG")
    frame = data.index(b"\xff\xc0")
    for content in (data[:-2] + b"\x12\x34" + END, data[: frame + 5] + (40).to_bytes(2, "big") + data[frame + 7 :]):
        changes = read_image(content).facts.changes
        assert changes == (f"{DOUBTFUL} more coded data than the image needs",)


def test_restart_markers_are_counted() -> None:
    data = _saved(PICTURE, "JPEG", restart_marker_rows=1)
    _, (scan,) = outline(data)
    assert scan.restarts == (0, 1, 2, 3)
    (begins, ends), (again, _) = scan.pieces[1:3]
    assert again - ends == 2
    for content in (data[:begins] + data[again:], data[:ends] + data[again:], data[:begins] + data[ends:]):
        with pytest.raises(ImageError, match=r"restart markers|coded data are missing"):
            read_image(content)


def test_scans_that_are_missing_are_counted() -> None:
    data = _saved(PICTURE, "JPEG", progressive=True)
    _, scans = outline(data)
    assert len(scans) > 5
    for scan in scans[:-1]:
        with pytest.raises(ImageError, match="scans are missing"):
            read_image(data[: scan.pieces[-1][1]] + END)


def test_what_follows_the_end_and_fill_bytes_are_no_damage() -> None:
    data = _saved(PICTURE, "JPEG", restart_marker_rows=1)
    usual = read_image(data).facts
    _, (scan,) = outline(data)
    filled = data[: scan.pieces[0][1]] + b"\xff\xff" + data[scan.pieces[0][1] :]
    for content in (data + bytes(100), data + data, data[:-2] + b"\xff" + END, filled):
        facts = read_image(content).facts
        assert (facts.pixel_digest, facts.changes) == (usual.pixel_digest, ())


def test_twelve_bits_are_not_supported_and_not_damage() -> None:
    data = bytearray(_saved(PICTURE, "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(ImageError, match=r"JPEG: stored in a way that is not supported \(.*12"):
        read_image(bytes(data))


@pytest.mark.parametrize("kind", ["PNG", "interlaced"])
def test_png_rows_are_counted_and_their_checksum_holds(kind: str) -> None:
    data = _png(PICTURE, interlaced=kind != "PNG")
    pixels = np.asarray(PICTURE)
    assert np.array_equal(read_image(data).pixels, pixels)
    packed = _content(data, b"IDAT")
    raw = zlib.decompress(packed)
    short, wrong = zlib.compress(raw[: len(raw) // 2]), packed[:-4] + bytes(4)
    for content, reason in (
        (short, "of its rows are there"),
        (wrong, "incorrect data check"),
        (packed[:-4], "checksum of its rows is missing"),
        (packed[: len(packed) // 2], "truncated|of its rows are there"),
    ):
        with pytest.raises(ImageError, match=reason):
            read_image(data.replace(_chunk(b"IDAT", packed), _chunk(b"IDAT", content)))
    longer = data.replace(_chunk(b"IDAT", packed), _chunk(b"IDAT", zlib.compress(raw + bytes(500))))
    assert read_image(longer).facts.changes == (f"{DOUBTFUL} more rows than the image has",)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16", "LA"])
def test_a_whole_png_of_any_depth_is_no_false_alarm(mode: str) -> None:
    for size in ((1, 1), (13, 7), (64, 64)):
        image = Image.new(mode, size) if mode == "I;16" else PICTURE.resize(size).convert(mode)
        changes = read_image(_saved(image, "PNG", optimize=True)).facts.changes
        assert not any(change.startswith(DOUBTFUL) for change in changes)


def test_a_long_text_and_a_large_profile_are_no_damage() -> None:
    data = _png(PICTURE)
    text = bytes(2 << 20)
    beside = {
        "zTXt": _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(text)),
        "iTXt": _chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(text)),
        "tEXt": _chunk(b"tEXt", b"Comment\0" + b"x" * len(text)),
        "many": _chunk(b"tEXt", b"Comment\0" + b"x" * 1_000_000) * 10,
    }
    for name, chunks in beside.items():
        facts = read_image(_before_rows(data, chunks)).facts
        assert (facts.pixel_digest, facts.changes) == (read_image(data).facts.pixel_digest, ()), name
        assert facts.bytes == len(data) + len(chunks)
    profile = _chunk(b"iCCP", b"large\0\0" + zlib.compress(bytes(5 << 20)))
    assert read_image(_before_rows(data, profile)).facts.changes == ("unreadable ICC profile left unapplied",)


def test_colours_stated_by_numbers_are_on_the_record() -> None:
    data = _png(PICTURE)

    def changes(chunks: bytes) -> tuple[str, ...]:
        return read_image(_before_rows(data, chunks)).facts.changes

    usual, linear = (_chunk(b"gAMA", struct.pack(">I", value)) for value in (45455, 100000))
    assert (changes(usual), changes(linear)) == ((), ("gamma 1 left unapplied",))
    assert changes(_chunk(b"sRGB", b"\0") + linear) == ()
    assert changes(_chunk(b"cICP", bytes((9, 16, 0, 1)))) == ("colours of cICP 9-16-0-1 left unapplied",)
    assert changes(_chunk(b"cICP", bytes((1, 13, 0, 1))) + linear) == ()


def test_a_file_that_never_ends_is_left_soon() -> None:
    """Restart markers and texts without end cost no more than the image they belong to."""
    data = _saved(PICTURE, "JPEG", restart_marker_rows=1)
    _, (scan,) = outline(data)
    begins = scan.pieces[0][0]
    with pytest.raises(ImageError, match="has more restart markers"):
        read_image(data[:begins] + b"\xff\xd0" * 1_000_000 + data[begins:])
    heavy = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 22)))
    assert read_image(_before_rows(_png(PICTURE), heavy * 500)).facts.changes == ()


Change = Callable[[bytearray, dict[int, int]], None]


def _tiff(**options: Any) -> tuple[bytes, dict[int, int]]:
    """A TIFF of three strips, and where the entry of each tag is."""
    data = _saved(PICTURE, "TIFF", tiffinfo={278: 24}, **options)
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    return data, {struct.unpack_from("<H", data, at + 2 + 12 * i)[0]: at + 2 + 12 * i for i in range(count)}


def _halve_the_last(data: bytearray, tags: dict[int, int]) -> None:
    count, place = struct.unpack_from("<II", data, tags[279] + 4)
    kind = struct.unpack_from("<H", data, tags[279] + 2)[0]
    form, size = ("<H", 2) if kind == 3 else ("<I", 4)
    at = place + (count - 1) * size if count * size > 4 else tags[279] + 8
    struct.pack_into(form, data, at, struct.unpack_from(form, data, at)[0] // 2)


def _taller(data: bytearray, tags: dict[int, int]) -> None:
    struct.pack_into("<H", data, tags[257] + 8, 500)


@pytest.mark.parametrize("change", [_halve_the_last, _taller])
@pytest.mark.parametrize("packing", ["raw", "tiff_adobe_deflate", "packbits", "jpeg", "tiff_lzw"])
def test_strips_of_a_tiff_are_all_there(packing: str, change: Change) -> None:
    data, tags = _tiff(compression=packing)
    assert read_image(data).facts.changes == ()
    damaged = bytearray(data)
    change(damaged, tags)
    found = read_or_explain(bytes(damaged))
    if isinstance(found, ImageFacts):
        assert any(word in str(found.error) for word in ("damaged", "truncated"))
    else:
        assert found.facts.changes == (f"{DOUBTFUL} a strip or tile without the mark of its end",)


def test_a_hole_in_a_packed_tiff_is_seen() -> None:
    data, _ = _tiff(compression="tiff_adobe_deflate")
    middle = len(data) // 2
    with pytest.raises(ImageError, match=r"fewer pixels|decoder error"):
        read_image(data[:middle] + bytes(64) + data[middle + 64 :])


@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"compression": "zlib"}, {"byteorder": ">"}], ids=str)
def test_sixteen_bits_channel_by_channel_are_right_or_refused(options: dict[str, Any]) -> None:
    tifffile = pytest.importorskip("tifffile")
    values = np.random.default_rng(0).integers(0, 65536, (3, 32, 48)).astype(np.uint16)
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="rgb", planarconfig="separate", **options)
    if "compression" in options:
        assert np.array_equal(read_image(file.getvalue()).pixels, np.moveaxis(values >> 8, 0, 2))
        return
    with pytest.raises(ImageError, match=r"16 bits a channel, stored channel by channel .* is not supported"):
        read_image(file.getvalue())


def test_floating_point_colours_are_not_supported_and_not_damage() -> None:
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((8, 8, 3), np.float32), photometric="rgb")
    with pytest.raises(ImageError, match="stored in a way that is not supported"):
        read_image(file.getvalue())


def _png(image: Image.Image, *, interlaced: bool = False) -> bytes:
    """A PNG of one IDAT; Pillow writes no interlaced ones, so the seven passes are put together here."""
    pixels = np.asarray(image)
    passes = [pixels]
    if interlaced:
        steps = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        passes = [pixels[top::down, left::across] for top, left, down, across in steps]
    raw = b"".join(b"\0" + row.tobytes() for part in passes for row in part)
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, int(interlaced))
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _before_rows(data: bytes, chunks: bytes) -> bytes:
    at = data.index(b"IDAT") - 4
    return data[:at] + chunks + data[at:]


def _content(data: bytes, name: bytes) -> bytes:
    at = data.index(name)
    return data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at], "big")]
