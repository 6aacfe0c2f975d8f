"""The error rates that a profile states of itself: its true rates lie in their intervals as often as is said.

A profile and its parts are simulated as arrays; a test sees that the product counts the same for the same numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from scipy import stats

from tests.toy_tables import PLAIN, table
from wherefrom.evaluation import clopper_pearson, cross_fit
from wherefrom.judging import calibrate

ALPHA: Final = 0.1
BETA: Final = 0.05
PARTS: Final = 10
PROFILES: Final = 1000
CONFIDENCE: Final = 0.95


def cut_above(ours: np.ndarray) -> np.ndarray:
    """Of each row of belongings, the statistic above which an image is excluded at alpha."""
    n = ours.shape[1]
    return np.sort(ours, axis=1)[:, n - int((n + 1) * ALPHA + 1e-9)]


def cut_below(pool: np.ndarray) -> np.ndarray:
    """Of each row of a pool, the statistic below which an image is claimed at beta."""
    return np.sort(pool, axis=1)[:, int((pool.shape[1] + 1) * BETA + 1e-9) - 1]


def counted(ours: np.ndarray, pool: np.ndarray, part: np.ndarray, part_of_pool: np.ndarray) -> dict[str, np.ndarray]:
    """Missed and found belongings and false claims of each profile, every part judged without itself."""
    found = {name: np.zeros(len(ours), dtype=np.intp) for name in ("missed", "found", "false claims")}
    below = cut_below(pool)
    for each in range(PARTS):
        own, rest = ours[:, part == each], ours[:, part != each]
        above = cut_above(rest)
        found["missed"] += (own > above[:, None]).sum(axis=1)
        found["found"] += ((own <= above[:, None]) & (own < below[:, None])).sum(axis=1)
        theirs = pool[:, part_of_pool == each]
        limit = np.minimum(cut_above(ours), np.nextafter(cut_below(pool[:, part_of_pool != each]), -np.inf))
        found["false claims"] += (theirs <= limit[:, None]).sum(axis=1)
    return found


def test_the_product_counts_what_is_simulated_here() -> None:
    rng = np.random.default_rng(5)
    ours, pool = rng.normal(0, 1, (1, 50)), rng.normal(2, 1, (1, 70))
    tables = table(ours[0], "b"), table(pool[0], "p")
    profile = calibrate(belonging=tables[0], foreign={"p": tables[1]}, method=PLAIN)
    found = cross_fit(profile, alpha=ALPHA, beta=BETA, method=PLAIN)
    assert found.parts == {None: PARTS, "p": PARTS}
    parts = [_parts([str(one.pixel_digest) for one in each.images]) for each in tables]
    expected = counted(ours, pool, *parts)
    assert found.found is not None
    assert [found.missed.count, found.found.count, found.false_claims["p"].count] == [
        int(expected[name][0]) for name in ("missed", "found", "false claims")
    ]


def _parts(digests: list[str]) -> np.ndarray:
    """The part of each image: in the order of a hash of its pixels, one after another."""
    import hashlib

    keys = [hashlib.sha256(f"part:{digest}".encode()).digest() for digest in digests]
    part = np.empty(len(keys), dtype=np.intp)
    part[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys)) % PARTS
    return part


@pytest.mark.parametrize("shift", [2.0, 4.0], ids=["overlapping", "apart"])
def test_a_profiles_own_rates_lie_in_their_intervals_as_often_as_is_said(shift: float) -> None:
    rng = np.random.default_rng(7)
    n, m = 60, 100
    ours, pool = rng.normal(0, 1, (PROFILES, n)), rng.normal(shift, 1, (PROFILES, m))
    counts = counted(ours, pool, np.arange(n) % PARTS, np.arange(m) % PARTS)
    claimed = np.minimum(cut_above(ours), cut_below(pool))
    true = {
        "missed": stats.norm.sf(cut_above(ours)),
        "found": stats.norm.cdf(claimed),
        "false claims": stats.norm.cdf(claimed - shift),
    }
    for name, total in (("missed", n), ("found", n), ("false claims", m)):
        ends = np.array([clopper_pearson(int(count), total, CONFIDENCE) for count in counts[name]])
        held = int(np.count_nonzero((ends[:, 0] <= true[name]) & (true[name] <= ends[:, 1])))
        assert stats.binom.cdf(held, PROFILES, CONFIDENCE) > 1e-6, f"{name}: {held} of {PROFILES}"
