"""How several numbers vary together among belongings, and how far an image is from that. No torch."""

from __future__ import annotations

from typing import Final

import numpy as np

from wherefrom.core.arrays import Matrix, Vector
from wherefrom.methods.base import Fit

__all__ = ["FEWEST", "fit_spread", "squared_distance"]

FEWEST: Final = 8
"""Rows from which spread and correlation are learned, at least."""
_NARROWEST: Final = 1e-3
"""Standard deviation below which a number counts as this wide: belongings that hardly differ there."""


def fit_spread(rows: Matrix, *, shrinkage: float) -> Fit:
    """`centre`, shape `(k,)`, and `root` of the inverse covariance row by row, `(k * k,)`.

    Args:
        rows: of belongings, `(n, k)`, finite, n at least `FEWEST`.
        shrinkage: s, in (0, 1]: the correlation R becomes (1 - s) R + s I.
    """
    spread = np.maximum(rows.std(axis=0, ddof=1), _NARROWEST)
    scaled = (rows - rows.mean(axis=0)) / spread
    correlation = scaled.T @ scaled / (len(rows) - 1)
    shrunk = (1 - shrinkage) * correlation + shrinkage * np.eye(len(spread))
    values, vectors = np.linalg.eigh(shrunk)
    root = (vectors / np.sqrt(values)).T / spread
    return {"centre": rows.mean(axis=0), "root": root.ravel()}


def squared_distance(rows: Matrix, fit: Fit) -> Vector:
    """The squared Mahalanobis distance of each row, over k."""
    root = fit["root"].reshape(-1, len(fit["centre"]))
    distances: Vector = np.square((rows - fit["centre"]) @ root.T).mean(axis=1)
    return distances
