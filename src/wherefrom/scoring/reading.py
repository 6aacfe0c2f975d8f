"""Images as they come from the reader, made ready for the model: cropped to its factor, named by their pixels."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import Appearance, ImageFacts
from wherefrom.images.batches import read_ahead
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits, pixel_digest
from wherefrom.images.sources import Source, as_source
from wherefrom.measures.appearance import appearance
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.models.adapters.asked_part import asked_part
from wherefrom.models.base import Model
from wherefrom.scoring.batching import Given, Item

__all__ = ["images_for_model"]

_Seen: TypeAlias = tuple[bool | None, Appearance]
_MOST_SEEN: Final = 100_000
_SEEN: dict[str, _Seen] = {}
"""What was found, by the digest of the pixels: images are asked about by several methods one after another."""

_Ready: TypeAlias = Generator[tuple[ImageFacts, Item | None], None, None]


def images_for_model(images: Iterable[Given], *, model: Model, workers: int, limits: Limits = DEFAULT_LIMITS) -> _Ready:
    """Each image's facts in order, with what can be asked about, None where the facts hold an error. To be closed.

    Args:
        images: pulled only as far ahead as the reader reads.
        model: whose factor or fixed size an image must fit.
        workers: threads that read and decode.
        limits: on bytes and pixels of a file.
    """
    for given, read in _read(images, workers, limits):
        if isinstance(read, ImageFacts):
            yield read, None
            continue
        try:
            pixels = asked_part(read.pixels, model)
        except ImageError as error:
            yield replace(read.facts, error=str(error)), None
        else:
            item = Item(digest=_digest(given, read, pixels), pixels=pixels, given=given)
            grid, looks = _seen(item, read)
            yield replace(read.facts, scored_digest=item.digest, jpeg_grid=grid, appearance=looks), item


def _seen(item: Item, read: ImageRecord) -> _Seen:
    """Whether the scored pixels of what is not stored with loss show a JPEG's grid, and what the stored ones look like.

    The same pixels are looked at once a process. What is cut off for the model depends on the size, so that an image
    without its first row would look unlike itself in what is scored.
    """
    lossy = bool(read.facts.lossy)
    key = f"{item.digest} {read.facts.pixel_digest} {lossy}"
    if key not in _SEEN:
        if len(_SEEN) >= _MOST_SEEN:
            _SEEN.clear()
        _SEEN[key] = (None if lossy else shows_grid(item.pixels), appearance(read.pixels))
    return _SEEN[key]


def _read(images: Iterable[Given], workers: int, limits: Limits) -> Iterator[tuple[Given, ImageRecord | ImageFacts]]:
    """What was read, each with what it was read from; images already read pass through."""
    for is_read, group in groupby(images, key=lambda image: isinstance(image, ImageRecord)):
        if is_read:
            yield from ((image, image) for image in group if isinstance(image, ImageRecord))
            continue
        pulled: deque[Source] = deque()
        for read in read_ahead(_remembered(group, pulled), workers=workers, limits=limits):
            yield pulled.popleft(), read


def _remembered(images: Iterable[Given], pulled: deque[Source]) -> Iterator[Source]:
    for image in images:
        assert not isinstance(image, ImageRecord)
        source = as_source(image)
        pulled.append(source)
        yield source


def _digest(given: Given, record: ImageRecord, pixels: npt.NDArray[np.uint8]) -> str:
    """The digest of what is scored: taken anew after a crop, and for a record that did not come from the reader."""
    known = record.facts.pixel_digest
    if known is not None and given is not record and pixels.shape == record.pixels.shape:
        return known
    return pixel_digest(pixels)
