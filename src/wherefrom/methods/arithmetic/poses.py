"""How an image lies on a decoder's grid: which way it was turned, and where the grid starts. With torch.

    image -> turned back -> rows and columns dropped down to the grid -> as the decoder made it

The lattice tells the pose from the pixels, without a network. Where several poses are nearly as evident, as after a
JPEG of low quality, the decoder is asked too: how well it reconstructs some tiles is added, in standard deviations.
Every image is searched in the same way, whatever it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import torch

from wherefrom.core.tensors import Images
from wherefrom.core.units import ROUNDING
from wherefrom.measures.distances import mse
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.control_copies import turned_back
from wherefrom.methods.arithmetic.lattice import PATCH, lattice_of
from wherefrom.models.base import Autoencoder

__all__ = ["AS_IT_IS", "Pose", "PosedImage", "find_pose", "has_grid", "put_back"]

_TILE: Final = 64
"""Pixels a side of the tiles that the decoder is asked about; fewer where the image is small."""
_FEWEST: Final = 4
"""Poses that can be asked about before there is a second row of tiles."""
_MOST_ROWS: Final = 3
_RECONSTRUCTIONS: Final = 2.0
"""Of the whole image, that the tiles may cost together: the price of AEDR."""
_CLEAR: Final = 3.0
"""Standard deviations by which the most evident pose has to be ahead, or the decoder is asked about those as near."""
_DEVIATION: Final = 0.07
"""How much the log loss of the tiles varies over wrong places, so that it counts beside the lattice's evidence."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class PosedImage:
    """What was found of one image.

    Attributes:
        pose: the likeliest.
        lattice: the evidence of its pixels for that pose, in standard deviations.
        lead: by how much the most evident pose is ahead of the next.
        margin: how much worse the image is reconstructed in the other poses that the decoder was asked about: the mean
            of their log losses minus the pose's own. 0 where the pixels alone told it.
    """

    pose: Pose
    lattice: float = 0.0
    lead: float = 0.0
    margin: float = 0.0


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


@torch.inference_mode()
def find_pose(model: Autoencoder, image: Images, *, crop: bool, turns: bool) -> PosedImage:
    """The likeliest pose of one image among all.

    Args:
        model: see `has_grid`.
        image: `(1, 3, h, w)` in [0, 1], on the model's device.
        crop: whether the grid may start anywhere; else in the top-left corner alone, before a turn.
        turns: whether the image may have been turned or mirrored.
    """
    evidence = _evidence(model, image, crop=crop, turns=turns)
    likely = sorted(evidence, key=lambda pose: -evidence[pose])
    lead = evidence[likely[0]] - evidence[likely[1]] if len(likely) > 1 else 0.0
    price = _affordable(image, model.factor)
    near = [pose for pose in likely if evidence[likely[0]] - evidence[pose] < _CLEAR][: price.poses]
    if len(near) == 1:
        return PosedImage(pose=near[0], lattice=evidence[near[0]], lead=lead)
    losses = np.array([_loss(model, image, pose, price) for pose in near])
    best = int(np.argmax([evidence[pose] - loss / _DEVIATION for pose, loss in zip(near, losses, strict=True)]))
    margin = float(np.delete(losses, best).mean() - losses[best])
    return PosedImage(pose=near[best], lattice=evidence[near[best]], lead=lead, margin=margin)


def _evidence(model: Autoencoder, image: Images, *, crop: bool, turns: bool) -> dict[Pose, float]:
    """What the lattice says of every pose."""
    factor, lattice = model.factor, lattice_of(model)
    by_pose: dict[Pose, float] = {}
    for turn in ("", *TURNS) if turns else ("",):
        fit = lattice.evidence(turned_back(image, turn) if turn else image)
        places = product(range(factor), repeat=2) if crop else [(0, 0)]
        by_pose |= {Pose(turn=turn, top=top, left=left): float(fit[top, left]) for top, left in places}
    return by_pose


@dataclass(frozen=True, kw_only=True, slots=True)
class _Price:
    """What is asked of the decoder about one image.

    Attributes:
        poses: how many.
        rows: tiles from the top to the bottom, and as many from the left to the right.
        side: of a tile, in pixels.
    """

    poses: int
    rows: int
    side: int


def _affordable(image: Images, factor: int) -> _Price:
    """As many tiles and poses as cost no more than two reconstructions of the whole image, but two poses at least."""
    least = min(image.shape[2:]) - factor
    side = max(factor, min(_TILE, least) // factor * factor)
    tiles = int(_RECONSTRUCTIONS * image.shape[2] * image.shape[3] / side**2)
    rows = min(_MOST_ROWS, max(1, math.isqrt(tiles // _FEWEST)))
    return _Price(poses=max(2, tiles // rows**2), rows=rows, side=side)


def _loss(model: Autoencoder, image: Images, pose: Pose, price: _Price) -> float:
    """The mean over tiles of the log loss of their reconstruction, were the image to lie so.

    The tiles lie in the same parts of the image, whichever the pose.
    """
    upright = turned_back(image, pose.turn) if pose.turn else image
    height, width = (
        _starts(side, first, price, model.factor)
        for side, first in zip(upright.shape[2:], (pose.top, pose.left), strict=True)
    )
    tiles = torch.cat(
        [upright[:, :, top : top + price.side, left : left + price.side] for top in height for left in width]
    ).contiguous()
    losses = mse(model.decode(model.encode(tiles)), tiles)
    return float((losses.double() + ROUNDING).log().mean())


def _starts(side: int, first: int, price: _Price, factor: int) -> list[int]:
    """Where tiles start along one side: spread evenly over it, on the grid that starts at `first`."""
    room = side - price.side - factor
    places = [room // 2] if price.rows == 1 else [room * place // (price.rows - 1) for place in range(price.rows)]
    return [place + (first - place) % factor for place in places]
