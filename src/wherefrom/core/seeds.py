"""An image's seed is a function of the root seed and of its pixels, never of its neighbours or place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from wherefrom.core.arrays import Seeds

__all__ = ["seed_of", "seeds_of"]


def seed_of(root: int, pixel_digest: str) -> int:
    """The seed of one image, in [0, 2**63).

    Args:
        root: the run's root seed.
        pixel_digest: hexadecimal digest of the image's decoded pixels.
    """
    return int.from_bytes(hashlib.sha256(f"{root}:{pixel_digest}".encode()).digest()[:8], "big") >> 1


def seeds_of(root: int, pixel_digests: Iterable[str]) -> Seeds:
    """The seeds of several images, in their order.

    Args:
        root: the root seed of a run.
        pixel_digests: one an image.
    """
    return np.array([seed_of(root, digest) for digest in pixel_digests], dtype=np.uint64)
