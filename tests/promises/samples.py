"""Statistics to simulate promises with, and the bound on what chance may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from scipy import stats

Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray[tuple[int, ...], np.dtype[np.float64]]]

DRAWS: Final[Mapping[str, Draw]] = {
    "normal": lambda rng, shape: rng.normal(0.0, 1.0, shape),
    "log-normal": lambda rng, shape: np.exp(rng.normal(0.0, 1.0, shape)),
    "heavy tails": lambda rng, shape: rng.standard_t(2, shape),
    "ties": lambda rng, shape: np.round(rng.normal(0.0, 1.0, shape)),
}
SIZES: Final = (19, 50, 100, 500)


def surely_more(count: int, trials: int, bound: float) -> bool:
    """Whether so many of independent trials have a probability under 1e-6 when each has at most this chance."""
    return bool(stats.binom.sf(count - 1, trials, bound) < 1e-6)


def surely_more_over(counts: Sequence[int], images: int, bound: float) -> bool:
    """Whether over independent profiles, of which each judges so many images, the mean share is above the bound.

    Images of one profile share its cuts and are no independent trials, so the shares of profiles are compared with the
    bound: a one-sided t-test at 1e-6. Several images a profile tell nearly as much as that many profiles, at a fraction
    of the time: where n belongings are ranked, images of one profile correlate by about 1 / (n + 1).

    Args:
        counts: of each profile, how many of its images met the error.
        images: that each profile judged.
        bound: on the chance of an error.
    """
    shares = np.asarray(counts, dtype=np.float64) / images
    if shares.std() == 0:
        return bool(shares[0] > bound)
    return bool(stats.ttest_1samp(shares, bound, alternative="greater").pvalue < 1e-6)
