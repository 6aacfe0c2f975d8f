"""Statistics to simulate promises with, and the bound on what chance may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
