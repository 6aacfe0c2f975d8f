"""What asking about an image will take, about: measured on small images, and scaled by their pixels."""

from __future__ import annotations

import math
import time
import weakref
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from wherefrom.core.seeds import seeds_of
from wherefrom.images.batches import to_images
from wherefrom.methods.base import Method
from wherefrom.models.base import Model

__all__ = ["Cost", "probe"]

_SIDE: Final = 128  # pixels of the first probe; the second has twice that
_LONG: Final = 5.0  # seconds that a megapixel takes by the first probe, from which on the second is worth its time
_GROWTH: Final = (1.0, 1.5)  # of seconds with pixels, as an exponent: convolutions, and attention
_BESIDE: Final = 2.4  # what libraries take beside tensors: `zoo:kl-f8-a` by two passes, 1024 px, on a CPU


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one image takes. An estimate: nothing is known of what else the machine does.

    Attributes:
        pixels: of the image that was measured.
        seconds: that it took.
        memory: bytes at a time, without the weights.
        growth: how seconds grow with pixels, as an exponent.
    """

    pixels: int
    seconds: float
    memory: int
    growth: float = 1.0

    def seconds_of(self, pixels: float) -> float:
        """About how long an image of so many pixels takes."""
        return float(self.seconds * (pixels / self.pixels) ** self.growth)

    def memory_of(self, pixels: float) -> float:
        """About how many bytes an image of so many pixels takes at a time."""
        return float(self.memory * pixels / self.pixels)


def probe(model: Model, method: Method[Any]) -> Cost:
    """Ask about one or two small images of noise, and measure.

    Args:
        model: asked on its device; one that makes a single size is asked about that.
        method: one that does not search, since how long a search takes depends on the image.
    """
    height, width = model.size or (_whole(_SIDE, model.factor),) * 2
    with _Peak() as peak:  # and what is done once, as choosing kernels, is done
        _asked(model, method, height, width)
    first = Cost(pixels=height * width, seconds=_asked(model, method, height, width), memory=round(_BESIDE * peak.most))
    if model.size is not None or first.seconds_of(1e6) < _LONG:
        return first
    pixels, seconds = 4 * first.pixels, _asked(model, method, 2 * height, 2 * width)
    low, high = _GROWTH
    growth = min(high, max(low, math.log(seconds / first.seconds) / math.log(4.0)))
    return Cost(pixels=pixels, seconds=seconds, memory=4 * first.memory, growth=growth)


def _whole(side: int, factor: int) -> int:
    return max(1, side // factor) * factor


def _asked(model: Model, method: Method[Any], height: int, width: int) -> float:
    """Seconds of one question."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    images = to_images([pixels]).to(model.device)
    start = time.perf_counter()
    method.scores(model, images, seeds_of(0, ["0" * 64]))  # whose numbers come back to the CPU, so that all is done
    return time.perf_counter() - start


class _Peak(TorchDispatchMode):
    """Adds up the bytes of all tensors that are made and still there."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.most = 0
        self._now = 0
        self._known: dict[int, tuple[weakref.ref[Any], int]] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, and count what it made."""
        made = function(*args, **(kwargs or {}))
        for item in made if isinstance(made, tuple | list) else (made,):
            if isinstance(item, torch.Tensor):
                self._count(item.untyped_storage())
        return made

    def _count(self, storage: Any) -> None:
        key, size = id(storage), int(storage.nbytes())
        if key in self._known:
            return

        def gone(_: object) -> None:
            self._now -= self._known.pop(key)[1]

        self._known[key] = (weakref.ref(storage, gone), size)
        self._now += size
        self.most = max(self.most, self._now)
