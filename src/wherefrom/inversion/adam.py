"""The arithmetic of Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1), for many problems at once."""

from __future__ import annotations

import functools
import math

import torch

from wherefrom.core.units import Schedule
from wherefrom.inversion.optimiser_input import Memory, OptimiserInput
from wherefrom.inversion.schedules import step_sizes

__all__ = ["adam_memory", "adam_step"]


def adam_memory(latents: torch.Tensor) -> Memory:
    """Algorithm 1's initial moments m = v = 0, at latents `(p, ...)`."""
    return {"mean": torch.zeros_like(latents), "square": torch.zeros_like(latents)}


def adam_step(
    inputs: OptimiserInput,
    memory: Memory,
    *,
    sizes: tuple[Schedule, float, int],
    decay: tuple[float, float],
    epsilon: float,
) -> torch.Tensor:
    """One pass of algorithm 1's loop: the latents to ask about next, `(p, ...)`; changes the moments in place.

    Args:
        inputs: what was measured at the latents asked about last.
        memory: of these problems.
        sizes: the schedule, the largest step size, and how many steps a search has at most.
        decay: beta1 and beta2.
        epsilon: added to the root of the second moment.
    """
    mean, square = memory["mean"], memory["square"]
    beta1, beta2 = decay
    steps = sizes[2]
    # m <- beta1 m + (1 - beta1) g and v <- beta2 v + (1 - beta2) g^2: "update biased moment estimates"
    mean.mul_(beta1).add_(inputs.gradient * (1 - beta1))
    square.mul_(beta2).add_(inputs.gradient * inputs.gradient * (1 - beta2))
    # the corrected moments are m / (1 - beta1^t) and v / (1 - beta2^t); the former is taken into the step size
    size, bias_correction = _corrected(*sizes, *decay)
    at = inputs.step.cpu().clamp(max=steps - 1)
    root = square.sqrt() * _per_problem(bias_correction[at], square) + epsilon
    return (
        inputs.latents - _per_problem(size[at], mean) * mean / root
    )  # theta <- theta - alpha m' / (sqrt(v') + epsilon)


@functools.lru_cache(maxsize=16)
def _corrected(
    schedule: Schedule, rate: float, steps: int, beta1: float, beta2: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Step sizes over the first moment's bias correction, and the root of the second's, for each step."""
    sizes = step_sizes(schedule, rate=rate, steps=steps)
    first = [1 - beta1**number for number in range(1, steps + 1)]
    second = [1 / math.sqrt(1 - beta2**number) for number in range(1, steps + 1)]
    return sizes / torch.tensor(first, dtype=torch.float64, device="cpu"), torch.tensor(
        second, dtype=torch.float64, device="cpu"
    )


def _per_problem(values: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`(p,)` as `(p, 1, ...)` on the device and in the dtype of `like`, with as many axes."""
    return values.to(like.device, like.dtype).reshape(-1, *[1] * (like.ndim - 1))
