"""`Conformal`: of images exchangeable with the belongings at most a share alpha is excluded, at every n, with ties."""

from __future__ import annotations

import numpy as np
import pytest

from tests.promises.samples import DRAWS, SIZES, surely_more
from wherefrom.judging.ranks import p_foreign
from wherefrom.rules.conformal import Conformal

TRIALS = 4000
ALPHAS = (0.05, 0.06, 0.2)


def _misses(draw: str, n: int, seed: int) -> dict[float, int]:
    """How often one more image from the same source is excluded, each time among n new belongings."""
    rng = np.random.default_rng(seed)
    counts = dict.fromkeys(ALPHAS, 0)
    for values in DRAWS[draw](rng, (TRIALS, n + 1)):
        belonging, image = values[:n], values[n:]
        p = float(Conformal().p_value(image, belonging)[0])
        for alpha in ALPHAS:
            missed = p <= alpha
            counts[alpha] += missed
    return counts


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("draw", DRAWS)
def test_misses_are_at_most_alpha(draw: str, n: int) -> None:
    for alpha, missed in _misses(draw, n, seed=n).items():
        assert not surely_more(missed, TRIALS, alpha), (missed / TRIALS, alpha)
        if draw != "ties" and n == 19 and alpha != 0.06:
            assert not surely_more(TRIALS - missed, TRIALS, 1 - alpha), "it misses far fewer than it may"


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("draw", DRAWS)
def test_false_claims_are_at_most_beta(draw: str, n: int) -> None:
    """The same from the other side: one more image of the pool ranks under all of it."""
    rng = np.random.default_rng(1000 + n)
    claimed = dict.fromkeys(ALPHAS, 0)
    for values in DRAWS[draw](rng, (TRIALS, n + 1)):
        p = float(p_foreign(values[n:], values[:n])[0])
        for beta in ALPHAS:
            claimed[beta] += p <= beta
    for beta, count in claimed.items():
        assert not surely_more(count, TRIALS, beta), (count / TRIALS, beta)


def test_a_tighter_promise_would_be_noticed() -> None:
    """With counting that forgets the image itself, misses are alpha + 1 / (n + 1): the simulation must see that."""
    rng = np.random.default_rng(0)
    values = DRAWS["normal"](rng, (TRIALS, 20))
    without = (values[:, :19] >= values[:, 19:]).sum(axis=1) / 19
    assert surely_more(int((without <= 0.06).sum()), TRIALS, 0.06)
