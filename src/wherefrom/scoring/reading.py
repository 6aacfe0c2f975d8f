"""Images as they come from the reader, made ready for the model: cropped to its factor, named by their pixels."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import Appearance, ImageFacts
from wherefrom.core.processors import usable
from wherefrom.images.batches import ahead
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits, pixel_digest, read_or_explain
from wherefrom.images.sources import Source, as_source
from wherefrom.measures.appearance import appearance
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.models.adapters.asked_part import asked_part
from wherefrom.models.base import Model
from wherefrom.scoring.batching import Given, Item

__all__ = ["Ready", "images_for_model", "usual_workers"]

_Seen: TypeAlias = tuple[bool | None, Appearance]
_BESIDE_A_CPU: Final = 2
_MOST_WORKERS: Final = 16
_MOST_SEEN: Final = 100_000
_SEEN: dict[str, _Seen] = {}
"""What was found, by the digest of the pixels: images are asked about by several methods one after another."""

Ready: TypeAlias = Generator[tuple[ImageFacts, Item | None], None, None]
"""Of each image its facts, and what can be asked about."""


def usual_workers(device: str) -> int:
    """Threads that read unless the user says how many: on a CPU the model has the other processors.

    Args:
        device: the type of the model's, as `cpu` or `cuda`.
    """
    return _BESIDE_A_CPU if device == "cpu" else max(_BESIDE_A_CPU, min(_MOST_WORKERS, usable()))


def images_for_model(
    images: Iterable[Given], *, model: Model, workers: int, limits: Limits = DEFAULT_LIMITS, whole: bool = False
) -> Ready:
    """Each image's facts in order, with what can be asked about, None where the facts hold an error. To be closed.

    Args:
        images: pulled only as far ahead as the reader reads.
        model: whose factor or fixed size an image must fit.
        workers: threads that read, decode and look at the pixels.
        limits: on bytes and pixels of a file.
        whole: whether what is asked finds by itself which part of an image the model is asked about.
    """
    return ahead(_sources(images), partial(_prepared, model=model, limits=limits, whole=whole), workers)


def _sources(images: Iterable[Given]) -> Iterator[Source | ImageRecord]:
    """Each image as something that can be read later, taken while the caller holds it; one already read as it is."""
    for image in images:
        yield image if isinstance(image, ImageRecord) else as_source(image)


def _prepared(
    given: Source | ImageRecord, *, model: Model, limits: Limits, whole: bool
) -> tuple[ImageFacts, Item | None]:
    """An image's facts, and what can be asked about; None where the facts hold an error."""
    read = given if isinstance(given, ImageRecord) else read_or_explain(given, limits)
    if isinstance(read, ImageFacts):
        return read, None
    try:
        pixels = asked_part(read.pixels, model, whole=whole)
    except ImageError as error:
        return replace(read.facts, error=str(error)), None
    item = Item(digest=_digest(given, read, pixels), pixels=pixels, given=given)
    grid, looks = _seen(item, read)
    return replace(read.facts, scored_digest=item.digest, jpeg_grid=grid, appearance=looks), item


def _seen(item: Item, read: ImageRecord) -> _Seen:
    """Whether the scored pixels of what is not stored with loss show a JPEG's grid, and what the stored ones look like.

    The same pixels are looked at once a process. What is cut off for the model depends on the size, so that an image
    without its first row would look unlike itself in what is scored.
    """
    lossy = bool(read.facts.lossy)
    key = f"{item.digest} {read.facts.pixel_digest} {lossy}"
    seen = _SEEN.get(key)
    if seen is None:
        if len(_SEEN) >= _MOST_SEEN:
            _SEEN.clear()
        seen = _SEEN[key] = (None if lossy else shows_grid(item.pixels), appearance(read.pixels))
    return seen


def _digest(given: Given, record: ImageRecord, pixels: npt.NDArray[np.uint8]) -> str:
    """The digest of what is scored: taken anew after a crop, and for a record that did not come from the reader."""
    known = record.facts.pixel_digest
    if known is not None and given is not record and pixels.shape == record.pixels.shape:
        return known
    return pixel_digest(pixels)
