"""Step sizes against what the papers' programs do."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wherefrom.core.errors import UsageError
from wherefrom.core.units import SCHEDULES, Schedule
from wherefrom.inversion.schedules import step_sizes


def test_the_trace_of_latenttracer() -> None:
    expected = [0.05] + [0.025] * 50 + [0.0125] * 49
    assert step_sizes("halved", rate=0.05, steps=100).tolist() == pytest.approx(expected, rel=1e-12)


def test_that_of_ronan_is_constant() -> None:
    assert step_sizes("constant", rate=0.1, steps=1500).tolist() == [0.1] * 1500


def test_that_of_gradient_free_inversion_warms_up_falls_and_is_frozen() -> None:
    """Ten steps up to the rate, a cosine that would reach 0 at the hundredth, nothing from the eightieth on."""
    sizes = step_sizes("frozen", rate=0.01, steps=100).tolist()
    assert sizes[:10] == pytest.approx([0.001 * (step + 1) for step in range(10)])
    falling = [0.01 * (1 + math.cos(math.pi * (step - 10) / 90)) / 2 for step in range(10, 80)]
    assert sizes[10:80] == pytest.approx(falling, rel=1e-9)
    assert sizes[80:] == [0.0] * 20


def test_the_cosine_falls_to_a_hundredth() -> None:
    sizes = step_sizes("cosine", rate=0.2, steps=50)
    assert sizes[0] == pytest.approx(0.2)
    assert sizes[25] == pytest.approx(0.2 * 0.505)
    assert 0.002 < sizes[-1] < 0.003
    assert (sizes.diff() < 0).all()


@given(st.sampled_from(SCHEDULES), st.integers(1, 400), st.floats(1e-6, 10))
def test_every_schedule_has_a_size_for_each_step_and_never_more_than_the_rate(
    schedule: Schedule, steps: int, rate: float
) -> None:
    sizes = step_sizes(schedule, rate=rate, steps=steps)
    assert sizes.shape == (steps,)
    assert sizes.dtype == torch.float64
    assert (sizes >= 0).all()
    assert sizes.max() <= rate * (1 + 1e-12)
    assert sizes[0] > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"schedule": "linear"}, "'linear' is none of constant, cosine"),
        ({"rate": 0.0}, "rate=0.0, need a positive"),
        ({"rate": math.inf}, "rate=inf, need a positive"),
        ({"steps": 0}, "steps=0, need at least 1"),
    ],
)
def test_what_is_out_of_range_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        step_sizes(**{"schedule": "constant", "rate": 0.1, "steps": 3, **options})
