"""The arithmetic of L-BFGS with backtracking, for many problems at once, each with a history of its own.

Equations and algorithms are those of Nocedal and Wright, Numerical Optimization, second edition, 2006.
"""

from __future__ import annotations

import math
from typing import Final

import torch

from wherefrom.inversion.optimiser_input import Memory, OptimiserInput

__all__ = ["lbfgs_memory", "lbfgs_step"]

_ARMIJO: Final = 1e-4
"""c1 of the sufficient decrease condition (eq. 3.4)."""
_CONTRACTION: Final = 0.4
"""rho of backtracking (algorithm 3.1)."""
_LEAST_CURVATURE: Final = 1e-10
_TINY: Final = 1e-300


def lbfgs_memory(latents: torch.Tensor, *, history: int) -> Memory:
    """No pairs, and no accepted point yet, at latents `(p, ...)`.

    Args:
        latents: of new problems.
        history: how many pairs are kept.
    """
    flat = latents.flatten(1)
    pairs = flat.new_zeros((len(flat), history, flat.shape[1]))
    return {
        "point": flat.clone(),
        "slope": torch.zeros_like(flat),
        "direction": torch.zeros_like(flat),
        "loss": torch.full((len(flat),), math.inf, dtype=torch.float64, device=flat.device),
        "length": torch.ones(len(flat), dtype=torch.float64, device=flat.device),
        "steps": pairs,
        "gradient_differences": pairs.clone(),
        "curvature": torch.zeros((len(flat), history), dtype=torch.float64, device=flat.device),
    }


def lbfgs_step(inputs: OptimiserInput, memory: Memory, *, first: float, longest: float) -> torch.Tensor:
    """Accept the trial point or shorten the step, and say where to look next, `(p, ...)`.

    Args:
        inputs: what was measured at the trial points.
        memory: of these problems; changed in place.
        first: length of the first trial step, root mean square over the latent.
        longest: of any trial step, in the same measure.
    """
    trial, slope = inputs.latents.flatten(1), inputs.gradient.flatten(1)
    # sufficient decrease (eq. 3.4): f(x + a p) <= f(x) + c1 a (gradient of f)' p
    promised = (memory["slope"].double() * memory["direction"].double()).sum(1) * memory["length"]
    accepted = inputs.loss <= memory["loss"] + _ARMIJO * promised.clamp(max=0)
    # algorithm 7.5: discard the oldest pair, store s = x_new - x and y = gradient_new - gradient
    _remember(trial - memory["point"], slope - memory["slope"], accepted & (inputs.step > 0), memory)
    for name, value in (("point", trial), ("slope", slope)):
        memory[name][accepted] = value[accepted]
    memory["loss"][accepted] = inputs.loss[accepted]
    memory["direction"][accepted] = _direction(memory, first=first, longest=longest)[accepted]
    # algorithm 3.1: the first trial is a = 1, and after each that is refused a <- rho a
    memory["length"][accepted] = 1.0
    memory["length"][~accepted] *= _CONTRACTION
    moved = memory["point"] + memory["length"].to(trial.dtype)[:, None] * memory["direction"]
    return moved.reshape(inputs.latents.shape)


def _remember(step: torch.Tensor, difference: torch.Tensor, accepted: torch.Tensor, memory: Memory) -> None:
    """Push a pair of differences where it was accepted and its curvature s'y is positive (eq. 6.7); the newest last."""
    curvature = (step.double() * difference.double()).sum(1)
    enters = accepted & (curvature > _LEAST_CURVATURE * difference.double().square().sum(1).clamp(min=_TINY))
    pushed = (("steps", step), ("gradient_differences", difference), ("curvature", curvature))
    for name, value in pushed:
        kept = memory[name][enters]
        memory[name][enters] = torch.cat([kept[:, 1:], value[enters][:, None]], dim=1)


def _direction(memory: Memory, *, first: float, longest: float) -> torch.Tensor:
    """Minus the inverse Hessian's estimate times the gradient, by algorithm 7.4's two loops; no longer than allowed."""
    steps, differences = memory["steps"].double(), memory["gradient_differences"].double()
    curvature, history = memory["curvature"], steps.shape[1]
    inverse = torch.where(curvature > 0, 1 / curvature.clamp(min=_TINY), 0.0)  # rho_i = 1 / s_i'y_i; 0 without a pair
    direction = memory["slope"].double()  # q <- gradient
    shares: list[torch.Tensor] = []
    for i in reversed(range(history)):  # first loop, from the newest pair: a_i <- rho_i s_i'q, q <- q - a_i y_i
        share = inverse[:, i] * (steps[:, i] * direction).sum(1)
        shares.append(share)
        direction = direction - share[:, None] * differences[:, i]
    # r <- H0 q with H0 = s'y / y'y of the newest pair (eq. 7.20); without one, a step of the length `first`
    scale = curvature[:, -1] / differences[:, -1].square().sum(1).clamp(min=_TINY)
    unscaled = first * math.sqrt(direction.shape[1]) / direction.norm(dim=1).clamp(min=_TINY)
    direction = direction * torch.where(curvature[:, -1] > 0, scale, unscaled)[:, None]
    for i, share in zip(range(history), reversed(shares), strict=True):
        # second loop, from the oldest pair: b <- rho_i y_i'r, r <- r + (a_i - b) s_i
        back = inverse[:, i] * (differences[:, i] * direction).sum(1)
        direction = direction + (share - back)[:, None] * steps[:, i]
    rms = direction.square().mean(1).sqrt()  # the bound on a trial's length is ours
    direction = -direction * (longest / rms.clamp(min=_TINY)).clamp(max=1.0)[:, None]
    return direction.to(memory["slope"].dtype)
