"""Images that are in memory already, as arrays or as Pillow's: the same pixels and facts as the reader would give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images.convert import Pixels, to_rgb
from wherefrom.images.files import Source, file_source
from wherefrom.images.jpeg_tables import estimate_quality
from wherefrom.images.read import ImageRecord, pixel_digest

__all__ = ["PIXELS", "single", "source_of", "sources_of"]

PIXELS: Final = "pixels"
"""The format of what was handed over as pixels: how it was stored is not known."""
_LOSSLESS: Final = ("PNG", "BMP", "GIF")
_JPEG: Final = ("JPEG", "MPO")
_ORIENTATION: Final = 274


def sources_of(items: Iterable[Any], *, lossless: bool | None) -> Iterator[Any]:
    """What `load_images` was given, lists taken apart and images in memory as sources; paths as they are.

    Args:
        items: paths, sources and images, also in lists.
        lossless: whether pixels were stored without loss before; None where that is not known.

    Raises:
        ImageError: when an array is no 8-bit image.
        UsageError: when something is no image at all.
    """
    for place, item in enumerate(_apart(items), start=1):
        if isinstance(item, str | Path | Source):
            yield item
            continue
        source = file_source(item) if isinstance(item, bytes) else source_of(item, lossless=lossless)
        if isinstance(source.in_memory, ImageFacts):
            raise ImageError(f"image {place} of those given: {source.in_memory.error}")
        yield source


def single(images: object) -> bool:
    """Whether this is one image where several are expected."""
    if isinstance(images, np.ndarray):
        return images.ndim < 4
    return isinstance(images, str | Path | bytes | Source | ImageRecord | Image.Image)


def source_of(image: object, *, lossless: bool | None = None) -> Source:
    """The source of an image in memory; of one that cannot be scored, its source holds the reason.

    Args:
        image: an array `(height, width, 3)` of uint8 or an image of Pillow's.
        lossless: whether it was stored without loss; None where that is not known.

    Raises:
        UsageError: when it is neither.
    """
    kind = "image" if isinstance(image, Image.Image) else "array"
    try:
        if isinstance(image, Image.Image):
            record = _of_pillow(image, lossless=lossless)
        elif isinstance(image, np.ndarray):
            record = _record(*to_rgb(_checked(image), 8), lossless=lossless)
        else:
            raise UsageError(
                f"{type(image).__name__} is no image: give a path, the bytes of a file, an image of Pillow's or an"
                " array (height, width, 3) of uint8"
            )
    except ImageError as error:
        name = f"{kind}:refused"
        return Source(name=name, in_memory=ImageFacts(name=name, error=str(error)))
    name = f"{kind}:{str(record.facts.pixel_digest)[:16]}"
    return Source(name=name, in_memory=replace(record, facts=replace(record.facts, name=name)))


def _apart(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, list | tuple) or (isinstance(item, np.ndarray) and item.ndim == 4):
            yield from _apart(item)
        else:
            yield item


def _checked(array: np.ndarray[Any, Any]) -> Image.Image:
    """An array as an image of Pillow's.

    Raises:
        ImageError: when it is no 8-bit image, with the way to make it one.
    """
    shape = f"an array of {array.dtype} with shape {array.shape}"
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        first = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        way_out = ": channels come last, as array.transpose(1, 2, 0) puts them" if first else ""
        raise ImageError(f"{shape}, need (height, width, 3){way_out}")
    if array.dtype != np.uint8:
        way_out = (
            "of values in [0, 1] make (255 * array).round().clip(0, 255).astype('uint8')"
            if array.dtype.kind == "f"
            else "make 8-bit values of it, from 0 to 255"
        )
        raise ImageError(f"{shape}, need uint8: {way_out}")
    if 0 in array.shape:
        raise ImageError(f"{shape} has no pixels")
    return Image.fromarray(np.ascontiguousarray(array))


def _of_pillow(image: Image.Image, *, lossless: bool | None) -> ImageRecord:
    """The record of an image of Pillow's, which knows its file's format as long as nothing was made of it."""
    kind = image.format
    try:
        image.load()
        pixels, changes = to_rgb(image, 16 if image.mode.startswith("I;16") else 8)
    except ImageError:
        raise
    except Exception as error:  # decoders of hostile files raise anything
        raise ImageError(f"an image of Pillow's that cannot be decoded: {error}") from error
    record = _record(pixels, changes, lossless=lossless)
    if kind is None:
        return record
    tables = tuple(tuple(map(int, table)) for table in (getattr(image, "quantization", None) or {}).values())
    orientation = image.getexif().get(_ORIENTATION, 1)
    facts = replace(
        record.facts,
        format=kind,
        lossy=True if kind in _JPEG else False if kind in _LOSSLESS else record.facts.lossy,
        jpeg_tables=tables,
        jpeg_quality=estimate_quality(tables) if kind == "JPEG" and tables else None,
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
    )
    return replace(record, facts=facts)


def _record(pixels: Pixels, changes: tuple[str, ...], *, lossless: bool | None) -> ImageRecord:
    pixels.setflags(write=False)
    facts = ImageFacts(
        name=PIXELS,
        pixel_digest=pixel_digest(pixels),
        format=PIXELS,
        width=pixels.shape[1],
        height=pixels.shape[0],
        lossy=None if lossless is None else not lossless,
        changes=changes,
    )
    return ImageRecord(facts=facts, pixels=pixels)
