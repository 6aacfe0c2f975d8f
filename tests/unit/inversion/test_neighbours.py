"""What is found for an image depends on no other image: alone, in any batch, in any order, whoever leaves when."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.inversion.problems import Watched, drawn_for, find, images_of, model_of, search_of
from wherefrom.core.tensors import Images
from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree, Optimiser
from wherefrom.inversion.results import SearchResult
from wherefrom.inversion.search import Plateau, Race

STEPS = 60
CLOSE = 1e-4
FULL: list[tuple[str, Optimiser]] = [
    ("toy", Adam(rate=0.1, schedule="cosine")),
    ("toy", GradientFree(rate=0.1)),
    ("dcgan", Adam(rate=0.1)),
    ("vae", LBFGS()),
    ("kl", Adam(rate=0.05, schedule="cosine")),
    ("tiny", LBFGS()),
]


def close(one: SearchResult, other: SearchResult) -> None:
    assert (one.error, one.calls, one.restart) == (other.error, other.calls, other.restart)
    assert one.loss == pytest.approx(other.loss, rel=CLOSE)
    assert one.start == pytest.approx(other.start, rel=CLOSE)
    assert one.latent is not None
    assert other.latent is not None
    scale = float(other.latent.abs().max())
    torch.testing.assert_close(one.latent, other.latent, rtol=0, atol=CLOSE * scale)


@pytest.mark.parametrize(("name", "optimiser"), FULL, ids=[f"{name}-{type(by).__name__}" for name, by in FULL])
def test_after_a_full_search(name: str, optimiser: Optimiser) -> None:
    """All together; the same in another order, with one that leaves in the middle; those that stay, alone."""
    model, slow = model_of(name), name in ("kl", "tiny")
    images = images_of(model, 2 if slow else 3, side=8 if slow else 16)
    steps = STEPS // 3 if slow or isinstance(optimiser, LBFGS) else STEPS
    search = search_of(steps=steps, optimiser=optimiser)
    together = find(model, images, search)
    trace = together[1].trace
    assert trace is not None
    cut = float(trace[0, : steps // 2].min())  # image 1 goes under it in the second half, or at its best before
    cuts = torch.tensor([float("nan"), cut * 1.0001, float("nan")], dtype=torch.float64)[: len(images)]
    shuffled = find(model, images, search, rows=reversed(range(len(images))), cuts=cuts)
    for image in range(0, len(images), 2):
        close(shuffled[image], together[image])
        close(find(model, images, search, rows=[image])[image], together[image])
    assert next(iter(shuffled)) == 1
    last = int((trace[0] < cut * 1.0001).nonzero()[0][0])
    assert (shuffled[1].calls, last < steps) == (last + 1, True)
    assert shuffled[1].loss == pytest.approx(trace[0, : last + 1].min(), rel=CLOSE)
    assert len({round(found.loss, 12) for found in together.values()}) == len(images)


_FLAT = search_of(steps=25, optimiser=Adam(rate=0.2), plateau=Plateau(steps=6, share=0.3))
PLANS = {"raced": replace(_FLAT, stop=replace(_FLAT.stop, race=Race(steps=8, keep=2))), "plain": _FLAT}
"""Images race side by side from the first step; without a race they enter as others leave, at a narrow width."""


@functools.cache
def _alone(name: str, plan: str, cut: float | None) -> tuple[Images, list[SearchResult]]:
    """Six images, and what is found for each where there is no other."""
    model = model_of(name)
    images = images_of(model, 6)
    cuts = None if cut is None else torch.full((6,), cut, dtype=torch.float64)
    return images, [find(model, images, PLANS[plan], rows=[i], restarts=3, cuts=cuts)[i] for i in range(6)]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("name", ["toy", "dcgan"])
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=6, unique=True),
    st.sets(st.integers(0, 5)),
    st.sampled_from([None, 1, 3, 5, 7]),
    st.sampled_from([10**9, 2, 5]),
)
@example([5, 4, 3, 2, 1, 0], {0, 3}, 7, 10**9)
@settings(max_examples=5)
def test_in_any_company(name: str, plan: str, rows: list[int], leaving: set[int], width: int | None, fits: int) -> None:
    """In any order, in evaluations of any width, with restarts that race and flatten, and images that leave early."""
    cut = 0.05
    images, whole = _alone(name, plan, None)
    _, short = _alone(name, plan, cut)
    cuts = torch.tensor([cut if image in leaving else float("nan") for image in range(6)], dtype=torch.float64)
    model: Any = Watched(model=model_of(name), width=width, fits=fits)
    starts = drawn_for(model_of(name), images, 3)
    found = find(model, images, PLANS[plan], rows=rows, starts=starts, cuts=cuts)
    assert sorted(found) == sorted(rows)
    for image in rows:
        close(found[image], short[image] if image in leaving else whole[image])


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("name", ["toy", "dcgan"])
def test_the_company_above_is_one_in_which_something_happens(name: str, plan: str) -> None:
    _, whole = _alone(name, plan, None)
    _, short = _alone(name, plan, 0.05)
    assert any(left.calls < stayed.calls for left, stayed in zip(short, whole, strict=True))
    assert len({found.calls for found in whole}) > 1
    assert any(found.calls < 3 * 26 for found in whole)
