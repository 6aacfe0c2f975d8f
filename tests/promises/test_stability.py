"""What stability promises: no error becomes more frequent by it; what it costs is answers that are left undecided."""

from __future__ import annotations

import numpy as np
import pytest

from tests.toy_tables import PLAIN, table
from wherefrom.attribution import steady_verdicts
from wherefrom.judging import calibrate, judge
from wherefrom.records.stability import AfterChange, Stability
from wherefrom.records.verdict import Outcome, Verdicts

ALPHA, BETA, COUNT = 0.05, 0.02, 100


def judged(values: np.ndarray[tuple[int], np.dtype[np.float64]], own: int, rng: np.random.Generator) -> Verdicts:
    pool = {"photos": table(rng.normal(3.0, 1.0, own), "photo")}
    profile = calibrate(belonging=table(rng.normal(0.0, 1.0, own), "own"), foreign=pool, method=PLAIN)
    return judge(table(values, "query"), profile=profile, method=PLAIN, alpha=ALPHA, beta=BETA)


@pytest.mark.parametrize("dependence", [0.0, 0.9])
def test_errors_only_fall_and_misses_rise_by_no_more_than_the_changes_tried(dependence: float) -> None:
    """Statistics after a change share a part with those before it; the profile covers both, so both have its law."""
    rng = np.random.default_rng(3)
    changes = 3
    wrong = {"claims": np.zeros(2), "exclusions": np.zeros(2), "unsupported": np.zeros(2)}
    runs = 12
    for _ in range(runs):
        for mean, error in ((0.0, "exclusions"), (3.0, "claims")):
            common = rng.normal(size=COUNT)
            noise = rng.normal(size=(changes + 1, COUNT))
            values = mean + np.sqrt(dependence) * common + np.sqrt(1 - dependence) * noise
            every = judged(values.ravel(), 99, rng)
            rows = [every[place * COUNT : (place + 1) * COUNT] for place in range(changes + 1)]
            before = Verdicts(rows[0])
            stabilities = [
                Stability(
                    name=verdict.image.name,
                    rows=tuple(
                        AfterChange(
                            change=str(place),
                            words="changed",
                            outcomes={"toy": rows[place][row].outcome},
                            statistics={"toy": rows[place][row].statistic},
                            covered={"toy": True},
                        )
                        for place in range(1, changes + 1)
                    ),
                )
                for row, verdict in enumerate(before)
            ]
            left = steady_verdicts(before, stabilities, candidate="toy")
            counted = Outcome.EXCLUDED if error == "exclusions" else Outcome.SUPPORTED
            wrong[error] += [sum(each.outcome is counted for each in said) / COUNT for said in (before, left)]
            if error == "exclusions":
                wrong["unsupported"] += [
                    sum(each.outcome is not Outcome.SUPPORTED for each in said) / COUNT for said in (before, left)
                ]
            for old, new in zip(before, left, strict=True):
                assert new.outcome in (old.outcome, Outcome.UNDECIDED)
    shares = {name: counts / runs for name, counts in wrong.items()}
    assert shares["claims"][1] <= shares["claims"][0] <= BETA + 0.015
    assert shares["exclusions"][1] <= shares["exclusions"][0] <= ALPHA + 0.02
    assert 0 <= shares["unsupported"][1] - shares["unsupported"][0] <= changes * (ALPHA + 0.02)
