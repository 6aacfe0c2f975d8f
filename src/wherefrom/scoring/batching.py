"""Which images go to the model together: buckets of one size, and how many fit. Never what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from wherefrom.images.read import ImageRecord
from wherefrom.images.sources import Source

__all__ = ["BatchSize", "Buckets", "Given", "Item", "Size"]

Given: TypeAlias = Source | ImageRecord | str | Path | bytes | npt.NDArray[np.uint8] | Image
"""An image: a source, a path, the bytes of a file, pixels in memory, or an image that was already read."""
Size: TypeAlias = tuple[int, int]
"""`(height, width)` in pixels."""

_ESTIMATE: Final = {"cpu": 2**18, "other": 2**20}  # pixels a batch: one image of 512 x 512, four on an accelerator
_MOST: Final = {"cpu": 2**18, "other": 2**24}
_BETTER: Final = 1.05  # a doubled batch must be this much faster, or the smaller one is kept
_TRIALS: Final = 3  # batches measured before a size is judged by the fastest; the first warms up
_FILLED: Final = 0.8  # of an accelerator's free memory that a batch may take; the rest is for what grows unevenly
_PENDING: Final = 128 * 2**20  # bytes of 8-bit pixels that wait for a batch


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Item:
    """An image that waits for the model.

    Attributes:
        digest: of the pixels that are scored and their size, hexadecimal.
        pixels: 8-bit RGB `(h, w, 3)`, already cropped.
        given: what it was read from, to read it again should another process fail to ask about it.
    """

    digest: str
    pixels: npt.NDArray[np.uint8]
    given: Given

    @property
    def size(self) -> Size:
        """Height and width that are scored."""
        return (self.pixels.shape[0], self.pixels.shape[1])


@dataclass(kw_only=True, slots=True)
class BatchSize:
    """How many images of a size go to the model at once: found by measuring real batches, halved when memory runs out.

    On an accelerator the batch is doubled while that makes it faster by a twentieth and, by what the batches so far
    took, still fits. On a CPU it is not: larger batches gain nothing there, and running out of memory ends the process
    instead of raising an error.

    Attributes:
        device: the device's type, as `cpu` or `cuda`.
        fixed: the user's number of images a batch; None to find it.
    """

    device: str
    fixed: int | None = None
    _budget: int = field(init=False)  # pixels a batch
    _most: int = field(init=False)
    _limits: dict[Size, int] = field(init=False, default_factory=dict)  # images that fit, where memory ran out
    _rates: list[float] = field(init=False, default_factory=list)  # of this budget
    _before: float = field(init=False, default=0.0)  # best rate of the budget before

    def __post_init__(self) -> None:
        """Start from the estimate."""
        kind = "cpu" if self.device == "cpu" else "other"
        self._budget, self._most = _ESTIMATE[kind], _MOST[kind]

    def of(self, size: Size) -> int:
        """How many images of this size make a batch, at least 1."""
        wanted = self.fixed or max(1, self._budget // (size[0] * size[1]))
        return min(wanted, self._limits.get(size, wanted))

    def measured(self, size: Size, images: int, seconds: float, *, memory: float = 0.0) -> None:
        """Learn from a batch that went through: keep doubling while that makes it faster and fits.

        Args:
            size: `(height, width)` of its images.
            images: how many there were.
            seconds: that it took.
            memory: that it took, as a share of what was free before; 0 where that is not known.
        """
        if self.fixed or self._budget >= self._most or images < self.of(size) or size in self._limits:
            return
        if 2 * memory > _FILLED:
            self._most = self._budget
            return
        self._rates.append(images * size[0] * size[1] / seconds)
        if len(self._rates) < _TRIALS:
            return
        best = max(self._rates)
        if best >= _BETTER * self._before:
            self._budget *= 2
        else:
            self._budget //= 2
            self._most = self._budget
        self._before = best
        self._rates.clear()

    def overflowed(self, size: Size, images: int) -> None:
        """Memory ran out on a batch: half as many images of this size from now on, and no more growth at all.

        Args:
            size: `(height, width)` of its images.
            images: how many there were.
        """
        self._limits[size] = max(1, images // 2)
        self._budget = min(self._budget, max(1, images // 2) * size[0] * size[1])
        self._most = min(self._most, self._budget)


@dataclass(kw_only=True, slots=True)
class Buckets:
    """Images that wait for others of their size. What waits is bounded, however many sizes there are.

    Attributes:
        sizes: how many of a size make a batch.
        bound: bytes of pixels that may wait.
    """

    sizes: BatchSize
    bound: int = _PENDING
    _items: dict[Size, list[Item]] = field(init=False, default_factory=dict)
    _bytes: int = field(init=False, default=0)

    def add(self, item: Item) -> Iterator[list[Item]]:
        """Put an image to those of its size; yields the batches that are ready because of it."""
        bucket = self._items.setdefault(item.size, [])
        bucket.append(item)
        self._bytes += item.pixels.nbytes
        if len(bucket) >= self.sizes.of(item.size):
            yield self._pop(item.size)
        while self._bytes > self.bound:
            yield self._pop(max(self._items, key=lambda size: sum(item.pixels.nbytes for item in self._items[size])))

    def rest(self) -> Iterator[list[Item]]:
        """The batches that are left when no more images come, the one that waited longest first."""
        while self._items:
            yield self._pop(next(iter(self._items)))

    def _pop(self, size: Size) -> list[Item]:
        items = self._items.pop(size)
        self._bytes -= sum(item.pixels.nbytes for item in items)
        return items
