"""Several claims about one image at once: Holm's step-down correction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wherefrom.core.arrays import Matrix, Vector

__all__ = ["holm", "levels"]


def levels(candidates: int, beta: float) -> Vector:
    """The level of each step, for the smallest p-value first: beta / k, beta / (k - 1), ..., beta. Shape `(k,)`.

    Args:
        candidates: k, how many hypotheses are tested together.
        beta: the bound on a false rejection among them.
    """
    return beta / (candidates - np.arange(candidates, dtype=np.float64))


def holm(p: Matrix, beta: float) -> npt.NDArray[np.bool_]:
    """Which hypotheses are rejected when those of each row are tested together (Holm 1979).

    Promise: the chance that any true hypothesis of a row is rejected is at most beta, however the p-values depend on
    each other. A p-value that is NaN counts as 1: it is never rejected.

    Args:
        p: one row an image, one column a hypothesis, shape `(n, k)`.
        beta: the bound on a false rejection in a row.
    """
    filled = np.where(np.isnan(p), 1.0, p)
    order = np.argsort(filled, axis=1, kind="stable")
    passed = np.take_along_axis(filled, order, axis=1) <= levels(filled.shape[1], beta)
    rejected = np.zeros(filled.shape, dtype=np.bool_)
    np.put_along_axis(rejected, order, np.logical_and.accumulate(passed, axis=1), axis=1)
    return rejected
