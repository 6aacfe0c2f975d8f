"""Large images as tiles: each a source of its own, cut on the decoder's grid, so that it takes a tile's memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits, stored_size
from wherefrom.images.sources import Source, as_source

if TYPE_CHECKING:
    from wherefrom.images.sources import Image

__all__ = ["tiles"]


def tiles(
    images: Iterable[Image], side: int, *, factor: int = 1, single: bool = False, limits: Limits = DEFAULT_LIMITS
) -> tuple[Source, ...]:
    """The tiles of images, row by row from the top-left, named `NAME#X,Y` by their first column and row.

    A decoder's latent grid starts in the top-left corner, so tiles start at multiples of the side, which must be one of
    the model's factor. What is left at the right and at the bottom is part of no tile. Nothing is resampled.

    Tiles of one image are not independent: they share its content and its history. Each tile is a question of its own,
    with its own two error rates; several answers about one image are not several pieces of evidence. For a profile take
    a `single` tile an image, so that known images stay independent of each other.

    Args:
        images: as for `score`; of each the header is read.
        side: of a tile, in pixels.
        factor: of the model.
        single: take one tile an image, chosen by a hash of the file, in place of all.
        limits: on bytes and pixels of a file.

    Returns:
        Sources of tiles; of an image that cannot be read, or holds no tile, one whose error says so.

    Raises:
        UsageError: when the side is no multiple of the factor.
    """
    if side < 1 or side % factor:
        raise UsageError(f"tiles of {side} pixels: use a multiple of {factor}, as {max(1, side // factor) * factor}")
    return tuple(tile for image in images for tile in _of_one(as_source(image), side, single=single, limits=limits))


def _of_one(image: Source, side: int, *, single: bool, limits: Limits) -> Iterator[Source]:
    try:
        width, height = stored_size(image, limits)
    except ImageError:
        yield image  # which says the same when it is read
        return
    places = [
        (left, top) for top in range(0, height // side * side, side) for left in range(0, width // side * side, side)
    ]
    if not places:
        reason = f"{width} x {height} pixels hold no tile of {side} x {side}: give a larger image, or smaller tiles"
        facts = ImageFacts(name=image.name, width=width, height=height, error=reason)
        yield Source(name=image.name, in_memory=facts)
        return
    for left, top in [places[_drawn(image, limits) % len(places)]] if single else places:
        yield replace(image, name=f"{image.name}#{left},{top}", tile=(left, top, side))


def _drawn(image: Source, limits: Limits) -> int:
    """A number that depends on the image alone."""
    if isinstance(image.in_memory, ImageRecord):
        return int(str(image.in_memory.facts.pixel_digest)[:16], 16)
    return int(hashlib.sha256(image.read(limits.max_bytes)).hexdigest()[:16], 16)
