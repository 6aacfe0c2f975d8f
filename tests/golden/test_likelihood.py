"""Likelihood ratios, their bounds and their cost, as the package `lir` of the Netherlands Forensic Institute has them.

The numbers are of `lir` 1.3.1, installed by `pip install lir==1.3.1` into an environment of its own, and made by

    python - <<'END'
    import numpy as np
    from lir.algorithms.bayeserror import elub
    from lir.algorithms.logistic_regression import LogitCalibrator
    from lir.data.models import LLRData
    from lir.metrics import cllr, cllr_min
    for n, m, shift in ((80, 80, 1.5), (60, 200, 3.0), (12, 15, 1.0)):
        rng = np.random.default_rng(11)
        ours, theirs = rng.normal(0, 1, n), rng.normal(shift, 1, m)
        middle, (low, high) = np.median(ours), np.quantile(ours, (0.16, 0.84))
        x = -(np.concatenate([ours, theirs]) - middle) / ((high - low) / 2)
        y = np.repeat([1, 0], [n, m])
        line = LogitCalibrator(C=100.0, tol=1e-8)
        line.fit(x, y)
        ratios = line.transform(x)
        data = LLRData(features=ratios[:, None], labels=y)
        at = [line.transform(np.array([-(s - middle) / ((high - low) / 2)]))[0] for s in (0.0, 2.0)]
        print(at, elub(ratios.copy(), y), cllr(data), cllr_min(data))
    END

Its bounds are searched on a grid of 0.01.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pytest

from tests.toy_tables import PLAIN, table
from wherefrom.evaluation import cllr, empirical_bounds, likelihood_ratio
from wherefrom.judging import calibrate

RECORDED: Final[tuple[tuple[tuple[int, int, float], dict[str, Any]], ...]] = (
    (
        (80, 80, 1.5),
        {
            "at": (0.6165175947485217, -1.0106098558086056),
            "elub": (-1.26, 0.82),
            "cllr": (0.6246158762635887, 0.548642689035032),
        },
    ),
    (
        (60, 200, 3.0),
        {
            "at": (3.3702080372198417, -1.5420947546647847),
            "elub": (-1.71, 2.11),
            "cllr": (0.11072705990927931, 0.08299757516696285),
        },
    ),
    (
        (12, 15, 1.0),
        {
            "at": (0.1494489085938329, -0.490934025833925),
            "elub": (-0.12, 0.21),
            "cllr": (0.9303395652110753, 0.7557908912465636),
        },
    ),
)


@pytest.mark.parametrize(("drawn", "expected"), RECORDED, ids=["overlapping", "apart", "few"])
def test_ratios_bounds_and_cost_are_those_of_lir(drawn: tuple[int, int, float], expected: dict[str, Any]) -> None:
    n, m, shift = drawn
    rng = np.random.default_rng(11)
    ours, theirs = rng.normal(0, 1, n), rng.normal(shift, 1, m)
    profile = calibrate(belonging=table(ours, "b"), foreign={"x": table(theirs, "f")}, method=PLAIN)
    line = likelihood_ratio(profile)
    slope, at_centre = line.slope / line.spread / np.log(10), line.intercept / np.log(10)

    def unbounded(statistic: np.ndarray) -> np.ndarray:
        return np.asarray(at_centre - slope * (statistic - line.centre))

    assert unbounded(np.array([0.0, 2.0])) == pytest.approx(expected["at"], abs=1e-6)
    assert (line.low, line.high) == pytest.approx(expected["elub"], abs=0.0101)
    assert empirical_bounds(unbounded(ours), unbounded(theirs)) == pytest.approx((line.low, line.high))
    cost = cllr(unbounded(ours), unbounded(theirs))
    assert (cost.value, cost.minimum) == pytest.approx(expected["cllr"], abs=1e-7)
