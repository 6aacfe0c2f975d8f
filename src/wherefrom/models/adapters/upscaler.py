"""An upscaler as a decoder: its latent is the small image, and its encoder is a reduction of the large one.

    image [0, 1] -> rows and columns reduced -> small image -> network -> image, float32 outside

The weights of an upscaler know nothing of how its input came to be, so that the reduction is ours: a filter that is a
fact of the card. It is no inverse. It is near one because an upscaler's output, reduced, is much like its input. A
method that searches starts there and comes nearer.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import nn

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.core.tensors import Images, Latents, check_images
from wherefrom.images.edits.matrices import resampled
from wherefrom.models.adapters.arithmetic import channels_last, exact, needs_single_images, parameters_of
from wherefrom.models.upscalers.about import REDUCTIONS

__all__ = ["Upscaler"]

_SCALING: Final = (4.0, 0.5)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Upscaler:
    """A network that enlarges images as `wherefrom.models.base.Autoencoder`; made by `open_upscaler`.

    Attributes:
        card: name and every fact that changes the numbers.
        device: where images and latents must be.
        scale: how many times larger the sides become.
        multiple: the sides of a small image are multiples of this.
        least: no side of a small image is smaller.
        reduction: the filter of `REDUCTIONS` by which images are reduced.
    """

    card: Card
    device: torch.device
    scale: int
    multiple: int
    least: int
    reduction: str
    _dtype: torch.dtype
    _module: nn.Module = field(repr=False)

    @property
    def factor(self) -> int:
        """Both sides of an image must be multiples of this many pixels."""
        return self.scale * self.multiple

    @property
    def size(self) -> tuple[int, int] | None:
        """Any multiple of `factor` will do."""
        return None

    @property
    def scaling(self) -> tuple[float, float]:
        """Searches work on `(z - 0.5) * 4`: the numbers of a small image so vary about as much as a normal latent's."""
        return _SCALING

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return parameters_of(self._module)

    def encode(self, images: Images) -> Latents:
        """Images `(n, 3, h, w)` in [0, 1] to small images `(n, 3, h / scale, w / scale)`, not rounded, not clamped.

        Raises:
            ImageError: when the shape is not `(n, 3, h, w)`, or a side is no multiple of `factor` or too small.
        """
        check_images(images)
        height, width = images.shape[2:]
        least = max(self.least * self.scale, self.factor)
        if height % self.factor or width % self.factor or min(height, width) < least:
            need = f"multiples of {self.factor}, at least {least}"
            raise ImageError(f"images are {height} x {width}, and {self.card.name} needs {need}: crop them")
        rows, columns = (self._matrix(side).to(images.device) for side in (height, width))
        with exact(self.device):
            small_images = [
                rows @ (image.float() @ columns.T) for image in images
            ]  # one by one: no image knows its neighbours
        return (
            torch.stack(small_images) if small_images else self._none(images, height // self.scale, width // self.scale)
        )

    def decode(self, latents: Latents) -> Images:
        """Small images to images `(n, 3, scale h, scale w)` float32, nominally in [0, 1], not clamped; differentiable.

        Raises:
            ModelError: when the shape is not `(n, 3, h, w)`, or a side is no positive multiple of `multiple`.
        """
        if latents.ndim != 4 or latents.shape[1] != 3 or any(n < 1 or n % self.multiple for n in latents.shape[2:]):
            sides = f" with sides that are positive multiples of {self.multiple}"
            raise ModelError(f"small images have shape {tuple(latents.shape)}, need (n, 3, h, w){sides}")
        if not len(latents):
            return self._none(latents, latents.shape[2] * self.scale, latents.shape[3] * self.scale)
        ready = channels_last(latents.to(self._dtype))
        with exact(self.device):
            if len(ready) > 1 and needs_single_images(self.device):
                return torch.cat([self._module(row) for row in ready.split(1)]).float()
            images: torch.Tensor = self._module(ready)
            return images.float()

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """An upscaler draws nothing by itself.

        Args:
            seeds: not looked at.
            size: not looked at.

        Raises:
            ModelError: always; the message says what to do.
        """
        raise ModelError(
            f"{self.card.name} is an upscaler, which makes images out of images: enlarge small images with its own"
            " program and pass the results"
        )

    def _matrix(self, side: int) -> torch.Tensor:
        """The reduction along one axis, `(side / scale, side)`."""
        return _reducing(side, side // self.scale, self.reduction)

    def _none(self, like: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return like.new_empty((0, 3, height, width), dtype=torch.float32)


@functools.lru_cache(maxsize=32)
def _reducing(side: int, small: int, reduction: str) -> torch.Tensor:
    weights = resampled(side, small, REDUCTIONS[reduction])
    return torch.from_numpy(weights.astype(np.float32))
