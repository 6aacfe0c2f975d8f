"""The direction in which belongings and their own control copies lie furthest apart. No torch."""

from __future__ import annotations

from typing import Final

import numpy as np

from wherefrom.core.arrays import Matrix, Vector
from wherefrom.core.errors import NoTrace
from wherefrom.methods.arithmetic.covariance import NARROWEST, shrunk
from wherefrom.methods.base import Fit

__all__ = ["fit_discriminant", "projected"]

_NEAREST: Final = 1.0
"""Standard deviations of the copies by which the mean belonging must lie below them."""


def fit_discriminant(belonging: Matrix, copies: Matrix, *, shrinkage: float) -> Fit:
    """Fisher's linear discriminant between belongings and images that are like them but for the decoder's trace.

    With m and S the means and covariances and C = S_belonging + S_copies, the direction is the w >= 0 that minimises
    w' C w / 2 - w' (m_copies - m_belonging). No weight is negative, so an image that is further from the decoder in
    some number never scores lower for it, whatever else it is. The scale makes the copies' standard deviation 1.

    Args:
        belonging: `(n, k)`, finite.
        copies: `(m, k)`, finite.
        shrinkage: s, in (0, 1]: the correlation R of C becomes (1 - s) R + s I.

    Returns:
        `weights`, shape `(k,)`, none negative, and `centre`, shape `(k,)`, the copies' mean.

    Raises:
        NoTrace: when belongings do not lie below their copies: the copies have not lost the trace.
    """
    from scipy.linalg import solve_triangular  # loading both takes longer than to verify a bundle
    from scipy.optimize import nnls

    centre = copies.mean(axis=0)
    varying = np.cov(copies, rowvar=False)
    together = np.cov(belonging, rowvar=False) + varying
    deviations = np.maximum(np.sqrt(np.diag(together)), NARROWEST)
    root = np.linalg.cholesky(shrunk(together / np.outer(deviations, deviations), shrinkage))
    further = (centre - belonging.mean(axis=0)) / deviations
    weights = nnls(root.T, solve_triangular(root, further, lower=True))[0] / deviations
    deviation = max(float(np.sqrt(weights @ varying @ weights)), NARROWEST * float(weights.sum()))
    if not weights @ (centre - belonging.mean(axis=0)) > _NEAREST * deviation:
        raise NoTrace(
            "the belongings are reconstructed no better than their control copies, so these copies tell nothing: the"
            " model draws turned or mirrored images as well, or the images are not its own; try other copies, as"
            " turn90+shift, or another method"
        )
    return {"weights": weights / deviation, "centre": centre}


def projected(rows: Matrix, fit: Fit) -> Vector:
    """How far each row lies above the copies' mean in that direction, in the copies' standard deviations.

    Args:
        rows: `(n, k)`.
        fit: of `fit_discriminant`.
    """
    distance: Vector = (rows - fit["centre"]) @ fit["weights"]
    return distance
