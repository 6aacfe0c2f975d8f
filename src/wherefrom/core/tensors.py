"""Tensors, each shape named once. The only file of this floor that imports torch."""

from __future__ import annotations

from typing import TypeAlias

import torch

from wherefrom.core.errors import ImageError

__all__ = ["Images", "Latents", "check_images", "generator"]

Images: TypeAlias = torch.Tensor
"""`(n, 3, h, w)` float32, RGB in [0, 1]; a decoder's output may leave that range."""
Latents: TypeAlias = torch.Tensor
"""`(n, ...)` float32: what a decoder decodes, one latent an image."""


def check_images(images: Images) -> None:
    """Refuse a tensor that is not a batch of RGB images.

    Raises:
        ImageError: when the shape is not `(n, 3, h, w)` or the values are not floating point.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise ImageError(f"images have shape {tuple(images.shape)}, need (n, 3, height, width): convert to RGB first")
    if not images.is_floating_point():
        raise ImageError(f"images are {images.dtype}, need floating point in [0, 1]: divide 8-bit values by 255")


def generator(seed: int) -> torch.Generator:
    """A generator of one image's random numbers, on the CPU so that every device draws the same."""
    return torch.Generator().manual_seed(int(seed) & 0x7FFF_FFFF_FFFF_FFFF)
