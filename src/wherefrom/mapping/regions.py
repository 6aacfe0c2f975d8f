"""From the errors of an image and of its copies to regions that support: arithmetic alone.

With L_g the log energy of the error of pose g, block by block, where the poses are the image itself and its K copies,
each pose is compared with all others alike: T_g = L_g - mean over h != g of L_h. Each T_g is smoothed in two ways.
Local means, which are sums over many blocks and so nearly normal, say whether there is any region: in its core, the
image's own local mean is below a strict threshold. Total variation, which keeps borders sharp, says roughly how far it
reaches, and from there `wherefrom.mapping.outlines` draws the outline. The strict threshold is the largest in amount of
three:

- the least value that a copy shows anywhere. If an image of other origin differs from its own copies by chance alone,
  each of the K + 1 poses is equally likely to show the least value of all, so that the chance that the image itself
  does is at most 1 / (K + 1). Nothing else is assumed, whatever the size of the image and however its blocks depend on
  each other.
- the quantile of Student's distribution with the copies' spread, at `beta` divided by the number of cells, with half as
  many degrees of freedom as the copies have local means that share few blocks. If local means are also normal, with one
  spread all over the image, the chance is at most `beta`, by Bonferroni's inequality.
- 1.6 times the largest local mean, in amount, by which a copy is apart from the other copies. In photos the spread is
  not one all over the image, and a few places differ by far more than others; the copies show by how much, whatever a
  decoder drew, as the image itself takes no part. The factor was chosen on photos, so that it holds for images like
  those.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage, stats

from wherefrom.mapping.outlines import outlined
from wherefrom.records.maps import Flags, Grid

__all__ = ["Regions", "found_regions"]

SMOOTHING: Final = 0.4
"""Weight of the total variation, in the statistic's unit: steps that are lower or narrower are smoothed away."""
_MEANS: Final = (2.0, 3.0)
"""Standard deviation, in blocks, of the Gaussian that local means are taken by: least and most."""
_WIDE: Final = 16
"""Sides of an image, in such deviations, between the two."""
_AMONG: Final = 1.6
"""How many times as large as the largest local mean among the copies the image's own has to be."""
_LEAST: Final = 0.06
"""No threshold is nearer to 0 than this, however little the copies vary."""
_SPREADS: Final = 1.5
"""Nor one within so many spreads of 0."""
_PART: Final = 0.25
"""A region ends roughly where the statistic is less than this part of what it is in the regions' cores."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Regions:
    """What the errors say, cell by cell.

    Attributes:
        statistic: about 0 where the decoder did not draw the pixels and lower where it did.
        supports: the cells inside an outline around a core.
        threshold: how low the statistic is where a region ends roughly, from which the outline is drawn.
        strict: below which the local mean is in a core.
        spread: the root mean square of the copies' local means that are below 0.
    """

    statistic: Grid
    supports: Flags
    threshold: float
    strict: float
    spread: float


def found_regions(logs: Mapping[str, Grid], own: str, masked: Flags, beta: float) -> Regions:
    """The regions of an image that support.

    Args:
        logs: log energies by pose, `(rows, columns)` each; at least three poses.
        own: which of them is the image itself.
        masked: cells that are not judged; they count as 0 and never support.
        beta: the bound on the chance of any region in an image of other origin, in (0, 1).
    """
    apart = {pose: np.where(masked, 0.0, _apart(logs, pose)) for pose in logs}
    width = float(np.clip(math.sqrt(masked.size) / _WIDE, *_MEANS))
    means = {pose: _mean(grid, masked, width) for pose, grid in apart.items()}
    statistic, judged = _sharp(apart[own]), ~masked
    copies = np.stack([grid[judged] for pose, grid in means.items() if pose != own])
    below = copies[copies < 0]
    spread = float(np.sqrt(np.mean(below**2))) if below.size else 0.0
    others = {pose: grid for pose, grid in logs.items() if pose != own}
    strict = max(
        _LEAST,
        _tail(copies.size / (4 * np.pi * width**2), copies.size / len(copies), beta) * spread,
        float(-below.min()) if below.size else 0.0,
        _AMONG * _largest(others, masked, width),
    )
    core = judged & (means[own] < -strict)
    clear = statistic[core & (statistic < -strict)]
    level = float(-np.median(clear)) if clear.size else 0.0
    threshold = max(_LEAST, _SPREADS * spread, _PART * level)
    return Regions(
        statistic=statistic,
        supports=outlined(apart[own], others, judged, core, statistic <= -threshold),
        threshold=-threshold,
        strict=-strict,
        spread=spread,
    )


def _tail(separate: float, cells: float, beta: float) -> float:
    """How many spreads no cell of an image of other origin goes below 0, but with that chance.

    Args:
        separate: local means of all copies that share few blocks.
        cells: that are judged.
        beta: the chance.
    """
    return float(-stats.t.ppf(beta / max(cells, 1.0), df=max(1.0, separate / 2)))


def _largest(copies: Mapping[str, Grid], masked: Flags, width: float) -> float:
    """The largest local mean, in amount, by which a copy is apart from the other copies; 0 where nothing is judged."""
    means = [_mean(np.where(masked, 0.0, _apart(copies, pose)), masked, width)[~masked] for pose in copies]
    return max((float(np.abs(mean).max()) for mean in means if mean.size), default=0.0)


def _apart(logs: Mapping[str, Grid], pose: str) -> Grid:
    """How far a pose's log energy is apart from the mean of all others'."""
    others: Grid = np.mean([grid for name, grid in logs.items() if name != pose], axis=0)
    return logs[pose] - others


def _mean(grid: Grid, masked: Flags, width: float) -> Grid:
    """Local means, drawn towards 0 at borders and beside masked cells, so that they vary no more there."""
    seen = ndimage.gaussian_filter((~masked).astype(np.float64), width / np.sqrt(2), mode="constant")
    found: Grid = ndimage.gaussian_filter(grid, width, mode="constant") / np.sqrt(np.maximum(seen, 1e-9))
    return found


def _sharp(grid: Grid) -> Grid:
    """The grid with noise removed and borders kept."""
    from skimage.restoration import denoise_tv_chambolle

    if min(grid.shape) < 2:
        return np.full_like(grid, grid.mean())
    found: Grid = np.asarray(denoise_tv_chambolle(grid, weight=SMOOTHING), dtype=np.float64)
    return found
