"""Shares of counts, exactly; and the reference statistics that are counted among, checked."""

from __future__ import annotations

import math

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.options import check_number

__all__ = ["check_share", "checked", "count_within", "fewest", "rounded_up", "varying"]


def check_share(name: str, value: float) -> float:
    """A share strictly between 0 and 1, as alpha and beta are.

    Args:
        name: of the argument, for the message.
        value: what was given.

    Raises:
        UsageError: when it is not, or is no number.
    """
    value = check_number(name, value, float)
    if not 0.0 < value < 1.0:
        raise UsageError(f"{name}={value:g} is outside (0, 1): give a share such as 0.05")
    return float(value)


def count_within(total: int, share: float) -> int:
    """How many of `total` are at most that share: the largest integer r with `r / total <= share`.

    A quotient of two integers and a share written in decimals are rounded to float64 in the same way, so that this
    comparison is that of the exact numbers: 1 of 20 is within 0.05, and 3 of 10 within 0.3, although `20 * 0.05` and
    `10 * 0.3` are not exact.

    Args:
        total: how many there are.
        share: from 0 to 1.
    """
    count = min(total, max(0, math.floor(total * share)))
    while count < total and (count + 1) / total <= share:
        count += 1
    while count > 0 and count / total > share:
        count -= 1
    return count


def fewest(share: float) -> int:
    """The fewest reference images n whose smallest rank p-value, `1 / (n + 1)`, is at most the share: 19 for 0.05."""
    count = max(1, math.ceil(1.0 / share) - 1)
    while 1.0 / (count + 1) > share:
        count += 1
    while count > 1 and 1.0 / count <= share:
        count -= 1
    return count


def rounded_up(value: float, digits: int = 3) -> float:
    """The value with a few significant digits, never smaller than it was: advice that works when it is followed.

    Args:
        value: positive.
        digits: that are kept.
    """
    scale = 10.0 ** (digits - 1 - math.floor(math.log10(value)))
    return math.ceil(value * scale) / scale


def checked(belonging: Vector, needed: int) -> Vector:
    """Statistics of belongings as float64, all of them finite and enough of them.

    Args:
        belonging: `(n,)`.
        needed: the least n.

    Raises:
        ProfileError: when one is undefined, or there are fewer than `needed`.
    """
    values = np.asarray(belonging, dtype=np.float64)
    if values.ndim != 1:
        raise ProfileError(f"statistics of belongings have shape {values.shape}, need one number an image: (n,)")
    undefined = int(np.count_nonzero(~np.isfinite(values)))
    if undefined:
        raise ProfileError(f"{undefined} of {len(values)} statistics of belongings are undefined: leave those out")
    if len(values) < needed:
        raise ProfileError(f"the rule needs at least {needed} belonging images, got {len(values)}: add images")
    return values


def varying(belonging: Vector, needed: int) -> tuple[Vector, float]:
    """`checked` statistics and their sample standard deviation (ddof 1), which must not be zero.

    Raises:
        ProfileError: as `checked`, and when all belongings score the same to within rounding.
    """
    values = checked(belonging, needed)
    spread = float(np.std(values, ddof=1))
    if spread <= 1e-12 * float(np.max(np.abs(values))) or spread < 1e-150:
        raise ProfileError(
            f"the statistics of {len(values)} belonging images do not vary (standard deviation {spread:.3g}): "
            "this rule needs a spread; add different images or use rule 'conformal'"
        )
    return values, spread
