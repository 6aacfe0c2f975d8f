"""One reader for every file: bytes to 8-bit RGB pixels and the facts about them, or an error with the reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images.convert import Pixels, profile_note, to_rgb, undo_orientation
from wherefrom.images.ending import trailing_bytes
from wherefrom.images.files import MAX_BYTES, Source, file_source, way_to_raise
from wherefrom.images.formats import bit_depth, identify, lossy, turned_by_decoder
from wherefrom.images.jpeg_tables import estimate_quality
from wherefrom.images.labels import origin_of
from wherefrom.images.opening import explained, opened
from wherefrom.images.png_chunks import colour_notes, without_large_chunks
from wherefrom.images.tiff_stored import check_stored
from wherefrom.images.whole import check_coded, check_decoded

__all__ = ["DEFAULT_LIMITS", "ImageRecord", "Limits", "pixel_digest", "read_image", "read_or_explain", "stored_size"]

_ORIENTATION = 274


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How large a file may be, so that no file can take the machine's memory.

    Attributes:
        max_bytes: of the file, checked before it is read.
        max_pixels: width times height, checked from the header before anything is decoded. Pillow's own
            `Image.MAX_IMAGE_PIXELS` (179 million for an error) holds beside it for TIFF, WebP and GIF, unchanged.
    """

    max_bytes: int = MAX_BYTES
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        """Refuse limits under which nothing can be read."""
        if self.max_bytes < 1 or self.max_pixels < 1:
            raise UsageError(f"limits must be at least 1, got {self.max_bytes} bytes and {self.max_pixels} pixels")


DEFAULT_LIMITS = Limits()
"""256 MiB and 100 million pixels."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageRecord:
    """An image as read.

    Attributes:
        facts: everything known of the file but its content.
        pixels: `(h, w, 3)` uint8 RGB, the stored pixel grid before any crop; read-only.
    """

    facts: ImageFacts
    pixels: Pixels


def read_image(source: Source | str | Path | bytes, limits: Limits = DEFAULT_LIMITS) -> ImageRecord:
    """Read one image: PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF, and HEIC with the extra `heif`; by content.

    The file's name does not matter. Nothing is resampled, turned or colour-managed; `facts.changes` says what had to be
    converted to get 8-bit RGB.

    Args:
        source: what to read; a string is a path.
        limits: on bytes and pixels.

    Raises:
        ImageError: whatever is wrong with the file, with the reason.
        UsageError: when the process has told Pillow to accept truncated files.
    """
    named = file_source(source)
    if isinstance(named.in_memory, ImageFacts):
        raise ImageError(str(named.in_memory.error))
    if isinstance(named.in_memory, ImageRecord):
        return _cut(named, named.in_memory)
    return _read(named, named.read(limits.max_bytes), limits)


def read_or_explain(source: Source | str | Path | bytes, limits: Limits = DEFAULT_LIMITS) -> ImageRecord | ImageFacts:
    """Like `read_image`, but a bad file becomes facts with an `error`: a row, not the end of a batch.

    Args:
        source: what to read; a string is a path.
        limits: on bytes and pixels.
    """
    named = file_source(source)
    if isinstance(named.in_memory, ImageFacts):
        return named.in_memory
    if isinstance(named.in_memory, ImageRecord):
        return _cut(named, named.in_memory)
    facts = ImageFacts(name=named.name)
    try:
        data = named.read(limits.max_bytes)
        facts = replace(facts, file_digest=hashlib.sha256(data).hexdigest(), bytes=len(data))
        return _read(named, data, limits)
    except ImageError as error:
        return replace(facts, error=str(error))


def pixel_digest(pixels: Pixels) -> str:
    """SHA-256 of `WIDTHxHEIGHT:` in ASCII and the RGB bytes row by row, hexadecimal.

    Args:
        pixels: `(h, w, 3)` uint8.
    """
    height, width, _ = pixels.shape
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


def stored_size(source: Source | str | Path | bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Width and height as an image's header says, without decoding it.

    Args:
        source: as for `read_image`.
        limits: on bytes and pixels.

    Raises:
        ImageError: when the file cannot be read, or its header not.
    """
    named = file_source(source)
    if isinstance(named.in_memory, ImageFacts):
        raise ImageError(str(named.in_memory.error))
    if isinstance(named.in_memory, ImageRecord):
        return named.in_memory.pixels.shape[1], named.in_memory.pixels.shape[0]
    data = named.read(limits.max_bytes)
    kind = identify(data)
    with explained(kind), opened(kind, without_large_chunks(data)[0] if kind == "PNG" else data) as image:
        _check_size(image, limits)
        width, height = image.size
    return int(width), int(height)


def _read(source: Source, data: bytes, limits: Limits) -> ImageRecord:
    """A file's image, or the tile of it that is meant."""
    if source.tile is None:
        return _decode(source.name, data, limits)
    return _cut(source, _whole(data, limits))


@lru_cache(maxsize=2)
def _whole(data: bytes, limits: Limits) -> ImageRecord:
    """An image of which tiles are wanted, one after another: decoded once, and known by its bytes."""
    return _decode("", data, limits)


def _cut(source: Source, image: ImageRecord) -> ImageRecord:
    """The tile that is meant, with the facts of its file and a digest of its own pixels."""
    if source.tile is None:
        return image
    left, top, side = source.tile
    pixels = image.pixels[top : top + side, left : left + side].copy()
    if pixels.shape != (side, side, 3):
        raise ImageError(f"the tile at {left},{top} leaves the image: the file changed while the run was going on")
    pixels.setflags(write=False)
    facts = replace(image.facts, name=source.name, pixel_digest=pixel_digest(pixels), width=side, height=side)
    return ImageRecord(facts=facts, pixels=pixels)


def _decode(name: str, data: bytes, limits: Limits) -> ImageRecord:
    """Bytes to a record; whatever Pillow and its decoders raise becomes an `ImageError`."""
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise UsageError("PIL.ImageFile.LOAD_TRUNCATED_IMAGES is on, which makes pixels up: set it to False")
    kind = identify(data)
    light, colours = without_large_chunks(data) if kind == "PNG" else (data, None)
    with explained(kind), opened(kind, light) as image:
        _check_size(image, limits)
        doubtful = check_coded(kind, light)
        if kind == "TIFF":
            check_stored(image, data)
        orientation = _orientation(image)
        bits = bit_depth(kind, data, image)
        compression = image.info.get("compression")
        image.load()
        doubtful += check_decoded(kind, light, image)
        grid = undo_orientation(image, orientation) if kind == "TIFF" else image
        _check_size(grid, limits)
        pixels, changes = to_rgb(grid, bits)
        pixels.setflags(write=False)
        tables = _tables(image)
        origin, decoder = origin_of(image)
        facts = ImageFacts(
            name=name,
            file_digest=hashlib.sha256(data).hexdigest(),
            pixel_digest=pixel_digest(pixels),
            bytes=len(data),
            format=kind,
            width=grid.width,
            height=grid.height,
            orientation=orientation,
            jpeg_quality=estimate_quality(tables) if kind == "JPEG" else None,
            jpeg_tables=tables,
            lossy=lossy(kind, data, compression if isinstance(compression, str) else None),
            changes=(*changes, *_colours(kind, data, image, colours), *_notes(kind, data, image), *doubtful),
            origin=origin,
            origin_decoder=decoder,
            trailing_bytes=trailing_bytes(kind, data),
        )
    return ImageRecord(facts=facts, pixels=pixels)


def _check_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise ImageError(f"the image has no pixels: {width} x {height}")
    if width * height > limits.max_pixels:
        shown = f"{width} x {height} = {width * height:,} pixels"
        way_out = way_to_raise("max_pixels", width * height)
        raise ImageError(f"{shown} are over the limit of {limits.max_pixels:,} pixels: {way_out}")


def _orientation(image: Any) -> int:
    """The EXIF orientation, 1 where there is none that can be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  (metadata from outside; no way of being broken changes a pixel)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _tables(image: Any) -> tuple[tuple[int, ...], ...]:
    """A JPEG's quantisation tables by number, empty for other formats."""
    tables = getattr(image, "quantization", None) or {}
    return tuple(tuple(int(value) for value in tables[number]) for number in sorted(tables))


def _colours(kind: str, data: bytes, image: Any, profile: bytes | None) -> tuple[str, ...]:
    """In words which colours the file states that were left unapplied."""
    info = image.info if profile is None else {"icc_profile": profile}
    return (*profile_note(info), *(colour_notes(data) if kind == "PNG" else ()))


def _notes(kind: str, data: bytes, image: Any) -> tuple[str, ...]:
    """In words what was left out or done by the decoder itself."""
    notes = []
    try:
        several = bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001  (a second frame that is broken leaves the first as it is)
        several = True
    if several:
        notes.append("first of several frames")
    if turned_by_decoder(kind, data):
        notes.append("turned or mirrored by the HEIC decoder")
    return tuple(notes)
