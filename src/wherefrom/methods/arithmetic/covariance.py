"""How several numbers vary together among belongings, and how far an image is from that. No torch."""

from __future__ import annotations

from typing import Final

import numpy as np

from wherefrom.core.arrays import Matrix, Vector
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.methods.base import Fit

__all__ = [
    "FEWEST",
    "NARROWEST",
    "check_learning",
    "check_shrinkage",
    "excess",
    "fit_covariance",
    "learned",
    "shrunk",
    "squared_distance",
    "where_judged",
]

FEWEST: Final = 8
"""Rows from which standard deviations and correlation are learned, at least."""
NARROWEST: Final = 1e-3
"""Standard deviation below which a number counts as this wide: belongings that hardly differ there."""


def check_learning(*, shrinkage: float, easiest: float, floor: float) -> None:
    """Refuse options of learning that are out of range.

    Args:
        shrinkage: a share in (0, 1].
        easiest: a share in [0, 1).
        floor: a mean squared error, not negative.

    Raises:
        UsageError: when one is.
    """
    check_shrinkage(shrinkage)
    if not 0 <= easiest < 1:
        raise UsageError(f"easiest={easiest} is outside [0, 1): give a share such as 0.02")
    if not floor >= 0:
        raise UsageError(f"floor={floor} is negative: give a mean squared error on [0, 1]")


def check_shrinkage(shrinkage: float) -> None:
    """Refuse a share that leaves a covariance without an inverse.

    Raises:
        UsageError: when it is outside (0, 1].
    """
    if not 0 < shrinkage <= 1:
        raise UsageError(f"shrinkage={shrinkage} is outside (0, 1]: at 0 the covariance has no inverse")


def shrunk(correlation: Matrix, shrinkage: float) -> Matrix:
    """(1 - s) R + s I.

    Args:
        correlation: R, `(k, k)`.
        shrinkage: s, in (0, 1].
    """
    result: Matrix = (1 - shrinkage) * correlation + shrinkage * np.eye(len(correlation))
    return result


def learned(rows: Matrix, second: Vector, *, method: str, shrinkage: float, easiest: float, floor: float) -> Fit:
    """What `fit_covariance` learns of belongings that are above the floor, with `least`.

    Args:
        rows: of belongings, `(n, k)`.
        second: their L2, `(n,)`.
        method: whose name the error has.
        shrinkage: as of `fit_covariance`.
        easiest: the share of belongings whose L2 is too low to judge an image by; `least`, shape `(1,)`, is where.
        floor: L2 at or below which a belonging is left out.

    Raises:
        ProfileError: when fewer than `FEWEST` are left.
    """
    kept = second > floor
    if np.count_nonzero(kept) < FEWEST:
        raise ProfileError(
            f"{method} learns from {FEWEST} belonging images at least, half of all, got {np.count_nonzero(kept)}: add"
            " images"
        )
    least = np.quantile(second[kept], easiest) if easiest > 0 else floor
    return {**fit_covariance(rows[kept], shrinkage=shrinkage), "least": np.array([least])}


def where_judged(second: Vector, statistic: Vector, fit: Fit, *, floor: float) -> Vector:
    """The statistic; NaN where L2 is at or below the floor or belongings' `least`.

    Args:
        second: L2 of each image, `(n,)`.
        statistic: of each image, `(n,)`.
        fit: of `learned`.
        floor: L2 at or below which an image is undefined.
    """
    return np.where(second > max(floor, float(fit["least"][0])), statistic, np.nan)


def fit_covariance(rows: Matrix, *, shrinkage: float) -> Fit:
    """`centre`, shape `(k,)`, and `root` of the inverse covariance row by row, `(k * k,)`.

    Args:
        rows: of belongings, `(n, k)`, finite, n at least `FEWEST`.
        shrinkage: s, in (0, 1]: the correlation R becomes (1 - s) R + s I.
    """
    deviations = np.maximum(rows.std(axis=0, ddof=1), NARROWEST)
    scaled = (rows - rows.mean(axis=0)) / deviations
    correlation = scaled.T @ scaled / (len(rows) - 1)
    values, vectors = np.linalg.eigh(shrunk(correlation, shrinkage))
    root = (vectors / np.sqrt(values)).T / deviations
    return {"centre": rows.mean(axis=0), "root": root.ravel()}


def squared_distance(rows: Matrix, fit: Fit) -> Vector:
    """The squared Mahalanobis distance of each row, over k.

    Args:
        rows: `(n, k)`.
        fit: of `fit_covariance`.
    """
    root = fit["root"].reshape(-1, len(fit["centre"]))
    distances: Vector = np.square((rows - fit["centre"]) @ root.T).mean(axis=1)
    return distances


def excess(rows: Matrix, fit: Fit) -> Vector:
    """How far rows are above belongings in some of their numbers, given the others: the mean of max(0, g)^2.

    With z the rows in standard deviations from the mean and C the shrunk correlation, g = C^-1 z is the score, the
    gradient of the normal log likelihood, for a shift upward of each number alone. What all numbers share by their
    content is taken out, and what lies below the mean counts for nothing.

    Args:
        rows: `(n, k)`.
        fit: of `fit_covariance`.
    """
    root = fit["root"].reshape(-1, len(fit["centre"]))
    precision = root.T @ root
    deviations = np.sqrt(np.diag(np.linalg.inv(precision)))  # C has ones on its diagonal
    scores = (rows - fit["centre"]) @ precision * deviations
    above: Vector = np.square(np.maximum(scores, 0.0)).mean(axis=1)
    return above
