"""The toy autoencoder with its grid moved, so that a turned image does not lie on it."""

from __future__ import annotations

from typing import Any

import torch

from wherefrom.core.tensors import Images
from wherefrom.models.toy import Toy

TOY = Toy(gain=0.98)


class OffCentre:
    """The toy with its grid of blocks moved by 3 and 5 pixels."""

    def __init__(self, toy: Toy = TOY) -> None:
        self._toy = toy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._toy, name)

    def encode(self, images: Images) -> torch.Tensor:
        return self._toy.encode(images.roll((-3, -5), (2, 3)))

    def decode(self, latents: torch.Tensor) -> Images:
        return self._toy.decode(latents).roll((3, 5), (2, 3))
