"""Units and names that the dear half and the cheap half share. No torch."""

from __future__ import annotations

from typing import Final

__all__ = ["ROUNDING", "bands"]

ROUNDING: Final = 1.0 / 12.0 / 255.0**2
"""Mean squared error of rounding to 8 bits on [0, 1], 1.28e-6; in an orthonormal basis, its energy by coefficient."""

_COLOURS: Final = ("grey", "redblue", "green")


def bands(block: int) -> tuple[str, ...]:
    """The bands of an error, `3 * block**2`: an opponent colour, then the vertical and horizontal frequency of a DCT.

    Args:
        block: side of the blocks, at most 10.
    """
    return tuple(f"{colour}_{row}{column}" for colour in _COLOURS for row in range(block) for column in range(block))
