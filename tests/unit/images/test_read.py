"""The reader: every format, every mode, every kind of bad file."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from tests.bad_files import good_pixels, make_bad_files
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images import edits
from wherefrom.images.labels import text_of
from wherefrom.images.read import ImageRecord, Limits, pixel_digest, read_image, read_or_explain
from wherefrom.images.sources import load_images

pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs the extra heif")
PIXELS = good_pixels()


def _saved(image: Image.Image | np.ndarray[Any, Any], kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


def _heic(**options: Any) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(good_pixels(size=(64, 80)))).save(file, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "options", "is_lossy"),
    [
        ("PNG", {}, False),
        ("BMP", {}, False),
        ("TIFF", {}, False),
        ("TIFF", {"compression": "tiff_lzw"}, False),
        ("WEBP", {"lossless": True}, False),
        ("JPEG", {"quality": 95, "subsampling": 0}, True),
        ("WEBP", {"quality": 95}, True),
        ("TIFF", {"compression": "jpeg"}, True),
        ("AVIF", {"quality": 95}, True),
    ],
)
def test_formats(kind: str, options: dict[str, Any], is_lossy: bool) -> None:
    smooth = np.linspace(0, 255, 24 * 40 * 3).reshape(24, 40, 3).astype(np.uint8)
    data = _saved(smooth, kind, **options)
    record = read_image(data)
    facts = record.facts
    assert (facts.format, facts.lossy, facts.changes) == (kind, is_lossy, ())
    assert (facts.width, facts.height, facts.bytes, facts.orientation) == (40, 24, len(data), 1)
    assert facts.file_digest == hashlib.sha256(data).hexdigest()
    assert facts.pixel_digest == hashlib.sha256(b"40x24:" + record.pixels.tobytes()).hexdigest()
    assert record.pixels.shape == smooth.shape
    assert record.pixels.dtype == np.uint8
    difference = np.abs(record.pixels.astype(int) - smooth).max()
    assert difference == 0 if not is_lossy else difference < 40


def test_heic() -> None:
    facts = read_image(_heic()).facts
    assert (facts.format, facts.lossy, facts.width, facts.height) == ("HEIF", True, 80, 64)


def test_a_turn_by_the_heic_decoder_is_on_the_record() -> None:
    exif = Image.Exif()
    exif[274] = 6
    facts = read_image(_heic(exif=exif.tobytes())).facts
    assert (facts.width, facts.height, facts.orientation) == (64, 80, 1)
    assert facts.changes == ("turned or mirrored by the HEIC decoder",)


def test_webp_animation_keeps_its_bitstream() -> None:
    frames = [Image.fromarray(good_pixels(i)) for i in range(2)]
    for lossless in (True, False):
        data = _saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=lossless)
        record = read_image(data)
        assert record.facts.lossy is (not lossless)
        assert "first of several frames" in record.facts.changes
        assert np.array_equal(record.pixels, good_pixels(0)) is lossless


def test_gif_and_apng_give_their_first_frame() -> None:
    first, second = (Image.fromarray(good_pixels(i)).quantize(16) for i in range(2))
    facts = read_image(_saved(first, "GIF", save_all=True, append_images=[second])).facts
    assert facts.changes == ("palette looked up", "first of several frames")
    assert facts.pixel_digest == pixel_digest(np.asarray(first.convert("RGB")))
    a, b = (Image.fromarray(good_pixels(i)) for i in range(2))
    record = read_image(_saved(a, "PNG", save_all=True, append_images=[b]))
    assert record.facts.changes == ("first of several frames",)
    assert np.array_equal(record.pixels, good_pixels(0))


def test_multi_picture_jpeg_is_a_jpeg() -> None:
    a, b = (Image.fromarray(good_pixels(i)) for i in range(2))
    facts = read_image(_saved(a, "MPO", save_all=True, append_images=[b])).facts
    assert (facts.format, facts.changes, facts.jpeg_quality) == ("JPEG", ("first of several frames",), 75)


def _sixteen_bit_rgb() -> bytes:
    """A 16-bit RGB TIFF, `v * 257`, put together by hand since Pillow writes none."""
    height, width, _ = PIXELS.shape
    values = (PIXELS.astype("<u2") * 257).tobytes()
    ifd = 8 + len(values)
    bits = ifd + 2 + 10 * 12 + 4
    entries = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, bits), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 8), (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, len(values)), (284, 3, 1, 1),
    ]  # fmt: skip
    table = b"".join(
        tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + n.to_bytes(4, "little") + value.to_bytes(4, "little")
        for tag, kind, n, value in entries
    )
    end = len(entries).to_bytes(2, "little") + table + bytes(4) + (16).to_bytes(2, "little") * 3
    return b"II*\x00" + ifd.to_bytes(4, "little") + values + end


def test_sixteen_bits_keep_the_high_byte() -> None:
    grey = np.random.default_rng(0).integers(0, 65536, (9, 11)).astype(np.uint16)
    for kind in ("PNG", "TIFF"):
        record = read_image(_saved(grey, kind))
        assert record.facts.changes == (
            "16 bits a channel reduced to 8 (high byte kept)",
            "grey copied to three channels",
        )
        assert np.array_equal(record.pixels, np.repeat((grey >> 8).astype(np.uint8)[..., None], 3, axis=2))
    record = read_image(_sixteen_bit_rgb())
    assert record.facts.changes == ("16 bits a channel reduced to 8 (high byte kept)",)
    assert np.array_equal(record.pixels, PIXELS)


@pytest.mark.parametrize(
    ("mode", "kind", "changes"),
    [
        ("L", "PNG", ("grey copied to three channels",)),
        ("1", "PNG", ("grey copied to three channels",)),
        ("P", "PNG", ("palette looked up",)),
        ("LA", "PNG", ("grey copied to three channels", "opaque alpha channel dropped")),
        ("RGBA", "PNG", ("opaque alpha channel dropped",)),
        ("RGBA", "TIFF", ("opaque alpha channel dropped",)),
        ("CMYK", "JPEG", ("CMYK converted to RGB without a colour profile",)),
        ("CMYK", "TIFF", ("CMYK converted to RGB without a colour profile",)),
        ("YCbCr", "TIFF", ("YCbCr converted to RGB without a colour profile",)),
    ],
)
def test_modes_are_converted_on_the_record(mode: str, kind: str, changes: tuple[str, ...]) -> None:
    image = Image.fromarray(PIXELS).convert(mode)
    record = read_image(_saved(image, kind))
    assert record.facts.changes == changes
    if kind != "JPEG":
        assert np.array_equal(record.pixels, np.asarray(image.convert("RGB")))


def test_transparency_is_refused_in_every_mode() -> None:
    rgba = Image.fromarray(PIXELS).convert("RGBA")
    rgba.putalpha(Image.fromarray(np.tile(np.array([255, 254], dtype=np.uint8), (24, 20))))
    grey16 = np.zeros((4, 4), dtype=np.uint16)
    files = [
        _saved(rgba, "PNG"),
        _saved(rgba, "WEBP", lossless=True),
        _saved(rgba.convert("LA"), "PNG"),
        _saved(Image.new("L", (4, 4), 9), "PNG", transparency=9),
        _saved(Image.new("RGB", (4, 4), (1, 2, 3)), "PNG", transparency=(1, 2, 3)),
        _saved(Image.new("P", (4, 4), 2), "GIF", transparency=2),
        _saved(grey16, "PNG", transparency=0),
    ]
    for data in files:
        with pytest.raises(ImageError, match=r"of \d+ pixels are transparent.* flatten it onto a background"):
            read_image(data)
    unused = read_image(_saved(Image.new("RGB", (4, 4), (1, 2, 3)), "PNG", transparency=(9, 9, 9)))
    assert unused.facts.changes == ("opaque alpha channel dropped",)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), [("JPEG", {}), ("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_orientation_is_recorded_and_never_applied(kind: str, options: dict[str, Any], orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    plain = read_image(_saved(PIXELS, kind, **options))
    turned = read_image(_saved(PIXELS, kind, exif=exif, **options))
    assert turned.facts.orientation == orientation
    assert (turned.facts.width, turned.facts.height) == (40, 24)
    assert np.array_equal(turned.pixels, plain.pixels)
    assert turned.facts.changes == ()


def test_compressed_tiff_is_not_turned_either() -> None:
    exif = Image.Exif()
    exif[274] = 6
    record = read_image(_saved(PIXELS, "TIFF", exif=exif, compression="tiff_lzw"))
    assert record.facts.orientation == 6
    assert np.array_equal(record.pixels, PIXELS)


def test_nonsense_orientation_counts_as_none() -> None:
    exif = Image.Exif()
    exif[274] = 77
    assert read_image(_saved(PIXELS, "PNG", exif=exif)).facts.orientation == 1
    assert read_image(_saved(PIXELS, "PNG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")).facts.orientation == 1


def test_profiles_are_recorded_and_never_applied() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert read_image(_saved(PIXELS, "PNG", icc_profile=srgb)).facts.changes == ()
    for profile, note in (
        (lab, "ICC profile 'Lab identity built-in' left unapplied"),
        (b"rubbish", "unreadable ICC profile left unapplied"),
    ):
        record = read_image(_saved(PIXELS, "PNG", icc_profile=profile))
        assert record.facts.changes == (note,)
        assert np.array_equal(record.pixels, PIXELS)


def test_jpeg_quality_is_exact_for_libjpeg() -> None:
    for mode in ("RGB", "L"):
        image = Image.fromarray(PIXELS).convert(mode)
        for quality in range(1, 101):
            assert read_image(_saved(image, "JPEG", quality=quality)).facts.jpeg_quality == quality


def test_jpeg_quality_of_other_tables_is_the_nearest() -> None:
    standard = read_image(_saved(PIXELS, "JPEG", quality=80)).facts.jpeg_tables
    assert [len(table) for table in standard] == [64, 64]
    rng = np.random.default_rng(0)
    for _ in range(10):
        odd = [[max(1, round(v * f)) for v, f in zip(t, rng.uniform(0.85, 1.15, 64), strict=True)] for t in standard]
        facts = read_image(_saved(PIXELS, "JPEG", qtables=odd)).facts
        assert facts.jpeg_tables == tuple(map(tuple, odd))
        assert facts.jpeg_quality is not None
        assert abs(facts.jpeg_quality - 80) <= 2
    assert read_image(_saved(PIXELS, "PNG")).facts.jpeg_quality is None


def test_every_kind_of_bad_file_has_its_own_reason(tmp_path: Path) -> None:
    reasons = make_bad_files(tmp_path)
    assert len(reasons) >= 30
    found = {}
    for source in load_images(tmp_path):
        facts = read_or_explain(source)
        assert isinstance(facts, ImageFacts), source.name
        assert facts.error is not None
        name = Path(source.name).name
        found[name] = facts.error
        assert reasons[name] in facts.error
        with pytest.raises(ImageError):
            read_image(source)
    assert found.keys() == reasons.keys()
    assert len(set(found.values())) == len(found)
    assert all("Traceback" not in reason and "BytesIO" not in reason and len(reason) < 300 for reason in found.values())


def test_missing_and_impossible_paths(tmp_path: Path) -> None:
    for path, reason in {
        tmp_path / "none.png": "no such file",
        tmp_path / ("x" * 300 + ".png"): "File name too long",
        tmp_path / "a\0b.png": "not a possible path",
        tmp_path / "a\ud800b.png": "not a possible path",
    }.items():
        with pytest.raises(ImageError, match=reason):
            read_image(path)


def test_permission_denied_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(_saved(PIXELS, "PNG"))

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # the superuser, as whom tests may run, is refused nothing
    with pytest.raises(ImageError, match="permission denied"):
        read_image(path)


def test_the_byte_limit_comes_before_the_reading(tmp_path: Path) -> None:
    data = _saved(PIXELS, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert read_image(path, Limits(max_bytes=len(data))).facts.bytes == len(data)
    for source in (path, data):
        with pytest.raises(ImageError, match=f"{len(data):,} bytes are over the limit of {len(data) - 1:,}"):
            read_image(source, Limits(max_bytes=len(data) - 1))


def test_files_that_hide_their_length_are_bounded_too(tmp_path: Path) -> None:
    endless = Path("/proc/self/maps")
    if not endless.exists():
        pytest.skip("no /proc on this system")
    with pytest.raises(ImageError, match="over the limit of 100 bytes"):
        read_image(endless, Limits(max_bytes=100))
    with pytest.raises(ImageError, match="a text file"):
        read_image(endless)


def test_the_pixel_limit_comes_before_the_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _saved(PIXELS, "PNG")
    assert read_image(data, Limits(max_pixels=960)).pixels.shape == (24, 40, 3)

    def decoded(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    with pytest.raises(ImageError, match=r"40 x 24 = 960 pixels are over the limit of 959"):
        read_image(data, Limits(max_pixels=959))


def test_pillows_own_limit_is_neither_used_nor_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert np.array_equal(read_image(_saved(PIXELS, "PNG")).pixels, PIXELS)
    with pytest.raises(ImageError, match="MAX_IMAGE_PIXELS"):
        read_image(_saved(PIXELS, "TIFF"))
    assert Image.MAX_IMAGE_PIXELS == 100


def test_made_up_pixels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(UsageError, match="LOAD_TRUNCATED_IMAGES"):
        read_or_explain(_saved(PIXELS, "PNG"))


def test_limits_must_let_something_through() -> None:
    with pytest.raises(UsageError, match="0 bytes"):
        Limits(max_bytes=0)


def test_heic_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"pip install 'wherefrom\[heif\]'"):
        read_image(_heic())


def test_pixels_cannot_be_written_to() -> None:
    record = read_image(_saved(PIXELS, "PNG"))
    with pytest.raises(ValueError, match="read-only"):
        record.pixels[0, 0, 0] = 1


def test_an_error_row_keeps_the_digest_of_the_file() -> None:
    data = _saved(PIXELS, "PNG")[:-30]
    facts = read_or_explain(data)
    assert isinstance(facts, ImageFacts)
    assert (facts.bytes, facts.file_digest) == (len(data), hashlib.sha256(data).hexdigest())
    assert facts.pixel_digest is None


def test_twelve_bit_and_ten_bit_are_on_the_record() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (64, 64, 3)).astype(np.uint16)
    file = io.BytesIO()
    pillow_heif.from_bytes(mode="RGB;16", size=(64, 64), data=deep.tobytes()).save(file)
    assert read_image(file.getvalue()).facts.changes == ("10 bits a channel reduced to 8 by the decoder",)


def test_small_end_of_what_can_be_read() -> None:
    record = read_image(_saved(PIXELS[:1, :1], "PNG"))
    assert record.pixels.tolist() == PIXELS[:1, :1].tolist()


SAMPLES = {
    "png": _saved(PIXELS, "PNG"),
    "palette": _saved(Image.fromarray(PIXELS).quantize(16), "PNG"),
    "jpeg": _saved(PIXELS, "JPEG"),
    "progressive": _saved(PIXELS, "JPEG", progressive=True),
    "restarts": _saved(PIXELS, "JPEG", restart_marker_blocks=2),
    "webp": _saved(PIXELS, "WEBP"),
    "lossless": _saved(PIXELS, "WEBP", lossless=True),
    "tiff": _saved(PIXELS, "TIFF"),
    "lzw": _saved(PIXELS, "TIFF", compression="tiff_lzw"),
    "deflate": _saved(PIXELS, "TIFF", compression="tiff_adobe_deflate"),
    "packbits": _saved(PIXELS, "TIFF", compression="packbits"),
    "jpeg strips": _saved(PIXELS, "TIFF", compression="jpeg"),
    "bmp": _saved(PIXELS, "BMP"),
    "gif": _saved(PIXELS, "GIF"),
    "avif": _saved(PIXELS, "AVIF"),
    "heic": _heic(),
}
INTACT = {name: read_image(data).facts.pixel_digest for name, data in SAMPLES.items()}


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(SAMPLES)), share=st.floats(0, 1, exclude_max=True))
def test_a_cut_file_is_an_error_or_has_lost_no_pixel(name: str, share: float) -> None:
    data = SAMPLES[name]
    result = read_or_explain(data[: int(share * len(data))])
    if isinstance(result, ImageRecord):
        assert result.facts.pixel_digest == INTACT[name]


@settings(max_examples=250)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    early=st.booleans(),
)
def test_changed_bytes_raise_nothing_but_image_errors(name: str, changes: list[tuple[float, int]], early: bool) -> None:
    data = bytearray(SAMPLES[name])
    span = min(len(data), 80) if early else len(data)
    for share, value in changes:
        data[int(share * span)] = value
    _read_or_reason(bytes(data))


@settings(max_examples=100)
@given(
    head=st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\x00", b"RIFF\0\0\0\0WEBP"]
    ),
    rest=st.binary(max_size=200),
)
def test_any_bytes_raise_nothing_but_image_errors(head: bytes, rest: bytes) -> None:
    _read_or_reason(head + rest)


def _read_or_reason(data: bytes) -> None:
    result = read_or_explain(data, Limits(max_pixels=1_000_000))
    if isinstance(result, ImageRecord):
        assert result.facts.error is None
        assert result.pixels.shape == (result.facts.height, result.facts.width, 3)
    else:
        assert result.error


def test_threads_read_alike() -> None:
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda d=data: found.append(read_image(d).facts.pixel_digest))
        for data in list(SAMPLES.values()) * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(threads)
    assert set(found) == set(INTACT.values())


def test_what_a_file_says_of_its_origin() -> None:
    info = PngImagePlugin.PngInfo()
    for key, text in text_of({"kind": "round trip", "decoder": "d" * 64}).items():
        info.add_itxt(key, text)
    facts = read_image(_saved(PIXELS, "PNG", pnginfo=info)).facts
    assert (facts.origin, facts.origin_decoder) == ("round trip", "d" * 64)
    assert (read_image(_saved(PIXELS, "PNG")).facts.origin, facts.changes) == (None, ())
    for kind in ("x" * 41, "a\x1b[2Jb", ""):
        other = PngImagePlugin.PngInfo()
        other.add_itxt("wherefrom:kind", kind)
        other.add_itxt("wherefrom:decoder", "not a digest")
        facts = read_image(_saved(PIXELS, "PNG", pnginfo=other)).facts
        assert (facts.origin, facts.origin_decoder) == (None, None)


@pytest.mark.parametrize("name", ["jpeg:75", "webp:80", "resize:0.5", "none"])
def test_an_edit_of_a_round_trip_says_what_it_was(name: str) -> None:
    before = ImageFacts(name="x", origin="round trip", origin_decoder="d" * 64)
    edit = edits.load(name)
    facts = read_image(edit.encode(good_pixels(size=(64, 64)), of=before)).facts
    assert (facts.origin, facts.origin_decoder) == ("round trip", "d" * 64)
    assert read_image(edit.encode(good_pixels(size=(64, 64)))).facts.origin == "edit"
