"""How an image lies on a decoder's grid: which way it was turned, and where the grid starts. With torch.

image -> turned back -> rows and columns dropped down to the grid -> as the decoder made it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wherefrom.core.tensors import Images
from wherefrom.methods.arithmetic.control_copies import turned_back
from wherefrom.methods.arithmetic.lattice import PATCH
from wherefrom.models.base import Autoencoder

__all__ = ["AS_IT_IS", "Pose", "has_grid", "put_back"]

_LEAST_CELLS: Final = 3
"""Cells a side under which an image is too small to tell where the grid starts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pose:
    """How an image lies.

    Attributes:
        turn: what was done to the image: one of `TURNS`, or empty for an image that is upright.
        top: rows above the first whole cell of the grid, after turning back.
        left: columns before it.
    """

    turn: str = ""
    top: int = 0
    left: int = 0


AS_IT_IS: Final = Pose()
"""The pose of an image that nothing has happened to."""


def has_grid(model: Autoencoder, size: tuple[int, int]) -> bool:
    """Whether a place on the model's grid can be told of an image of that height and width.

    Args:
        model: an autoencoder.
        size: `(height, width)` of the image.
    """
    factor = model.factor
    return model.size is None and factor > 1 and min(size) >= max(_LEAST_CELLS * factor, factor + PATCH)


def put_back(image: Images, pose: Pose, factor: int) -> Images:
    """The image turned back, from the first whole cell of the grid to the last.

    Args:
        image: `(n, 3, h, w)`.
        pose: how it lies.
        factor: pixels a side of a cell.
    """
    upright = turned_back(image, pose.turn) if pose.turn else image
    height, width = (
        (side - first) // factor * factor for side, first in zip(upright.shape[2:], (pose.top, pose.left), strict=True)
    )
    return upright[:, :, pose.top : pose.top + height, pose.left : pose.left + width].contiguous()
