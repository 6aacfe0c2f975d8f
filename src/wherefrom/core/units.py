"""Units and names that code with torch and code without torch share. This file needs no torch."""

from __future__ import annotations

from typing import Final, Literal, get_args

__all__ = ["GRID_ALARMS", "METRICS", "ROUNDING", "SCHEDULES", "Metric", "Schedule", "bands"]

ROUNDING: Final = 1.0 / 12.0 / 255.0**2
"""Mean squared error of rounding to 8 bits on [0, 1], 1.28e-6; in an orthonormal basis, its energy by coefficient."""

GRID_ALARMS: Final = 1e-3
"""At most this share of images that were never stored as JPEG is said to show the grid of one."""

Metric = Literal["mse", "mae", "ssim", "lpips", "recoloured", "jpeg"]
"""What a search minimises and measures: mean squared or absolute error on [0, 1], 1 minus SSIM, LPIPS (an extra),
what is left once colours may be mapped, or how far it is from all that a JPEG stores as the image."""
METRICS: Final[tuple[Metric, ...]] = get_args(Metric)
Schedule = Literal["constant", "cosine", "halved", "frozen"]
"""How a step size falls over a search; see `wherefrom.inversion.schedules`."""
SCHEDULES: Final[tuple[Schedule, ...]] = get_args(Schedule)

_COLOURS: Final = ("grey", "redblue", "green")


def bands(block: int) -> tuple[str, ...]:
    """The bands of an error, `3 * block**2`: an opponent colour, then the vertical and horizontal frequency of a DCT.

    Args:
        block: side of the blocks, at most 10.
    """
    return tuple(f"{colour}_{row}{column}" for colour in _COLOURS for row in range(block) for column in range(block))
