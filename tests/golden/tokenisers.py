"""Tokenisers: what was recorded of them, and weights and an image by a rule, so that those need not be kept."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import safe_open

__all__ = ["PUBLISHED", "SHAPES", "drawn", "image", "recorded"]

_RECORDED: Final = Path(__file__).with_name("tokenisers.safetensors")
with safe_open(_RECORDED, framework="pt") as opened:
    SHAPES: Final[dict[str, dict[str, tuple[int, ...]]]] = {
        kind: {name: tuple(shape) for name, shape in json.loads(text).items()}
        for kind, text in sorted(opened.metadata().items())
    }
"""Shapes of a tiny tokeniser of each kind by the names of its authors; of `LlamaGenVQ` by those of transformers."""
PUBLISHED: Final[dict[str, dict[str, tuple[int, ...]]]] = {
    name: {tensor: tuple(shape) for tensor, shape in shapes.items()}
    for name, shapes in json.loads(
        Path(__file__).with_name("tokenisers_published.json").read_text(encoding="utf-8")
    ).items()
}
"""Shapes of tokenisers of the published configurations, by `KIND: NAME`."""


def recorded(kind: str, what: str) -> torch.Tensor:
    """`features`, `codes`, `latents` or `image` of a kind, of weights as `drawn` gives them and of `image()`."""
    with safe_open(_RECORDED, framework="pt") as file:
        found: torch.Tensor = file.get_tensor(f"{kind}/{what}")
    return found


def drawn(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Weights of these names and shapes: each drawn from its own name, so that no order matters.

    Matrices are scaled by their width, vectors are near 1 or 0.
    """
    return {name: _weight(name, tuple(shape)) for name, shape in shapes.items()}


def _weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    noise: torch.Tensor = torch.randn(shape, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))
    if len(shape) > 1:
        return noise / math.sqrt(max(noise[0].numel(), 1))
    return 0.2 * noise + (1 if name.endswith("weight") else 0)


def image() -> torch.Tensor:
    """A smooth image `(1, 3, 16, 24)` in [-1, 1]."""
    coarse = torch.rand((1, 3, 4, 6), generator=torch.Generator().manual_seed(7)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, size=(16, 24), mode="bilinear")
