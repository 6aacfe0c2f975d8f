"""How far a region reaches: the outline that a least cut of a graph draws around its cores. Arithmetic alone.

How much smaller the image's own error is where the decoder drew it depends on the picture: much smaller in texture, and
hardly in smooth areas, where the errors of the copies are near that of rounding as well. So the drop d that is expected
is a line of the copies' mean log energy, fitted to the cells of the regions themselves. With T the statistic of a cell
and s the standard deviation that it has by chance, the logarithm of how much likelier T is around -d than around 0 is

    w = -d (T + d / 2) / s^2

if it is normal. A fifth stands in place of the half here, because the drop is smaller beside a border. A cell where no
drop is expected says nothing, and a small constant is taken away so that such cells do not support by themselves. The
cells that support are then those of the largest sum of w less the length of their outline, which is found exactly by
the maximal flow through a graph (Boykov and Jolly, ICCV 2001; lengths by eight neighbours as Boykov and Kolmogorov,
ICCV 2003).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy import ndimage, optimize, sparse
from scipy.sparse import csgraph

from wherefrom.core.arrays import Vector
from wherefrom.mapping.fading import unfaded
from wherefrom.records.maps import Flags, Grid

__all__ = ["outlined"]

_DROP: Final = 0.2
"""Which part of the expected drop is as likely inside as outside."""
_CLIP: Final = 2.0
"""No cell counts for more than so much, on either side."""
_DOUBT: Final = 0.3
"""What is taken away from every cell."""
_LENGTH: Final = 2.0
"""What one cell's side of outline costs."""
_ROUNDS: Final = 3
"""How often the drop is fitted to the cells that were found."""
_FADED: Final = 2 / 3
"""Where the outermost cells of a region show less than this part of the expected drop, it reaches one cell further."""
_MORE: Final = 1.1
"""How many times as large as the cut's own a region has to be that reaches as far as the fading evidence says."""
_FEWEST: Final = 20
"""Cells to which a line is fitted; to fewer a constant is."""
_UNIT: Final = 100
"""Flows are whole numbers: how many are one."""
_LEAST_NOISE: Final = 1e-3
_NORMAL: Final = 0.6745
"""The median of the absolute value of a standard normal number."""


def outlined(statistic: Grid, copies: Mapping[str, Grid], judged: Flags, core: Flags, first: Flags) -> Flags:
    """The cells of the regions that hold a core.

    Args:
        statistic: of each cell as it is, not smoothed, `(rows, columns)`.
        copies: log energies of the image's copies, by name; at least two.
        judged: cells that can be judged; no other supports.
        core: cells in which a region is certain.
        first: cells that the drop is fitted to first.
    """
    energy: Grid = np.mean(list(copies.values()), axis=0)
    noise = _noise(np.stack([grid[judged] for grid in copies.values()]))
    found = _joined(first & judged, core)
    for _ in range(_ROUNDS if found.any() else 0):
        drop = _drop(statistic[found], energy[found], energy, noise)
        weight = np.clip(-drop * (statistic + _DROP * drop) / noise**2, -_CLIP, _CLIP) - _DOUBT
        found = _joined(_cut(np.where(judged, weight, 0.0)) & judged, core)
        if not found.any():
            return found
    return _whole(found, statistic, energy, noise, judged) & judged


def _whole(found: Flags, statistic: Grid, energy: Grid, noise: float, judged: Flags) -> Flags:
    """The region with the cells inside its border where the evidence fades.

    The cut knows where pictures change and `unfaded` only how far from there the evidence reaches, so the cut's outline
    is kept unless the other one gives clearly more.
    """
    if not found.any():
        return found
    drop = _drop(statistic[found], energy[found], energy, noise)
    near, far = _to_the_border(found, statistic, drop), unfaded(statistic, drop, judged, found)
    return near if far is None or np.count_nonzero(far) < _MORE * np.count_nonzero(near) else far


def _to_the_border(found: Flags, statistic: Grid, drop: Grid) -> Flags:
    """The region and one cell around it, where the evidence fades towards its outline.

    An encoder sees both sides of a border. Where they show different pictures, as in a composite, the outermost cells
    that the decoder drew are reconstructed like those of other origin, and those beside them show a part of the drop.
    Where both sides belong to one picture, as after inpainting, the evidence is whole up to the border.
    """
    near = ndimage.generate_binary_structure(2, 2)
    rim = found & ~ndimage.binary_erosion(found, near, border_value=1)
    if not rim.any():
        return found
    faded = bool(-statistic[rim].sum() < _FADED * drop[rim].sum())
    grown: Flags = ndimage.binary_dilation(found, near) if faded else found
    return grown


def _noise(logs: Grid) -> float:
    """The standard deviation of the statistic where the image differs from its copies by chance.

    Args:
        logs: of the copies, `(copies, cells)`. They differ from each other by chance inside of regions too.
    """
    count = len(logs)
    apart = np.abs(logs - logs.mean(axis=0))
    spread = float(np.median(apart)) / _NORMAL if apart.size else 0.0
    return max(spread * math.sqrt((1 + 1 / count) / (1 - 1 / count)), _LEAST_NOISE)


def _drop(statistic: Grid, energy: Grid, everywhere: Grid, noise: float) -> Grid:
    """How far below 0 the statistic is expected where the decoder drew the pixels; never negative.

    Args:
        statistic: of the cells to fit to.
        energy: the copies' mean log energy there.
        everywhere: the same of all cells.
        noise: residuals of more than this count less.
    """
    level = max(0.0, -float(np.median(statistic)))
    if statistic.size >= _FEWEST:

        def residuals(line: Vector) -> Vector:
            return np.asarray(line[0] * energy + line[1] - statistic)

        fit = optimize.least_squares(residuals, (0.0, -level), loss="huber", f_scale=noise)
        slope, start = map(float, fit.x)
        if slope < 0:
            return np.maximum(0.0, -(slope * everywhere + start))
    return np.full_like(everywhere, level)


def _cut(weight: Grid) -> Flags:
    """The cells with the largest sum of weights less the length of their outline."""
    shape, count = weight.shape, weight.size
    number = np.arange(count).reshape(shape)
    straight, slanted = _LENGTH * np.pi / 8, _LENGTH * np.pi / 8 / np.sqrt(2)
    edges = [
        (number[1:], number[:-1], straight),
        (number[:, 1:], number[:, :-1], straight),
        (number[1:, 1:], number[:-1, :-1], slanted),
        (number[1:, :-1], number[:-1, 1:], slanted),
    ]
    source, sink, flat = count, count + 1, weight.ravel()
    inside = flat > 0
    tails, heads = [np.where(inside, source, number.ravel())], [np.where(inside, number.ravel(), sink)]
    amounts = [np.abs(flat)]
    for one, other, cost in edges:
        tails += [one.ravel(), other.ravel()]
        heads += [other.ravel(), one.ravel()]
        amounts += [np.full(one.size, cost), np.full(one.size, cost)]
    capacity = np.rint(np.concatenate(amounts) * _UNIT).astype(np.int32)
    graph = sparse.csr_array((capacity, (np.concatenate(tails), np.concatenate(heads))), shape=(count + 2, count + 2))
    left = graph - csgraph.maximum_flow(graph, source, sink).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = np.zeros(count + 2, dtype=np.bool_)
    reached[csgraph.breadth_first_order(left, source, return_predecessors=False)] = True
    found: Flags = reached[:count].reshape(shape)
    return found


def _joined(cells: Flags, core: Flags) -> Flags:
    """Cells of the areas that hold a cell of a core."""
    areas, _ = ndimage.label(cells)
    found: Flags = (areas > 0) & np.isin(areas, np.unique(areas[core]))
    return found
