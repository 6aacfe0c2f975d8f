"""Images turned by quarters and mirrored, and turned back: the same pixels elsewhere. With torch."""

from __future__ import annotations

from typing import TypeAlias

import torch

from wherefrom.core.tensors import Images

__all__ = ["Turn", "turned", "turned_back"]

Turn: TypeAlias = tuple[int, bool]
"""Quarter turns against the clock, after mirroring left to right, or not."""


def turned(images: Images, how: Turn) -> Images:
    """Images turned or mirrored; an odd number of quarters exchanges height and width.

    Args:
        images: `(n, 3, h, w)`.
        how: quarters, and whether they are mirrored first.
    """
    quarters, mirrored = how
    return torch.rot90(images.flip(3) if mirrored else images, quarters, (2, 3)).contiguous()


def turned_back(images: Images, how: Turn) -> Images:
    """What `turned` was given.

    Args:
        images: turned or mirrored, `(n, 3, h, w)`.
        how: as for `turned`.
    """
    quarters, mirrored = how
    upright = torch.rot90(images, -quarters, (2, 3))
    return (upright.flip(3) if mirrored else upright).contiguous()
