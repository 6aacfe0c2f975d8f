"""Sides to multiples of a model's factor: by cropping, so that no pixel changes."""

from __future__ import annotations

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.convert import Pixels

__all__ = ["crop"]


def crop(pixels: Pixels, factor: int) -> Pixels:
    """The largest part of an image from the top-left corner whose sides are multiples of a factor.

    The top-left corner stays because the generator's latent grid starts there; nothing is resampled.

    Args:
        pixels: `(h, w, 3)` uint8.
        factor: of the model, at least 1.

    Returns:
        A view of `pixels`.

    Raises:
        ImageError: when a side is shorter than the factor.
        UsageError: when the factor is under 1.
    """
    if factor < 1:
        raise UsageError(f"factor={factor} is under 1")
    height, width = (side // factor * factor for side in pixels.shape[:2])
    if height == 0 or width == 0:
        size = f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
        raise ImageError(f"{size} are too small: this model needs at least {factor} x {factor}")
    return pixels[:height, :width]
