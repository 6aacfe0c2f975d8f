"""Units and names that the dear half and the cheap half share. No torch."""

from __future__ import annotations

from typing import Final

__all__ = ["BANDS", "ROUNDING"]

ROUNDING: Final = 1.0 / 12.0 / 255.0**2
"""Mean squared error of rounding to 8 bits on [0, 1], 1.28e-6; in an orthonormal basis, its energy by coefficient."""

BANDS: Final = tuple(
    f"{colour}_{row}{column}" for colour in ("grey", "redblue", "green") for row in range(8) for column in range(8)
)
"""The 192 bands of an error: an opponent colour, then the vertical and horizontal frequency of an 8 x 8 DCT."""
