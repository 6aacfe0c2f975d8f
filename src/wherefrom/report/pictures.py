"""Pictures inside a page: the image, what a decoder makes of it, and where the two differ."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from wherefrom.records.reconstruction import Reconstruction
from wherefrom.report.numbers import Difference

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["SMALL", "difference", "embedded", "preview"]

Pixels = npt.NDArray[np.uint8]
_SIDE: Final = 480  # pixels of the longer side; a page shows no more
SMALL: Final = 160
"""Up to this side a picture is stored without loss, and a page shows its pixels as squares."""
_LEVELS: Final = 255
_BRIGHT: Final = 200  # of these: how bright the clear differences become
_MOST: Final = 64


def preview(pixels: Pixels) -> Markup:
    """An image as an address that holds it, at most 480 pixels a side; a small one is stored without loss.

    Args:
        pixels: `(h, w, 3)` or `(h, w)` uint8.
    """
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    stored = io.BytesIO()
    if max(image.size) <= SMALL:
        image.save(stored, "PNG", optimize=True)
        return embedded(stored.getvalue(), "png")
    image.save(stored, "JPEG", quality=85, subsampling=0, optimize=True)
    return embedded(stored.getvalue(), "jpeg")


def embedded(data: bytes, kind: str) -> Markup:
    """A picture's file as an address that holds it.

    Args:
        data: the file.
        kind: of `image/KIND`.
    """
    from markupsafe import Markup

    return Markup(f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}")  # noqa: S704  (no letter acts)


def difference(pair: Reconstruction) -> tuple[Difference, Pixels]:
    """How far a reconstruction is from the image, and a picture of that: bright where they differ, `(h, w)` uint8.

    The picture is brightened by a power of two, so that the clear differences are bright, and at most 64 times.

    Args:
        pair: the part of the image and its reconstruction.
    """
    apart = np.abs(pair.part.astype(np.int16) - pair.again.astype(np.int16))
    largest = apart.max(axis=2)
    clear = float(np.percentile(largest, 99))
    gain = 1
    while gain < _MOST and 2 * gain * clear <= _BRIGHT:
        gain *= 2
    height, width = largest.shape
    numbers = Difference(
        width=width,
        height=height,
        left=pair.left,
        top=pair.top,
        levels=_LEVELS,
        mean=float(apart.mean()),
        largest=int(largest.max()),
        gain=gain,
    )
    return numbers, np.minimum(largest * gain, _LEVELS).astype(np.uint8)
