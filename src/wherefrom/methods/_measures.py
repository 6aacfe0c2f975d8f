"""Cards of what a model is asked, and names of the columns that come back, shared by several methods. No torch."""

from __future__ import annotations

from typing import Final

from wherefrom.core.card import Card
from wherefrom.core.units import ROUNDING, bands

__all__ = [
    "BLOCKS",
    "LEFT_BLOCK",
    "SEARCHED",
    "STORED",
    "STORED_AGAIN",
    "TWIN",
    "TWO_PASSES",
    "energy_columns",
    "log_columns",
]

BLOCKS: Final = (4, 8)
"""Sides of the blocks over which errors are taken apart."""
SEARCHED: Final = 3
"""The number of the error that a search left, after those of two passes, among columns by band."""
TWIN: Final = 4
"""The number of the error that a search left of the image's own reconstruction."""
STORED: Final = 5
"""The number of the error of a reconstruction that was stored as the image was, as JPEG."""
STORED_AGAIN: Final = 6
"""The number of the same error of that stored reconstruction."""
LEFT_BLOCK: Final = 4
"""Side of the blocks over which what a search left is taken apart."""
TWO_PASSES: Final = Card(
    kind="measure", name="two-passes", facts={"version": 1, "blocks": BLOCKS, "log_floor": ROUNDING}
)
"""Two reconstructions, the second of the first: losses, homogeneity, energies by band."""


def energy_columns(number: int) -> tuple[str, ...]:
    """Columns of the mean energy of error 1 or 2 by band of 8 x 8 blocks, as `energy1_grey_00`."""
    return tuple(f"energy{number}_{band}" for band in bands(8))


def log_columns(number: int, block: int) -> tuple[str, ...]:
    """Columns of the mean over blocks of the log energy of error 1 to 6, as `log1_4_grey_00` for 4 x 4 blocks."""
    return tuple(f"log{number}_{block}_{band}" for band in bands(block))
