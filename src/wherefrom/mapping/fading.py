"""How far the evidence fades inside the border of a region, and where the border is then. Arithmetic alone.

Where a part of one picture was pasted into another, the encoder sees both sides of the border, so that the first cells
inside are reconstructed like those of other origin: over one or two cells with some decoders, over five with others. A
cut that is drawn cell by cell cannot tell such cells from others. All cells at one distance from the border together
can: the share of the expected drop that they show rises from none at the border to all of it inside.

The distance is taken from an outline that noise hardly moves, where the smoothed share is half of what it is in the
region. As a function of it the share is fitted by a (3 u^2 - 2 u^3) with u from 0 to 1 over a width. If the evidence
were whole up to the border, as it is where both sides belong to one picture, the smoothing alone would leave a width of
about three cells, and the border would be where the share is half. What the width is larger by is the fading, and the
border is where that begins.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy import ndimage

from wherefrom.records.maps import Flags, Grid

__all__ = ["unfaded"]

_SMOOTHING: Final = 2.0
"""Standard deviation, in cells, of the Gaussian that the share is smoothed by."""
_NEAR: Final = (-7, 9)
"""Distances in cells, inside positive, of the cells that the share is fitted to."""
_WIDTHS: Final = np.arange(1, 6.25, 0.5)
_STARTS: Final = np.arange(0, 6.25, 0.25)
"""How many cells outside the half share may begin to rise."""
_SHARP: Final = 3.0
"""The width that is left by the smoothing where nothing fades."""


def unfaded(statistic: Grid, drop: Grid, judged: Flags, found: Flags) -> Flags | None:
    """The region with the cells inside its border in which the evidence fades; None where it does not fade.

    Args:
        statistic: of each cell as it is, not smoothed, `(rows, columns)`.
        drop: how far below 0 the statistic is expected where the decoder drew the pixels.
        judged: cells that can be judged.
        found: the region, from which its evidence is known.
    """
    weight = np.where(judged, drop**2, 0.0)
    shown = np.where(judged, -statistic * drop, 0.0)
    share = _smoothed(shown) / np.maximum(_smoothed(weight), np.finfo(np.float64).tiny)
    areas, _ = ndimage.label((share > share[found].mean() / 2) & judged)
    half: Flags = (areas > 0) & np.isin(areas, np.unique(areas[found]))
    distance = _distance(half)
    near = (distance > _NEAR[0]) & (distance < _NEAR[1]) & judged
    if not half.any() or half.all() or not weight[near].any():
        return None
    width, middle = _ramp(distance[near], shown[near], weight[near])
    if width <= _SHARP:
        return None
    border = middle - math.sqrt(width**2 - _SHARP**2) / 2
    return distance > border


def _smoothed(grid: Grid) -> Grid:
    smooth: Grid = ndimage.gaussian_filter(grid, _SMOOTHING, mode="nearest")
    return smooth


def _distance(region: Flags) -> Grid:
    """Of each cell's centre from the region's outline, in cells, inside positive; a side of the image is no outline."""
    margin = max(map(abs, _NEAR)) + 1
    wide = np.pad(region, margin, mode="edge")
    inner = (slice(margin, -margin),) * 2
    inside, outside = (ndimage.distance_transform_edt(part)[inner] for part in (wide, ~wide))
    return np.where(region, inside - 0.5, 0.5 - outside)


def _ramp(distance: Grid, shown: Grid, weight: Grid) -> tuple[float, float]:
    """Over how many cells the share rises, and the distance of its middle, by weighted least squares over rings.

    Args:
        distance: of some cells.
        shown: what each shows of the expected drop, times its weight.
        weight: of each.
    """
    ring = np.floor(distance).astype(int) - _NEAR[0]
    weights = np.bincount(ring, weight)
    known = weights > 0
    centres = np.bincount(ring, distance)[known] / np.bincount(ring)[known]
    weights, shares = weights[known], np.bincount(ring, shown)[known] / weights[known]
    starts, widths = np.meshgrid(_STARTS, _WIDTHS, indexing="ij")
    u = np.clip((centres + starts[..., None]) / widths[..., None], 0, 1)
    rise = u * u * (3 - 2 * u)
    height = (weights * shares * rise).sum(-1) / np.maximum((weights * rise**2).sum(-1), np.finfo(np.float64).tiny)
    missed = (weights * (shares - np.maximum(height, 0)[..., None] * rise) ** 2).sum(-1)
    best = np.unravel_index(np.argmin(missed), missed.shape)
    return float(widths[best]), float(widths[best] / 2 - starts[best])
