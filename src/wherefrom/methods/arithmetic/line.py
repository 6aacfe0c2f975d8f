"""Adjustments of a statistic for what an image is made of, learned from belongings alone or not at all."""

from __future__ import annotations

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError
from wherefrom.methods.base import Fit

__all__ = ["fit_line", "off_line"]

_FEWEST = 5


def fit_line(x: Vector, y: Vector) -> Fit:
    """The least-squares line of y on x over the rows where both are finite: `intercept` and `slope`, shape `(1,)` each.

    Args:
        x: `(n,)`.
        y: `(n,)`.

    Raises:
        ProfileError: when fewer than five rows are finite, or x does not vary.
    """
    finite = np.isfinite(x) & np.isfinite(y)
    if np.count_nonzero(finite) < _FEWEST:
        count = np.count_nonzero(finite)
        raise ProfileError(
            f"a residual needs {_FEWEST} belonging images to fit on, half of them all, got {count}: add images"
        )
    centred = x[finite] - x[finite].mean()
    variation = float(centred @ centred)
    if variation <= 1e-12:
        raise ProfileError(
            "a residual needs belonging images that differ, and these do not: add others or adjustment 'none'"
        )
    slope = float(centred @ y[finite]) / variation
    return {"intercept": np.array([y[finite].mean() - slope * x[finite].mean()]), "slope": np.array([slope])}


def off_line(x: Vector, y: Vector, fit: Fit) -> Vector:
    """How far y is above the line at x.

    Args:
        x: `(n,)`.
        y: `(n,)`.
        fit: of `fit_line`.
    """
    return y - (fit["intercept"] + fit["slope"] * x)
