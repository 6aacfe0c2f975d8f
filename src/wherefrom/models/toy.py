"""A closed-form autoencoder for tests and docs, whose every statistic is known on paper."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import torch

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.core.options import check_types
from wherefrom.core.tensors import Images, Latents, check_images, generator
from wherefrom.models.checkpoints.digest import digest

__all__ = ["MODEL", "Toy"]

_BLOCK: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Toy:
    """Reconstruction `R = gain * P`, where P keeps the lowest `bands` x `bands` DCT coefficients of each 8 x 8 block.

    An image x in the range of P has `L1 = (1 - gain)^2 |x|^2`, `L2 = gain^2 (1 - gain)^2 |x|^2` and
    `L1 / L2 = 1 / gain^2`; what an image has outside that range adds its square to L1.

    Attributes:
        gain: strictly between 0 and 1; at 1 the reconstruction is a projection and L2 is 0.
        bands: 1 to 8 frequencies an axis; 1 keeps block means, 8 keeps everything.

    Raises:
        ModelError: when `gain` or `bands` is out of range.
    """

    gain: float = 0.9
    bands: int = 4

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_types(self)
        if not 0 < self.gain < 1:
            raise ModelError(f"gain={self.gain}, need 0 < gain < 1: at 1 the second loss vanishes")
        if not 1 <= self.bands <= _BLOCK:
            raise ModelError(f"bands={self.bands}, need 1 <= bands <= {_BLOCK}")

    @property
    def card(self) -> Card:
        """Name and facts; the digests are those of the analysis and synthesis matrices."""
        facts: dict[str, Fact] = {
            "architecture": f"Toy(bands={self.bands})",
            "encoder": _digest("encoder", 1.0, self.bands),
            "decoder": _digest("decoder", self.gain, self.bands),
            "dtype": "float32",
            "device": "cpu",
        }
        notes: dict[str, Fact] = {
            "source": "wherefrom.models.toy",
            "family": "toy",
            "licence": "Apache-2.0",
            "sizes": (64,),
        }
        return Card(kind="model", name="toy", facts=facts, notes=notes)

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    @property
    def factor(self) -> int:
        """Blocks of 8 x 8 pixels."""
        return _BLOCK

    @property
    def size(self) -> tuple[int, int] | None:
        """Any multiple of 8."""
        return None

    def encode(self, images: Images) -> Latents:
        """DCT coefficients `(n, 3 * bands^2, h / 8, w / 8)` of images in [0, 1].

        Raises:
            ImageError: when the shape is not `(n, 3, h, w)` or a side is no multiple of 8.
        """
        check_images(images)
        n, _, height, width = images.shape
        if height % _BLOCK or width % _BLOCK or not height or not width:
            raise ImageError(f"images are {height} x {width}, need multiples of {_BLOCK}: crop them")
        rows, columns = height // _BLOCK, width // _BLOCK
        blocks = images.float().reshape(n, 3, rows, _BLOCK, columns, _BLOCK)
        basis = _basis(self.bands)
        waves = torch.einsum("uy,vx,ncrysx->ncuvrs", basis, basis, blocks)
        return waves.reshape(n, 3 * self.bands**2, rows, columns)

    def decode(self, latents: Latents) -> Images:
        """Images `(n, 3, h, w)` of DCT coefficients, times `gain`; differentiable.

        Raises:
            ModelError: when the latents do not have 3 * bands^2 channels.
        """
        if latents.ndim != 4 or latents.shape[1] != 3 * self.bands**2:
            raise ModelError(f"latents have shape {tuple(latents.shape)}, need (n, {3 * self.bands**2}, h, w)")
        n, _, rows, columns = latents.shape
        waves = latents.float().reshape(n, 3, self.bands, self.bands, rows, columns)
        basis = _basis(self.bands)
        blocks = self.gain * torch.einsum("uy,vx,ncuvrs->ncrysx", basis, basis, waves)
        return blocks.reshape(n, 3, rows * _BLOCK, columns * _BLOCK)

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Grey-ish latents whose coefficients fall off with frequency, one a seed; `size` in pixels, 64 x 64 if None.

        Args:
            seeds: one a latent.
            size: `(height, width)` of the images in pixels; None is 64 x 64.

        Raises:
            ModelError: when a side of `size` is no positive multiple of 8.
        """
        height, width = size or (64, 64)
        if height % _BLOCK or width % _BLOCK or min(height, width) <= 0:
            raise ModelError(f"size {height} x {width}, need positive multiples of {_BLOCK}")
        shape = (3, self.bands, self.bands, height // _BLOCK, width // _BLOCK)
        order = torch.arange(self.bands, dtype=torch.float32, device="cpu")
        spread = 0.8 / (1 + order[:, None] + order[None, :]) ** 1.5
        drawn = [
            torch.randn(shape, generator=generator(int(seed)), dtype=torch.float32, device="cpu") for seed in seeds
        ]
        latents = torch.stack(drawn) if drawn else torch.empty((0, *shape), dtype=torch.float32, device="cpu")
        latents = latents * spread[:, :, None, None]
        latents[:, :, 0, 0] += 0.5 * _BLOCK / self.gain
        return latents.reshape(len(drawn), 3 * self.bands**2, height // _BLOCK, width // _BLOCK)


def _basis(bands: int) -> torch.Tensor:
    """The lowest rows of the orthonormal DCT-II of length 8, `(bands, 8)`."""
    angle = [[math.pi * (2 * x + 1) * u / (2 * _BLOCK) for x in range(_BLOCK)] for u in range(bands)]
    basis = torch.tensor(angle, dtype=torch.float64, device="cpu").cos() * math.sqrt(2 / _BLOCK)
    basis[0] /= math.sqrt(2)
    return basis.float()


@functools.lru_cache(maxsize=256)
def _digest(half: str, gain: float, bands: int) -> str:
    """Of the encoder's or the decoder's matrix; taken once, since a card is looked at for every image."""
    return digest({f"{half}.basis": gain * _basis(bands)})


MODEL: Final = Toy
