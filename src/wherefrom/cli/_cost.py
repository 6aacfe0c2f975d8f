"""Before a model is asked: large images cut into tiles where that was asked for, and what it will take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from wherefrom.cli._output import note
from wherefrom.core.errors import ImageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method
    from wherefrom.scoring.cost import Cost

__all__ = ["cut", "tell_cost", "told"]

_WORTH: Final = 500_000
"""Pixels in all from which on a probe is worth its time."""
_SAMPLE: Final = 100
"""Images whose size is looked up, evenly spread."""
_SOON: Final = 10.0
"""Seconds of which nothing is said."""
_LARGE: Final = 2**29
"""Bytes of an image from which on they are spoken of."""
_TILE: Final = 256
_TILES: Final = (
    "note: tiles of one image are not independent: alpha and beta hold for each tile by itself, and several verdicts on"
    " one image are not several pieces of evidence"
)


class Work(Protocol):
    """What is read here of how images are scored; see `wherefrom.cli._work.Work`."""

    @property
    def store(self) -> Path | None:
        """Where scores are kept."""
        ...

    @property
    def quiet(self) -> bool:
        """Whether nothing is said."""
        ...

    @property
    def limits(self) -> Limits | None:
        """On bytes and pixels of a file."""
        ...

    @property
    def tile(self) -> int | None:
        """Side of the tiles that images are cut into."""
        ...

    @property
    def single(self) -> bool:
        """Whether one tile an image is taken."""
        ...


def cut(images: Iterable[Any], side: int, model: Any, work: Work) -> tuple[Source, ...]:
    """The tiles of images, for a model.

    Args:
        images: as for `score`.
        side: of a tile, in pixels.
        model: that will be asked.
        work: how images are scored.

    Raises:
        UsageError: when the side is no multiple of the model's factor, or the model makes one size alone.
    """
    from wherefrom.images.read import DEFAULT_LIMITS
    from wherefrom.images.tiles import tiles

    if model.size is not None:
        size = f"{model.size[1]} x {model.size[0]}"
        raise UsageError(f"--tile {side}: {model.card.name} makes images of {size} only, so leave --tile out")
    note(_TILES, quiet=work.quiet)
    limits = work.limits or DEFAULT_LIMITS
    return tiles(images, side, factor=model.factor, single=work.single, limits=limits)


def tell_cost(images: object, *, model: Any, method: Method[Any], work: Work) -> None:
    """Say about how long it will take, and how much memory, where that is long or much.

    Searches, and runs that go on from a store, are left to the progress that they show: how long a search takes depends
    on the image, and how much is in the store is not known yet.

    Args:
        images: as for `score`; nothing is said of those that are not counted.
        model: that will be asked.
        method: what will be asked.
        work: how images are scored.
    """
    from wherefrom.methods.base import Gradual

    if work.quiet or not isinstance(images, Sequence) or isinstance(method, Gradual):
        return
    if work.store is not None and work.store.exists():  # whose answers are not asked for again
        return
    sizes = _sizes(images, work, model)
    count = len(images)
    if not sizes or sum(width * height for width, height in sizes) * count / len(sizes) < _WORTH:
        return
    from wherefrom.scoring.cost import probe

    try:
        cost = probe(model, method)
    except Exception:  # noqa: BLE001 - whatever is wrong is said when the images themselves are asked about
        return
    for line in told(cost, sizes, count, tiled=work.tile is not None or model.size is not None):
        note(line)


def told(cost: Cost, sizes: Sequence[tuple[int, int]], count: int, *, tiled: bool) -> list[str]:
    """What to say of a cost.

    Args:
        cost: of one image.
        sizes: widths and heights of some of the images.
        count: of all images.
        tiled: whether tiles would change nothing.
    """
    seconds = sum(cost.seconds_of(width * height) for width, height in sizes) * count / len(sizes)
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    largest = cost.memory_of(width * height)
    if seconds < _SOON and largest < _LARGE:
        return []
    images = f"{count} image{'' if count == 1 else 's'}"
    sentence = (
        f"note: this will take about {_time(seconds)} for {images}, and about {_bytes(largest)} of memory for the"
        f" largest, {width} x {height}, beside the weights; estimated from a small image"
    )
    lines = [sentence]
    if largest >= _LARGE and not tiled:
        lines.append(
            f"note: --tile {_TILE} cuts images into tiles, each a row of its own, in about"
            f" {_bytes(cost.memory_of(_TILE**2))}; a profile for them is made with --tile {_TILE} too"
        )
    return lines


def _sizes(images: Sequence[Any], work: Work, model: Any) -> list[tuple[int, int]]:
    """Widths and heights of some of the images, as far as they can be read."""
    from wherefrom.images.read import DEFAULT_LIMITS, stored_size
    from wherefrom.images.sources import as_source

    sizes = []
    for image in images[:: max(1, len(images) // _SAMPLE)]:
        source = as_source(image)
        try:
            size = source.tile[2:] * 2 if source.tile else stored_size(source, work.limits or DEFAULT_LIMITS)
        except ImageError:
            continue
        if model.size is None or size == (model.size[1], model.size[0]):  # others are refused without being asked
            sizes.append((int(size[0]), int(size[1])))
    return sizes


def _time(seconds: float) -> str:
    """A time in words, two digits at most."""
    for unit, length in (("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{seconds:.2g} seconds"


def _bytes(count: float) -> str:
    return f"{count / 2**30:.2g} GB" if count >= 2**30 else f"{max(1, round(count / 2**20))} MB"
