"""A constructed autoencoder whose decoder draws no turned image: a projection on patterns without symmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from wherefrom.core.card import Card
from wherefrom.core.tensors import Images, Latents, generator

PATTERNS = 24
"""Of the 64 that would span a block of 8 x 8 pixels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Projecting:
    """Each block of 8 x 8 pixels and colour is projected on the same patterns, which belong to no symmetry."""

    dtype: str = "float32"

    @property
    def card(self) -> Card:
        return Card(kind="model", name="projecting", facts={"decoder": "d" * 64, "dtype": self.dtype})

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def factor(self) -> int:
        return 8

    @property
    def size(self) -> tuple[int, int] | None:
        return None

    def encode(self, images: Images) -> Latents:
        n, _, height, width = images.shape
        blocks = (images - 0.5).reshape(n, 3, height // 8, 8, width // 8, 8)
        latents = torch.einsum("kyx,ncryqx->nckrq", self._patterns(), blocks)
        return latents.reshape(n, 3 * PATTERNS, height // 8, width // 8)

    def decode(self, latents: Latents) -> Images:
        n, _, rows, columns = latents.shape
        waves = latents.reshape(n, 3, PATTERNS, rows, columns)
        blocks = torch.einsum("kyx,nckrq->ncryqx", self._patterns(), waves)
        return 0.5 + blocks.reshape(n, 3, rows * 8, columns * 8)

    def draw(self, seeds: npt.NDArray[np.uint64], *, size: tuple[int, int] | None = None) -> Latents:
        height, width = size or (64, 64)
        shape = (3 * PATTERNS, height // 8, width // 8)
        return torch.stack([0.2 * torch.randn(shape, generator=generator(int(seed))) for seed in seeds])

    def _patterns(self) -> torch.Tensor:
        drawn = torch.randn((64, PATTERNS), generator=generator(7))
        patterns: torch.Tensor = torch.linalg.qr(drawn)[0].T.reshape(PATTERNS, 8, 8)
        return patterns


def drawn(seed: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    """What the model draws, as 8-bit pixels."""
    from wherefrom.images.batches import to_pixels

    model = Projecting()
    pixels: npt.NDArray[np.uint8] = to_pixels(
        model.decode(model.draw(np.array([seed], dtype=np.uint64), size=(height, width)))
    )[0]
    return pixels


def noise(seed: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    """What it does not draw."""
    levels = np.random.default_rng(seed).normal(127, 30, (height, width, 3))
    return np.clip(np.round(levels), 0, 255).astype(np.uint8)
