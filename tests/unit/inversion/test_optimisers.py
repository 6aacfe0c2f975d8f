"""Optimisers against torch's own, against minima known on paper, and against a loop written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import scipy.optimize
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.inversion.problems import find, images_of, model_of, search_of
from wherefrom.core.errors import UsageError
from wherefrom.core.tensors import generator
from wherefrom.core.units import SCHEDULES, Schedule
from wherefrom.inversion.optimiser_input import Memory, OptimiserInput
from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree, Optimiser
from wherefrom.inversion.schedules import step_sizes

Function = Callable[[torch.Tensor], torch.Tensor]
"""Points `(p, d)` to values `(p,)`, each of its own point alone."""


def quadratics(count: int, dims: int, condition: float, seed: int) -> tuple[Function, torch.Tensor]:
    """Sums of squares around known minima at 0, with axes turned at random; the minima, `(count, dims)`."""
    source = generator(seed)
    turn = torch.linalg.qr(torch.randn((count, dims, dims), generator=source, dtype=torch.float64)).Q
    curves = condition ** torch.linspace(-1, 0, dims, dtype=torch.float64)
    lowest = torch.randn((count, dims), generator=source, dtype=torch.float64)

    def value(points: torch.Tensor) -> torch.Tensor:
        along = torch.einsum("pij,pi->pj", turn, points - lowest)
        return (curves * along**2).sum(1)

    return value, lowest


def rosenbrock(points: torch.Tensor) -> torch.Tensor:
    """0 at (1, 1), at the end of a bent valley."""
    x, y = points[:, 0], points[:, 1]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def wavy(points: torch.Tensor) -> torch.Tensor:
    """Many minima, curvature of both signs."""
    return (points**2 / 20 + 1 - torch.cos(3 * points)).sum(1)


def walk(
    optimiser: Optimiser, function: Function, start: torch.Tensor, steps: int
) -> tuple[torch.Tensor, list[dict[str, torch.Tensor]]]:
    """The values at all points asked about, `(steps, p)`, and what was remembered after each."""
    memory: Memory = optimiser.start(start)
    points, values, kept = start.clone(), [], []
    for number in range(steps):
        asked = points.detach().requires_grad_()
        value = function(asked)
        (slope,) = torch.autograd.grad(value.sum(), asked)
        values.append(value.detach())
        step = torch.full((len(start),), number)
        points = optimiser.step(
            OptimiserInput(latents=asked.detach(), gradient=slope, loss=value.detach().double(), step=step),
            memory,
            steps=steps,
        )
        kept.append({name: tensor.clone() for name, tensor in memory.items()} | {"next": points})
    return torch.stack(values), kept


def calls_until(values: torch.Tensor, share: float) -> list[float]:
    """How many calls each problem takes until a share of its first value is left; inf where they were not enough."""
    under = values <= share * values[0]
    return [float(column.double().argmax()) + 1 if column.any() else math.inf for column in under.T]


@given(
    st.integers(0, 10**6),
    st.sampled_from(SCHEDULES),
    st.sampled_from([(0.9, 0.999), (0.0, 0.9), (0.5, 0.99)]),
    st.floats(1e-3, 1),
)
@settings(max_examples=12)
def test_adam_is_that_of_torch(seed: int, schedule: Schedule, betas: tuple[float, float], rate: float) -> None:
    function, _ = quadratics(3, 6, 100, seed)
    start = torch.randn((3, 6), generator=generator(seed + 1), dtype=torch.float64)
    optimiser = Adam(rate=rate, schedule=schedule, beta1=betas[0], beta2=betas[1])
    _, kept = walk(optimiser, function, start, 50)
    points = start.clone().requires_grad_()
    theirs = torch.optim.Adam([points], betas=betas)
    for number, size in enumerate(step_sizes(schedule, rate=rate, steps=50).tolist()):
        theirs.param_groups[0]["lr"] = size
        theirs.zero_grad()
        function(points).sum().backward()
        theirs.step()
        # where a gradient is near 0, the step depends on its last digits, and 50 steps add up what these differ by
        torch.testing.assert_close(kept[number]["next"], points.detach(), rtol=1e-4, atol=1e-4)


def test_adam_in_single_precision_stays_close_to_torch() -> None:
    function, _ = quadratics(4, 6, 10, 5)
    start = torch.randn((4, 6), generator=generator(6))
    points = start.clone().requires_grad_()
    theirs = torch.optim.Adam([points], lr=0.05)
    _, kept = walk(Adam(rate=0.05), function, start, 50)
    for number in range(50):
        theirs.zero_grad()
        function(points).sum().backward()
        theirs.step()
        torch.testing.assert_close(kept[number]["next"], points.detach(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("condition", [10.0, 1e3])
def test_lbfgs_reaches_the_minimum_of_a_quadratic_in_far_fewer_calls_than_adam(condition: float) -> None:
    function, lowest = quadratics(3, 20, condition, 3)
    start = lowest + torch.randn(lowest.shape, generator=generator(4), dtype=torch.float64)
    values, kept = walk(LBFGS(), function, start, 300)
    own = calls_until(values, 1e-8)
    torch.testing.assert_close(kept[-1]["point"], lowest, rtol=0, atol=1e-4 * condition**0.5)
    assert all(mine <= 1.5 * theirs + 5 for mine, theirs in zip(own, _calls_of_scipy(function, start), strict=True))
    patience = 3 * int(max(own))
    for rate in (0.01, 0.1, 0.3):
        adam = calls_until(walk(Adam(rate=rate), function, start, patience)[0], 1e-8)
        assert all(3 * mine < theirs for mine, theirs in zip(own, adam, strict=True)), (own, adam)


def _calls_of_scipy(function: Function, start: torch.Tensor) -> list[int]:
    """What scipy's L-BFGS-B with as long a history takes until a share of 1e-8 is left, problem by problem."""

    def asked(point: Any, problem: int, values: list[float]) -> tuple[float, Any]:
        points = start.clone()
        points[problem] = torch.from_numpy(point)
        value = function(points.requires_grad_())[problem]
        values.append(value.item())
        return value.item(), torch.autograd.grad(value, points)[0][problem].numpy()

    calls = []
    for problem in range(len(start)):
        values: list[float] = []
        limits: Any = {"maxcor": 10, "ftol": 1e-16, "gtol": 1e-16}
        scipy.optimize.minimize(
            asked, start[problem].numpy(), args=(problem, values), jac=True, method="L-BFGS-B", options=limits
        )
        calls.append(next(number for number, value in enumerate(values, 1) if value <= 1e-8 * values[0]))
    return calls


def test_lbfgs_goes_along_a_bent_valley_where_adam_is_still_on_its_way() -> None:
    start = torch.tensor([[-1.2, 1.0], [0.0, 0.0], [3.0, -2.0]], dtype=torch.float64)
    values, kept = walk(LBFGS(), rosenbrock, start, 120)
    assert (values.min(0).values < 1e-12).all()
    torch.testing.assert_close(kept[-1]["point"], torch.ones((3, 2), dtype=torch.float64), rtol=0, atol=1e-5)
    for rate in (0.01, 0.03, 0.1, 0.3):
        assert (walk(Adam(rate=rate), rosenbrock, start, 120)[0].min(0).values > 1e-6).all()


@given(st.integers(0, 10**6), st.sampled_from(["quadratic", "valley", "wavy"]), st.floats(0.01, 5))
@settings(max_examples=20)
def test_lbfgs_never_accepts_a_worse_point(seed: int, shape: str, first: float) -> None:
    dims = 2 if shape == "valley" else 5
    functions: dict[str, Function] = {
        "quadratic": quadratics(4, dims, 1e3, seed)[0],
        "valley": rosenbrock,
        "wavy": wavy,
    }
    start = 3 * torch.randn((4, dims), generator=generator(seed), dtype=torch.float64)
    values, kept = walk(LBFGS(first=first, longest=10.0), functions[shape], start, 40)
    accepted = torch.stack([memory["loss"] for memory in kept])
    assert (accepted.diff(dim=0) <= 0).all()
    torch.testing.assert_close(accepted, values.cummin(0).values, rtol=1e-3, atol=1e-9)
    for memory in kept:
        torch.testing.assert_close(functions[shape](memory["point"]), memory["loss"], rtol=1e-9, atol=1e-12)


def test_the_first_trial_step_and_the_longest_are_as_long_as_the_options_say() -> None:
    function, _ = quadratics(5, 9, 1e5, 8)
    start = 50 * torch.randn((5, 9), generator=generator(9), dtype=torch.float64)
    _, kept = walk(LBFGS(first=0.25, longest=2.0), function, start, 60)
    assert (kept[0]["next"] - start).square().mean(1).sqrt().tolist() == pytest.approx([0.25] * 5)
    lengths = torch.stack([(memory["next"] - memory["point"]).square().mean(1).sqrt() for memory in kept])
    assert lengths.max() == pytest.approx(2.0)


@pytest.mark.parametrize("name", ["toy", "vae"])
def test_the_gradient_free_update_is_a_loop_written_out(name: str) -> None:
    """z - lr * Adam(E(D(z)) - E(x)), from z = E(x); the losses of all states and the best latent."""
    model, steps = model_of(name), 30
    images = images_of(model, 3)
    encoded = model.encode(images)
    search = search_of(steps=steps, optimiser=GradientFree(rate=0.2))
    found = find(model, images, search, starts=lambda image: encoded[image : image + 1])
    latents, mean, square = encoded.double(), 0.0, 0.0
    losses: list[torch.Tensor] = []
    for step, rate in enumerate([*step_sizes("frozen", rate=0.2, steps=steps).tolist(), 0.0]):
        made = model.decode(latents.float())
        losses.append((made.clamp(0, 1) - images).double().square().mean((1, 2, 3)))
        residual = (model.encode(made) - encoded).double()
        mean, square = 0.9 * mean + 0.1 * residual, 0.999 * square + 0.001 * residual**2
        unbiased = mean / (1 - 0.9 ** (step + 1)), square / (1 - 0.999 ** (step + 1))
        latents = latents - rate * unbiased[0] / (unbiased[1].sqrt() + 1e-8)
    expected = torch.stack(losses, 1)
    for image in range(3):
        trace = found[image].trace
        assert trace is not None
        torch.testing.assert_close(torch.from_numpy(trace[0]), expected[image], rtol=1e-4, atol=0)
        assert found[image].loss == pytest.approx(float(expected[image].min()), rel=1e-4)
    if name == "toy":
        assert (expected[:, -1] < 0.9 * expected[:, 0]).all()


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (Adam, {"rate": -1.0}, "rate=-1.0, need a positive step size"),
        (Adam, {"schedule": "linear"}, "none of constant"),
        (Adam, {"beta1": 1.0}, "beta1=1.0 is outside"),
        (Adam, {"beta2": -0.1}, "beta2=-0.1 is outside"),
        (Adam, {"epsilon": 0.0}, "epsilon=0.0, need a positive"),
        (GradientFree, {"rate": math.nan}, "rate=nan, need a positive step size"),
        (LBFGS, {"history": 0}, "history=0, need at least 1"),
        (LBFGS, {"first": 0.0}, "first=0.0, need a positive length"),
        (LBFGS, {"longest": math.inf}, "longest=inf, need a positive length"),
    ],
)
def test_options_out_of_range_are_refused(kind: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        kind(**options)
