"""How an image lies on a decoder's grid: which way it was turned, and where the grid starts. With torch.

    image -> turned back -> rows and columns dropped down to the grid -> as the decoder made it

The lattice tells the pose from the pixels, without a network. Where several poses are nearly as evident, as after a
JPEG of low quality, the decoder is asked too: how well it reconstructs the middle of the image is added, in standard
deviations. Whether the pixels show the grid of a JPEG says which of the lattice's filters is asked, and which bands of
the error count. Every image is searched in the same way, whatever it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import torch

from wherefrom.core.tensors import Images
from wherefrom.core.units import bands
from wherefrom.images.batches import to_pixels
from wherefrom.measures.bands import band_log_energies, block_dct
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.control_copies import turned_back
from wherefrom.methods.arithmetic.kept_lattice import lattice_of
from wherefrom.methods.arithmetic.lattice import PATCH
from wherefrom.models.base import Autoencoder

__all__ = ["AS_IT_IS", "KEPT_BY_JPEG", "Pose", "PosedImage", "find_pose", "has_grid", "put_back"]

_POSES: Final = 4
"""Poses that are asked about at most, for each reconstruction of the whole image that they may cost together."""
_CLEAR: Final = 4.0
"""Standard deviations by which the most evident pose has to be ahead, or the decoder is asked about those as near."""
_LARGEST: Final = 256
"""Pixels a side of the part that the decoder is asked about: more is not needed to tell poses apart."""
_BLOCK: Final = 4
KEPT_BY_JPEG: Final = tuple(bands(_BLOCK).index(f"grey_{place}") for place in ("01", "02", "10", "11", "20"))
"""Bands of low frequency in grey, of blocks of 4 pixels: what a JPEG keeps of an error. The others only add noise."""
_DEVIATION: Final = {False: 0.05, True: 0.08}
"""How much the log energy of the error varies over wrong poses, so that it counts beside the lattice's evidence; True
for images that were stored as JPEG. Chosen on one embedded decoder's images, and the same for all."""
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
            of their errors' log energies minus the pose's own. 0 where the pixels alone told it.
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
def find_pose(
    model: Autoencoder, image: Images, *, crop: bool, turns: bool, reconstructions: float = 2.0
) -> PosedImage:
    """The likeliest pose of one image among all.

    Args:
        model: see `has_grid`.
        image: `(1, 3, h, w)` in [0, 1], on the model's device.
        crop: whether the grid may start anywhere; else in the top-left corner alone, before a turn.
        turns: whether the image may have been turned or mirrored.
        reconstructions: of the whole image, that the questions to the decoder may cost together; at least 1.
    """
    stored = bool(shows_grid(to_pixels(image)[0]))
    evidence = _evidence(model, image, crop=crop, turns=turns, stored=stored)
    likely = sorted(evidence, key=lambda pose: -evidence[pose])
    lead = evidence[likely[0]] - evidence[likely[1]] if len(likely) > 1 else 0.0
    near = [pose for pose in likely if evidence[likely[0]] - evidence[pose] < _CLEAR]
    near = near[: max(2, int(_POSES * reconstructions))]
    if len(near) == 1:
        return PosedImage(pose=near[0], lattice=evidence[near[0]], lead=lead)
    share = min(1.0, reconstructions / len(near))
    losses = np.array([_loss(model, image, pose, share=share, stored=stored) for pose in near])
    deviation = _DEVIATION[stored]
    best = int(np.argmax([evidence[pose] - loss / deviation for pose, loss in zip(near, losses, strict=True)]))
    margin = float(np.delete(losses, best).mean() - losses[best])
    return PosedImage(pose=near[best], lattice=evidence[near[best]], lead=lead, margin=margin)


def _evidence(model: Autoencoder, image: Images, *, crop: bool, turns: bool, stored: bool) -> dict[Pose, float]:
    """What the lattice says of every pose."""
    factor, lattice = model.factor, lattice_of(model)
    by_pose: dict[Pose, float] = {}
    for turn in ("", *TURNS) if turns else ("",):
        fit = lattice.evidence(turned_back(image, turn) if turn else image, stored=stored)
        places = product(range(factor), repeat=2) if crop else [(0, 0)]
        by_pose |= {Pose(turn=turn, top=top, left=left): float(fit[top, left]) for top, left in places}
    return by_pose


def _loss(model: Autoencoder, image: Images, pose: Pose, *, share: float, stored: bool) -> float:
    """The mean log energy of the reconstruction's error over bands and blocks, in the middle of the image.

    The mean over blocks of logarithms: each block counts alike, also where the image is smooth and its error small. A
    mean squared error is ruled by the few blocks with the largest error, and tells poses apart less well.

    Args:
        model: see `has_grid`.
        image: `(1, 3, h, w)`.
        pose: how it is taken to lie.
        share: of the image's pixels that are asked about.
        stored: whether it was stored as JPEG, so that few bands count.
    """
    upright = turned_back(image, pose.turn) if pose.turn else image
    top, left = (
        _middle(side, first, share, model.factor)
        for side, first in zip(upright.shape[2:], (pose.top, pose.left), strict=True)
    )
    part = upright[:, :, top, left].contiguous()
    energies = band_log_energies(block_dct(model.decode(model.encode(part)) - part, _BLOCK))[0]
    return float((energies[list(KEPT_BY_JPEG)] if stored else energies).mean())


def _middle(side: int, first: int, share: float, factor: int) -> slice:
    """Whole cells in the middle of one side, on the grid that starts at `first`."""
    most = (side - factor + 1) // factor
    wanted = min(_LARGEST, int(side * math.sqrt(share))) // factor
    cells = min(most, max(-(-_BLOCK // factor), wanted))
    start = (side - factor + 1 - cells * factor) // 2
    start += (first - start) % factor
    return slice(start, start + cells * factor)
