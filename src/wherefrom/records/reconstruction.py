"""What a decoder makes of an image when it is asked to make it again: for people to look at, never to decide by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Reconstruction"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reconstruction:
    """A part of an image, and the same part as a decoder makes it again from its own encoding.

    Attributes:
        part: `(h, w, 3)` uint8, as stored.
        again: the same shape, as the decoder makes it.
        left: column of the image at which the part starts.
        top: row at which it starts.
    """

    part: npt.NDArray[np.uint8]
    again: npt.NDArray[np.uint8]
    left: int = 0
    top: int = 0
