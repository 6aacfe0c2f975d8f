"""What a decoder says of how an image lies on its grid. With torch.

It is asked about every pose on one small part of the image where it has texture: how well it reconstructs that part on
the grid of the pose. Then it is asked about the likeliest poses on a larger part. In all poses the error is looked at
over the same pixels, so that nothing differs but the grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from wherefrom.core.arrays import Vector
from wherefrom.core.tensors import Images
from wherefrom.measures.bands import band_log_energies, block_dct, content_weights
from wherefrom.measures.texture import textured_place
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.control_copies import turned, turned_back
from wherefrom.methods.arithmetic.poses import Pose
from wherefrom.models.base import Autoencoder

__all__ = ["likeliest"]

_FIRST, _AGAIN = 72, 128
"""Pixels a side of the part that the decoder is asked about first, and again, for the price of two reconstructions."""
_PRICE: Final = 8.0
"""Reconstructions of the whole image that all questions together may cost, for each that is allowed."""
_SHARE: Final = 0.7
"""The share of the price that first questions may have."""
_LIKELIEST: Final = 10
"""Poses that the decoder is asked about again, at most."""
_TOGETHER: Final = 16
"""Parts that are reconstructed at once."""
_JPEG: Final = 8
"""Pixels a side of the blocks of a JPEG; what is looked at starts with one, so that few blocks lie across two."""
_BLOCK: Final = 4
_GREY: Final = slice(1, _BLOCK**2)
"""Bands of the error that count: those in grey but for its mean. Turned copies have the same, in another order."""
_ALIKE: Final = 1e-9
"""Where energies vary by less, the decoder tells nothing."""
_LATTICE: Final = 0.4
"""How much the pixels' evidence counts beside the decoder's, both in standard deviations over the poses of one image.
Less than 1, since a JPEG or WebP has a pattern too; chosen on images of four decoders, in trials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Window:
    """Where parts are cut from in an image, as it is.

    A part of whole cells lies within it wherever the grid starts, and what all parts hold is looked at.

    Attributes:
        top: the first row.
        left: the first column.
        side: of a part.
        factor: pixels a side of a cell.
    """

    top: int
    left: int
    side: int
    factor: int

    @property
    def around(self) -> int:
        """Rows and columns at each edge of the window that not all parts hold."""
        return self.factor - 1

    @property
    def width(self) -> int:
        """Pixels a side of the window."""
        return self.side + self.around

    def cut(self, image: Images) -> Images:
        """The window's pixels."""
        return image[:, :, self.top : self.top + self.width, self.left : self.left + self.width]

    def looked_at(self, image: Images) -> Images:
        """The pixels that all parts hold."""
        return self.cut(image)[:, :, self.around : self.side, self.around : self.side]


def likeliest(
    model: Autoencoder,
    image: Images,
    poses: Sequence[Pose],
    evidence: Sequence[float],
    reconstructions: float,
) -> tuple[Pose, float]:
    """The likeliest of some poses by what pixels and the decoder say, and by how much it is reconstructed better.

    Args:
        model: one that takes images of any size.
        image: `(1, 3, h, w)` in [0, 1], three cells a side at least.
        poses: two at least.
        evidence: of the pixels for each, in standard deviations over all poses.
        reconstructions: of the whole image, at least 1; all questions together may cost eight times as many.

    Returns:
        The pose, and the mean of the errors' log energies in the other poses that were asked about last minus its own.
    """
    pixels = image.shape[2] * image.shape[3]
    left, larger = _PRICE * reconstructions * pixels, math.sqrt(reconstructions / 2)
    near, told, spread = list(poses), _LATTICE * np.asarray(evidence, dtype=np.float64), 0.0
    if len(near) > _LIKELIEST:
        window = _window(model, image, min(_FIRST * larger, math.sqrt(_SHARE * left / len(near))))
        left -= len(near) * window.side**2
        energies = _log_energies(model, image, near, window)
        spread = window.side * float(energies.std())
        order = np.argsort(_score(energies, window, spread) - told, kind="stable")[:_LIKELIEST]
        near, told = [near[row] for row in order], told[order]
    window = _window(model, image, min(_AGAIN * larger, math.sqrt(max(left, 0.0) / len(near))))
    energies = _log_energies(model, image, near, window)
    best = int(np.argmin(_score(energies, window, spread or window.side * float(energies.std())) - told))
    return near[best], float(np.delete(energies, best).mean() - energies[best])


def _score(energies: Vector, window: _Window, spread: float) -> Vector:
    """Log energies in standard deviations over poses; those of a smaller part vary by more.

    Args:
        energies: of the parts of each pose.
        window: that the parts are of.
        spread: the standard deviation times the side of the part, in which it is about the same.
    """
    return energies * window.side / max(spread, _ALIKE)


def _window(model: Autoencoder, image: Images, wanted: float) -> _Window:
    """Around the place with most texture, with parts of about that side: whole cells, two at least."""
    factor, sides = model.factor, (image.shape[2], image.shape[3])
    most = (min(sides) - factor + 1) // factor
    side = min(most, max(2, int(wanted) // factor)) * factor
    width = side + factor - 1
    place = textured_place(255 * image[0, 1].cpu().numpy())
    top, left = (
        _start(length - width, at * length - width / 2, factor - 1) for length, at in zip(sides, place, strict=True)
    )
    return _Window(top=top, left=left, side=side, factor=factor)


def _start(most: int, wanted: float, around: int) -> int:
    """Where a window starts along one side, from 0 to the most; what is looked at starts with a block where it can."""
    start = min(max(0, round(wanted)), most)
    before = start - (start + around) % _JPEG
    return next((one for one in (before, before + _JPEG) if 0 <= one <= most), start)


def _log_energies(model: Autoencoder, image: Images, poses: Sequence[Pose], window: _Window) -> Vector:
    """For each pose the mean log energy of the reconstruction's error, over bands and blocks.

    The mean over blocks of logarithms: each block counts alike, also where the image is smooth and its error small. A
    mean squared error is ruled by the few blocks with the largest error, and tells poses apart less well. Blocks count
    by what the image shows there: of smooth blocks a JPEG or WebP keeps nothing.

    Args:
        model: see `likeliest`.
        image: `(1, 3, h, w)`.
        poses: how it is taken to lie.
        window: where parts are cut from.
    """
    weights = content_weights(block_dct(window.looked_at(image), _BLOCK))
    energies: list[Vector] = []
    for start in range(0, len(poses), _TOGETHER):
        errors = torch.cat(_errors(model, image, poses[start : start + _TOGETHER], window))
        each = band_log_energies(block_dct(errors, _BLOCK), weights=weights.expand(len(errors), -1, -1))
        energies.append(each[:, _GREY].mean(1).cpu().numpy())
    return np.concatenate(energies)


def _errors(model: Autoencoder, image: Images, poses: Sequence[Pose], window: _Window) -> list[Images]:
    """The error in each pose over the pixels that are looked at, turned to lie as the image does."""
    turns = {pose.turn for pose in poses}
    upright = {turn: _upright(window.cut(image), turn) for turn in turns}
    corners = {turn: _corner(image, turn, window) for turn in turns}
    offsets = [_offset(pose, corners[pose.turn], window.factor) for pose in poses]
    parts = torch.cat(
        [
            upright[pose.turn][:, :, top : top + window.side, left : left + window.side]
            for pose, (top, left) in zip(poses, offsets, strict=True)
        ]
    )
    errors = (model.decode(model.encode(parts)) - parts).split(1)
    return [
        _as_it_lies(
            error[:, :, window.around - top : window.side - top, window.around - left : window.side - left], pose.turn
        )
        for pose, error, (top, left) in zip(poses, errors, offsets, strict=True)
    ]


def _corner(image: Images, turn: str, window: _Window) -> tuple[int, int]:
    """The window's first row and column once the image is turned back."""
    top, left = window.top, window.left
    below, right = (side - start - window.width for side, start in zip(image.shape[2:], (top, left), strict=True))
    quarters, mirrored = TURNS[turn] if turn else (0, False)
    for _ in range(quarters):  # turned back by a quarter, with the clock: what was at the left comes to the top
        top, right, below, left = left, top, right, below
    return top, right if mirrored else left


def _offset(pose: Pose, corner: tuple[int, int], factor: int) -> tuple[int, int]:
    """Rows and columns from the window's corner to the first cell of the pose's grid."""
    return (pose.top - corner[0]) % factor, (pose.left - corner[1]) % factor


def _upright(images: Images, turn: str) -> Images:
    return turned_back(images, turn) if turn else images


def _as_it_lies(images: Images, turn: str) -> Images:
    return turned(images, turn) if turn else images
