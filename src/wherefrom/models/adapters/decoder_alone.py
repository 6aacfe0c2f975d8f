"""The decoder of a latent model without its encoder: for methods that search from random starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.tensors import Images, Latents
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder

__all__ = ["DecoderAlone"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DecoderAlone:
    """A decoder as `wherefrom.models.base.Decoder`: it has no `encode`, so that a reconstruction is refused by name.

    Attributes:
        own: the autoencoder whose encoder is not there.
    """

    own: DiffusersAutoencoder

    @property
    def card(self) -> Card:
        """Name and every fact that changes the numbers."""
        return self.own.card

    @property
    def device(self) -> torch.device:
        """Where latents must be."""
        return self.own.device

    @property
    def factor(self) -> int:
        """Pixels a latent cell, along each side."""
        return self.own.factor

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.own.channels

    @property
    def size(self) -> tuple[int, int] | None:
        """Any multiple of `factor` will do."""
        return self.own.size

    @property
    def scaling(self) -> tuple[float, float]:
        """Scale and shift by which its generator works; see `DiffusersAutoencoder`."""
        return self.own.scaling

    @property
    def parameters(self) -> int:
        """How many numbers the decoder's weights are."""
        return self.own.parameters

    def decode(self, latents: Latents) -> Images:
        """Unscaled latents to images; see `DiffusersAutoencoder.decode`."""
        return self.own.decode(latents)

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Refused, for no generator came with the weights.

        Arguments are as for `Decoder.draw`.
        """
        return self.own.draw(seeds, size=size)

    def search_starts(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Starts of a search.

        Arguments are as for `SupportsSearchStarts.search_starts`.
        """
        return self.own.search_starts(seeds, size=size)
