"""What a decoder does on its own: clamps its result, draws random numbers. Watched, left out, or made repeatable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch.overrides import TorchFunctionMode

from wherefrom.core.tensors import generator

__all__ = ["NOISE_SEED", "RepeatableDecoding"]

NOISE_SEED: Final = 0
"""Of the random numbers that a decoder draws by itself: one of the many images that its generator may make."""

_CLAMPS: Final = frozenset({"clamp", "clamp_", "clip", "clip_"})
_RANGES: Final = ((-1.0, 1.0), (0.0, 1.0))
_NORMAL: Final = frozenset({"randn", "randn_like"})
_RANDOM: Final = frozenset(
    {"bernoulli", "bernoulli_", "multinomial", "normal", "normal_", "rand", "rand_like", "randint", "uniform_"}
)


class RepeatableDecoding(TorchFunctionMode):
    """A context in which a decoder neither clamps its result nor draws other random numbers than the last time.

    A clamp ends the gradient of saturated pixels, so that a search stands still there. Only clamps to [-1, 1] or [0, 1]
    of something as large as the image are left out, not those inside the network. Normal random numbers are drawn on
    the CPU from `NOISE_SEED`, anew in each context. It holds in the thread that entered it alone.

    Attributes:
        clamped: how often a clamp was left out.
        drawn: how often normal random numbers were drawn.
        unseeded: names of functions that drew random numbers of another kind, which were not made repeatable.
    """

    def __init__(self, sides: tuple[int, int] | None) -> None:
        """Begin.

        Args:
            sides: height and width of the image in pixels; None where any clamp to a range of pixels is left out.
        """
        super().__init__()
        self.clamped = 0
        self.drawn = 0
        self.unseeded: set[str] = set()
        self._sides = sides
        self._source = generator(NOISE_SEED)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a function of torch, or do what stands in its place."""
        del types
        name, keywords = getattr(func, "__name__", ""), dict(kwargs or {})
        if name in _CLAMPS and self._is_of_image(args, keywords):
            self.clamped += 1
            return args[0]
        if name in _NORMAL:
            self.drawn += 1
            return self._normal(args, keywords)
        if name in _RANDOM:
            self.unseeded.add(name)
        return func(*args, **keywords)

    def _is_of_image(self, args: Any, keywords: Mapping[str, Any]) -> bool:
        """Whether a clamp is that of the decoder's result."""
        bounds = [*args[1:3], *(keywords[key] for key in ("min", "max") if key in keywords)]
        if len(bounds) != 2 or not all(isinstance(bound, int | float) for bound in bounds):
            return False
        tensor = args[0]
        whole = self._sides is None or tuple(tensor.shape[-2:]) == self._sides
        return whole and tensor.ndim >= 4 and (float(bounds[0]), float(bounds[1])) in _RANGES

    def _normal(self, args: Any, keywords: Mapping[str, Any]) -> torch.Tensor:
        """Normal random numbers of the shape and kind that were asked for, from the one seed."""
        like = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if like is not None:
            shape: Any = like.shape
        else:
            shape = keywords.get("size", args[0] if args and not isinstance(args[0], int) else args)
        drawn = torch.randn(tuple(shape), generator=self._source, dtype=torch.float32, device="cpu")
        usual = (torch.device("cpu"), torch.get_default_dtype()) if like is None else (like.device, like.dtype)
        return drawn.to(device=keywords.get("device") or usual[0], dtype=keywords.get("dtype") or usual[1])
