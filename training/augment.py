"""Augmentation in front of a discriminator, each transformation with probability `p` (arXiv:2006.06676, appendix B).

Of the paper's list: pixel blitting (mirroring, turns by 90 degrees, shifts by whole pixels), geometry (scale, rotation,
stretching, shifts), colour (brightness, contrast, turned luma, hue, saturation). All that moves pixels is one affine
map an image, sampled bilinearly with mirrored borders, without the paper's wavelet filter; blitting alone stays exact.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import affine_grid, grid_sample

__all__ = ["Strength", "augmented"]

_SHIFT = 0.125
_SIGMA = 0.2
_AXIS = 1 / math.sqrt(3)


class Strength:
    """`p` of augmentation, led by how often the discriminator says real of real images (section 3.1 there).

    Args:
        target: mean sign of the discriminator on real images at which `p` stays.
        images: over which `p` goes from 0 to 1 at most.
    """

    def __init__(self, target: float, images: int) -> None:
        self.value = 0.0
        self._target, self._images = target, images

    def update(self, real: torch.Tensor) -> None:
        """A step towards the target, by the discriminator's outputs on one batch of real images."""
        step = len(real) / self._images
        up = float(real.sign().mean()) > self._target
        self.value = min(1.0, max(0.0, self.value + (step if up else -step)))


def augmented(images: torch.Tensor, p: float, source: torch.Generator) -> torch.Tensor:
    """Images `(n, 3, h, w)` in [-1, 1], each by its own draw; differentiable; the same where p is 0."""
    if p <= 0:
        return images
    draw = _Draw(len(images), p, source)
    moved = _moves(draw, images.shape[-1])
    grid = affine_grid(moved[:, :2], list(images.shape), align_corners=False)
    images = grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    colours = _colours(draw)
    flat = colours[:, :3, :3] @ images.flatten(2) + colours[:, :3, 3:]
    return flat.view_as(images)


class _Draw:
    """Random numbers `(n,)`, each in force with probability p, else what changes nothing."""

    def __init__(self, count: int, p: float, source: torch.Generator) -> None:
        self.count, self._p, self._source = count, p, source

    def uniform(self, low: float, high: float, rest: float = 0.0) -> torch.Tensor:
        return self._kept(low + (high - low) * torch.rand(self.count, generator=self._source), rest)

    def normal(self, sigma: float) -> torch.Tensor:
        return self._kept(sigma * torch.randn(self.count, generator=self._source), 0.0)

    def whole(self, below: int) -> torch.Tensor:
        return self._kept(torch.randint(below, (self.count,), generator=self._source).float(), 0.0)

    def _kept(self, values: torch.Tensor, rest: float) -> torch.Tensor:
        asked = torch.rand(self.count, generator=self._source) < self._p
        return torch.where(asked, values, torch.full_like(values, rest))


def _moves(draw: _Draw, side: int) -> torch.Tensor:
    """From places of the result to places of the image, both from -1 to 1: `(n, 3, 3)`."""
    mirror = 1 - 2 * draw.whole(2)
    found = _diagonal(mirror, torch.ones_like(mirror)) @ _turn(draw.whole(4) * (math.pi / 2))
    pixel = 2 / side
    whole = [torch.round(draw.uniform(-_SHIFT, _SHIFT) * side) * pixel for _ in range(2)]
    found = found @ _shift(*whole)
    scale = torch.exp2(draw.normal(_SIGMA))
    found = found @ _diagonal(scale, scale) @ _turn(draw.uniform(-math.pi, math.pi))
    stretch = torch.exp2(draw.normal(_SIGMA))
    found = found @ _diagonal(stretch, 1 / stretch)
    return found @ _shift(2 * draw.normal(_SHIFT), 2 * draw.normal(_SHIFT))


def _colours(draw: _Draw) -> torch.Tensor:
    """From colours to colours, both with a fourth place of 1: `(n, 4, 4)`."""
    eye = torch.eye(4).expand(draw.count, 4, 4)
    axis = torch.tensor([_AXIS, _AXIS, _AXIS, 0.0])
    luma = torch.outer(axis, axis)
    bright = eye.clone()
    bright[:, :3, 3] = draw.normal(_SIGMA)[:, None]
    contrast = torch.exp2(draw.normal(0.5))[:, None, None]
    found = torch.cat([bright[:, :3] * contrast, bright[:, 3:]], 1)
    found = (eye - 2 * luma * draw.whole(2)[:, None, None]) @ found
    found = _around_grey(draw.uniform(-math.pi, math.pi)) @ found
    saturation = torch.exp2(draw.normal(1.0))[:, None, None]
    return (luma + (eye - luma) * torch.cat([saturation.expand(-1, 3, 4), torch.ones(draw.count, 1, 4)], 1)) @ found


def _around_grey(angle: torch.Tensor) -> torch.Tensor:
    """A rotation of colours around the axis of greys, by Rodrigues' formula."""
    cross = torch.zeros(4, 4)
    cross[0, 1], cross[0, 2], cross[1, 0] = -_AXIS, _AXIS, _AXIS
    cross[1, 2], cross[2, 0], cross[2, 1] = -_AXIS, -_AXIS, _AXIS
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return torch.eye(4) + sine * cross + (1 - cosine) * (cross @ cross)


def _diagonal(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return torch.diag_embed(torch.stack([first, second, torch.ones_like(first)], 1))


def _shift(across: torch.Tensor, along: torch.Tensor) -> torch.Tensor:
    found = torch.eye(3).repeat(len(across), 1, 1)
    found[:, 0, 2], found[:, 1, 2] = across, along
    return found


def _turn(angle: torch.Tensor) -> torch.Tensor:
    found = torch.eye(3).repeat(len(angle), 1, 1)
    found[:, 0, 0] = found[:, 1, 1] = angle.cos()
    found[:, 1, 0] = angle.sin()
    found[:, 0, 1] = -angle.sin()
    return found
