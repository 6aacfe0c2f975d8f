"""Step sizes over a search: a number for each step, known before it starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import UsageError
from wherefrom.core.units import SCHEDULES, Schedule

if TYPE_CHECKING:
    import torch

__all__ = ["check_schedule", "step_sizes"]

_WARM: Final = 10
_FREEZE: Final = 0.8


def check_schedule(schedule: Schedule, *, rate: float) -> None:
    """Refuse what no step size can be.

    Args:
        schedule: one of `wherefrom.core.units.SCHEDULES`.
        rate: the largest step size, positive.

    Raises:
        UsageError: when one is neither.
    """
    if schedule not in SCHEDULES:
        raise UsageError(f"schedule={schedule!r} is none of {', '.join(SCHEDULES)}")
    if not (rate > 0 and math.isfinite(rate)):
        raise UsageError(f"rate={rate}, need a positive step size such as 0.05")


def step_sizes(schedule: Schedule, *, rate: float, steps: int) -> torch.Tensor:
    """The step size of each step, `(steps,)` float64.

    `constant`: RONAN's (arXiv:2305.18439). `cosine`: from `rate` down to 1 % of it. `halved`: halved after the first
    step and after half of all, which with 100 steps is LatentTracer's 0.05, 0.025 (steps 1 to 50), 0.0125
    (arXiv:2405.13360). `frozen`: a cosine that warms up over the first tenth and is 0 in the last fifth, that of the
    gradient-free inversion of Hong et al. (NeurIPS 2024).

    Args:
        schedule: one of `wherefrom.core.units.SCHEDULES`.
        rate: the largest step size, positive.
        steps: how many, at least 1.

    Raises:
        UsageError: when an argument is outside its range.
    """
    check_schedule(schedule, rate=rate)
    import torch

    if steps < 1:
        raise UsageError(f"steps={steps}, need at least 1")
    step = torch.arange(steps, dtype=torch.float64, device="cpu")
    if schedule == "constant":
        return torch.full_like(step, rate)
    if schedule == "halved":
        halvings = (step >= 1).double() + (step > steps // 2).double()
        return rate * 0.5**halvings
    if schedule == "cosine":
        return rate * (0.01 + 0.99 * (0.5 + 0.5 * torch.cos(math.pi * step / steps)))
    warm = -(-steps // _WARM)
    falling = 0.5 + 0.5 * torch.cos(math.pi * (step - warm) / max(1, steps - warm))
    rising = torch.where(step < warm, (step + 1) / warm, falling)
    return rate * torch.where(step < _FREEZE * steps, rising, 0.0)
