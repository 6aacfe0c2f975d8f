"""Which part of an image a model can be asked about: nothing is resampled, no pixel changes."""

from __future__ import annotations

from wherefrom.core.errors import ImageError
from wherefrom.images.convert import Pixels
from wherefrom.images.fit import crop
from wherefrom.models.base import Model, SupportsParts

__all__ = ["asked_part"]


def asked_part(pixels: Pixels, model: Model, *, whole: bool = False) -> Pixels:
    """The part of an image that the model is asked about; a view.

    That is the whole image where the model makes one size only, what the model says where it can tell, and else the
    largest part from the top-left corner whose sides are multiples of its factor, or with `whole` all of an image that
    has such a part.

    Args:
        pixels: `(h, w, 3)` uint8.
        model: to be asked.
        whole: whether whoever asks finds the part by itself.

    Raises:
        ImageError: when nothing is left, or the model makes one other size only.
    """
    if model.size is not None:
        height, width = model.size
        if pixels.shape[:2] != (height, width):
            raise ImageError(
                f"{pixels.shape[1]} x {pixels.shape[0]} pixels, the model makes {width} x {height} only and nothing is"
                " resampled: name images of that size"
            )
        return pixels
    if isinstance(model, SupportsParts):
        top, left, height, width = model.part((pixels.shape[0], pixels.shape[1]))
        return pixels[top : top + height, left : left + width]
    part = crop(pixels, model.factor)
    return pixels if whole else part
