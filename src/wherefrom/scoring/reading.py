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
from wherefrom.core.facts import ImageFacts
from wherefrom.images.batches import read_ahead
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits, pixel_digest
from wherefrom.images.sources import Source, as_source
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.models.adapters.asked_part import asked_part
from wherefrom.models.base import Model
from wherefrom.scoring.batching import Given, Item

__all__ = ["images_for_model"]

_MOST_GRIDS: Final = 100_000
_GRIDS: dict[str, bool | None] = {}
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
            grid = None if read.facts.lossy else _grid(item.digest, pixels)
            yield replace(read.facts, scored_digest=item.digest, jpeg_grid=grid), item


def _grid(digest: str, pixels: npt.NDArray[np.uint8]) -> bool | None:
    """Whether the pixels show the grid of an earlier JPEG; the same pixels are looked at once a process."""
    if digest not in _GRIDS:
        if len(_GRIDS) >= _MOST_GRIDS:
            _GRIDS.clear()
        _GRIDS[digest] = shows_grid(pixels)
    return _GRIDS[digest]


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
