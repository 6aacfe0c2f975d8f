"""Files read ahead in threads, and pixels to tensors and back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.tensors import Images, check_images
from wherefrom.images.convert import Pixels
from wherefrom.images.files import Source
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits, read_or_explain

__all__ = ["ahead", "read_ahead", "to_device", "to_images", "to_pixels"]

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def read_ahead(
    sources: Iterable[Source | str | Path], workers: int = 2, limits: Limits = DEFAULT_LIMITS
) -> Generator[ImageRecord | ImageFacts, None, None]:
    """Images in order, read and decoded in threads while the caller works; at most `2 * workers` wait at a time.

    Close the iterator (or exhaust it) to stop the threads.

    Args:
        sources: taken one by one, so they may be an iterator without end.
        workers: threads, at least 1.
        limits: on bytes and pixels.

    Returns:
        A record an image, or facts with an `error` for one that cannot be read. Any other exception ends the iteration.

    Raises:
        UsageError: when there is no worker.
    """
    if workers < 1:
        raise UsageError(f"workers={workers} is under 1")
    return ahead(sources, partial(read_or_explain, limits=limits), workers)


def ahead(items: Iterable[ItemT], work: Callable[[ItemT], ResultT], workers: int) -> Generator[ResultT, None, None]:
    """What becomes of each item, in order, worked out in threads while the caller works; `2 * workers` wait at most.

    Close the iterator (or exhaust it) to stop the threads.

    Args:
        items: taken one by one by the caller's thread, so they may be an iterator without end.
        work: done with each in a thread; what it raises ends the iteration.
        workers: threads, at least 1.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="wherefrom-read")
    try:
        remaining = iter(items)
        waiting: deque[Future[ResultT]] = deque(pool.submit(work, item) for item in islice(remaining, 2 * workers))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in islice(remaining, 1))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def to_images(pixels: Sequence[Pixels]) -> Images:
    """Images of one size as a batch: `(n, 3, h, w)` float32 in [0, 1], on the CPU.

    Args:
        pixels: `(h, w, 3)` uint8 each, of one size.

    Raises:
        ImageError: when there is none, or they are not 8-bit RGB of one size.
    """
    return _divided(_stacked(pixels))


def to_device(pixels: Sequence[Pixels], device: torch.device) -> Images:
    """What `to_images` makes, on a device, to the last bit.

    The bytes are copied, which are a quarter of the numbers, from memory that an accelerator reads by itself; the
    division is done there.

    Args:
        pixels: `(h, w, 3)` uint8 each, of one size.
        device: where the images will be asked about.

    Raises:
        ImageError: when there is none, or they are not 8-bit RGB of one size.
    """
    stacked = _stacked(pixels)
    if device.type != "cuda":
        return _divided(stacked).to(device)
    return _divided(stacked.pin_memory().to(device, non_blocking=True))


def _stacked(pixels: Sequence[Pixels]) -> torch.Tensor:
    """Images of one size as `(n, h, w, 3)` uint8, on the CPU."""
    shapes = sorted({(array.shape, str(array.dtype)) for array in pixels})
    if len(shapes) != 1 or len(shapes[0][0]) != 3 or shapes[0][0][2] != 3 or shapes[0][1] != "uint8":
        raise ImageError(f"a batch needs uint8 arrays of one shape (h, w, 3), got {shapes or 'none'}")
    return torch.from_numpy(np.stack(pixels))


def _divided(stacked: torch.Tensor) -> Images:
    """Bytes `(n, h, w, 3)` as images in [0, 1], divided where they are.

    The divisor is a tensor: by a number a GPU multiplies with the rounded reciprocal instead, which is another result.
    """
    images = stacked.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
    return images.div_(torch.tensor(255, dtype=torch.float32, device=images.device))


def to_pixels(images: Images) -> npt.NDArray[np.uint8]:
    """A batch as 8-bit pixels, `(n, h, w, 3)`: clamped to [0, 1], times 255, rounded half away from zero.

    `to_pixels(to_images(pixels))` gives the pixels back.

    Args:
        images: `(n, 3, h, w)`, nominally in [0, 1].

    Raises:
        ImageError: when the shape is another, or a value is not finite.
    """
    check_images(images)
    result = np.empty((images.shape[0], images.shape[2], images.shape[3], 3), dtype=np.uint8)
    for row, image in zip(result, images.detach(), strict=True):
        levels = image.to("cpu", torch.float64)  # 0.5 - 1e-8 plus 0.5 is 1 in float32
        if not bool(torch.isfinite(levels).all()):
            raise ImageError("an image holds NaN or infinity and has no 8-bit pixels")
        row[...] = levels.clamp(0, 1).mul(255).add(0.5).floor().to(torch.uint8).permute(1, 2, 0).numpy()
    return result
