"""A model whose latents are read in other units: those in which the generator of a latent model works."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.tensors import Images, Latents
from wherefrom.models.base import Autoencoder, search_starts_of

__all__ = ["Scaled", "scaled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaled:
    """An autoencoder with latents `(z - shift) * scale`, in place of z.

    Attributes:
        model: whose latents are z.
        scale: positive.
        shift: in units of z.
    """

    model: Autoencoder
    scale: float
    shift: float

    @property
    def card(self) -> Card:
        """The model's own."""
        return self.model.card

    @property
    def device(self) -> torch.device:
        """The model's own."""
        return self.model.device

    @property
    def factor(self) -> int:
        """The model's own."""
        return self.model.factor

    @property
    def size(self) -> tuple[int, int] | None:
        """The model's own."""
        return self.model.size

    @property
    def width(self) -> int | None:
        """Latents an evaluation, where the model states it."""
        return getattr(self.model, "width", None)

    def decode(self, latents: Latents) -> Images:
        """Images of latents in these units."""
        return self.model.decode(latents / self.scale + self.shift)

    def encode(self, images: Images) -> Latents:
        """Latents of images, in these units."""
        return (self.model.encode(images) - self.shift) * self.scale

    def search_starts(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Starts of the model, in these units.

        Arguments are as for `SupportsSearchStarts.search_starts`.
        """
        return (search_starts_of(self.model)(seeds, size=size) - self.shift) * self.scale

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Draws of the model, in these units.

        Arguments are as for `Decoder.draw`.
        """
        return (self.model.draw(seeds, size=size) - self.shift) * self.scale


def scaled(model: Autoencoder) -> Autoencoder:
    """The model in the units of its generator, where it states them by an attribute `scaling`, `(scale, shift)`."""
    scale, shift = getattr(model, "scaling", (1.0, 0.0))
    return model if (scale, shift) == (1.0, 0.0) else Scaled(model=model, scale=scale, shift=shift)
