"""Parts of an image that was resized, brought back to the decoder's own scale. With torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from wherefrom.core.tensors import Images
from wherefrom.images.convert import Pixels

__all__ = ["Part", "Planes", "brought_back", "planes_of"]

Planes = tuple[Image.Image, Image.Image, Image.Image]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of an image before it was resized.

    Attributes:
        top: of its rows, in pixels before.
        left: of its columns.
        height: in pixels before.
        width: in pixels before.
    """

    top: int
    left: int
    height: int
    width: int


def planes_of(pixels: Pixels) -> Planes:
    """Red, green and blue, each as an image of numbers that are not rounded.

    Args:
        pixels: `(h, w, 3)` uint8.
    """
    red, green, blue = (Image.fromarray(plane) for plane in np.moveaxis(pixels, 2, 0).astype(np.float32))
    return red, green, blue


def brought_back(planes: Planes, before: tuple[int, int], part: Part) -> Images:
    """A part of an image as it may have been before it was resized, `(1, 3, h, w)`, nominally in [0, 1].

    By Lanczos' filter, from the very place that the part has now, which need not be whole pixels.

    Args:
        planes: of the whole image as it is now.
        before: `(height, width)` of the whole image then.
        part: of that.
    """
    columns, rows = (now / then for now, then in zip(planes[0].size, reversed(before), strict=True))
    box = (
        part.left * columns,
        part.top * rows,
        (part.left + part.width) * columns,
        (part.top + part.height) * rows,
    )
    size = (part.width, part.height)
    resized = [np.asarray(plane.resize(size, Image.Resampling.LANCZOS, box=box)) for plane in planes]
    return torch.from_numpy(np.stack(resized)[None] / np.float32(255))
