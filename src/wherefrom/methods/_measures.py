"""Cards of what a model is asked, shared by the methods that ask the same. No torch."""

from __future__ import annotations

from typing import Final

from wherefrom.core.card import Card
from wherefrom.core.units import BANDS, ROUNDING

__all__ = ["TWO_PASSES", "band_columns"]

TWO_PASSES: Final = Card(kind="measure", name="two-passes", facts={"version": 1, "block": 8, "log_floor": ROUNDING})
"""Two reconstructions, each the other's input: losses, homogeneity, energies by band."""


def band_columns(prefix: str) -> tuple[str, ...]:
    """Names of the columns of one quantity by band, as `log1_grey_00`."""
    return tuple(f"{prefix}_{band}" for band in BANDS)
