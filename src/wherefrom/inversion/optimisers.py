"""Optimisers as values. Each moves many independent problems at once, and none of them by what another one does.

An optimiser's memory is a dictionary of tensors whose first axis is the problem, so that problems can leave and enter.
Kernels that multiply and add in one (`lerp`, `addcmul`, `add` with `alpha`) are avoided: on CPU they round differently
at the end of a tensor than in its middle, so that a problem's path would depend on its place among the others.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, runtime_checkable

import torch

from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import Schedule
from wherefrom.inversion.schedules import step_sizes

__all__ = ["LBFGS", "Adam", "GradientFree", "Memory", "Optimiser", "Seen"]

Memory: TypeAlias = dict[str, torch.Tensor]
"""What an optimiser remembers, each tensor `(p, ...)`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What was measured at the latents that were asked about last.

    Attributes:
        latents: `(p, ...)` float32.
        gradient: of each problem's own loss, of the same shape; of `GradientFree` the residual of the latents.
        loss: what is minimised, `(p,)` float64.
        step: how many steps each problem has made before this one, `(p,)` int64.
    """

    latents: torch.Tensor
    gradient: torch.Tensor
    loss: torch.Tensor
    step: torch.Tensor


@runtime_checkable
class Optimiser(Protocol):
    """Where to look next, given what was seen."""

    @property
    def by_encoder(self) -> bool:
        """Whether its direction is the residual of the latents, by the encoder, instead of a gradient."""
        ...

    @property
    def steps_back(self) -> bool:
        """Whether a point whose loss is infinite is followed by a shorter step from the point before."""
        ...

    def start(self, latents: torch.Tensor) -> Memory:
        """The memory of new problems at these latents, `(p, ...)`."""
        ...

    def step(self, seen: Seen, memory: Memory, *, steps: int) -> torch.Tensor:
        """The latents to ask about next, `(p, ...)`; changes the memory's tensors in place.

        Args:
            seen: at the latents asked about last.
            memory: of these problems.
            steps: how many steps a search has at most, for schedules.
        """
        ...


def _per_problem(values: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`(p,)` as `(p, 1, ...)` on the device and in the dtype of `like`, with as many axes."""
    return values.to(like.device, like.dtype).reshape(-1, *[1] * (like.ndim - 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Adam:
    """Adam (arXiv:1412.6980) with a schedule; RONAN's is constant at 0.1, LatentTracer's halved from 0.05.

    Attributes:
        rate: the largest step size.
        schedule: how it goes; see `wherefrom.inversion.schedules.step_sizes`.
        beta1: of the mean gradient, in [0, 1).
        beta2: of its square, in [0, 1).
        epsilon: added to the root of the square, positive.

    Raises:
        UsageError: when an option is outside its range.
    """

    rate: float = 0.1
    schedule: Schedule = "constant"
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        step_sizes(self.schedule, rate=self.rate, steps=1)
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name}={getattr(self, name)} is outside [0, 1)")
        if not self.epsilon > 0:
            raise UsageError(f"epsilon={self.epsilon}, need a positive number such as 1e-8")

    @property
    def by_encoder(self) -> bool:
        """By gradient."""
        return False

    @property
    def steps_back(self) -> bool:
        """Never: each step starts where the last one ended."""
        return False

    def start(self, latents: torch.Tensor) -> Memory:
        """Both means zero."""
        return {"mean": torch.zeros_like(latents), "square": torch.zeros_like(latents)}

    def step(self, seen: Seen, memory: Memory, *, steps: int) -> torch.Tensor:
        """One step of Adam."""
        mean, square = memory["mean"], memory["square"]
        mean.mul_(self.beta1).add_(seen.gradient * (1 - self.beta1))
        square.mul_(self.beta2).add_(seen.gradient * seen.gradient * (1 - self.beta2))
        size, spread = _corrected(self, steps)
        at = seen.step.cpu().clamp(max=steps - 1)
        root = square.sqrt() * _per_problem(spread[at], square) + self.epsilon
        return seen.latents - _per_problem(size[at], mean) * mean / root


@functools.lru_cache(maxsize=16)
def _corrected(adam: Adam, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Step sizes over the first moment's bias correction, and the root of the second's, for each step."""
    sizes = step_sizes(adam.schedule, rate=adam.rate, steps=steps)
    first = [1 - adam.beta1**number for number in range(1, steps + 1)]
    second = [1 / math.sqrt(1 - adam.beta2**number) for number in range(1, steps + 1)]
    return sizes / torch.tensor(first, dtype=torch.float64, device="cpu"), torch.tensor(
        second, dtype=torch.float64, device="cpu"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class GradientFree:
    """The gradient-free update of Hong et al. (NeurIPS 2024): Adam over `E(D(z)) - E(x)`, no backward pass.

    Attributes:
        rate: the largest step size.
        schedule: the paper's warms up, falls and is frozen at 0 in the last fifth.

    Raises:
        UsageError: when an option is outside its range.
    """

    rate: float = 0.01
    schedule: Schedule = "frozen"

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        step_sizes(self.schedule, rate=self.rate, steps=1)

    @property
    def by_encoder(self) -> bool:
        """By the encoder."""
        return True

    @property
    def steps_back(self) -> bool:
        """Never: each step starts where the last one ended."""
        return False

    def start(self, latents: torch.Tensor) -> Memory:
        """That of Adam."""
        return self._adam.start(latents)

    def step(self, seen: Seen, memory: Memory, *, steps: int) -> torch.Tensor:
        """One step of Adam along the residual of the latents."""
        return self._adam.step(seen, memory, steps=steps)

    @property
    def _adam(self) -> Adam:
        return Adam(rate=self.rate, schedule=self.schedule)


@dataclass(frozen=True, kw_only=True, slots=True)
class LBFGS:
    """L-BFGS (Nocedal and Wright 2006, algorithm 7.4) with backtracking, each problem with its own history.

    A trial point is accepted where the loss fell enough (Armijo, 1e-4 of what the slope promises), else the step is
    cut: one decoder call a trial, accepted or not. Pairs of differences of positive curvature enter the history.

    Attributes:
        history: pairs kept, at least 1.
        first: length of the first trial step, in latent units: its direction is the gradient's.
        longest: a trial step is at most this long, root mean square over the latent.

    Raises:
        UsageError: when an option is outside its range.
    """

    history: int = 10
    first: float = 0.1
    longest: float = 1.0

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        if self.history < 1:
            raise UsageError(f"history={self.history}, need at least 1 pair")
        for name in ("first", "longest"):
            if not (getattr(self, name) > 0 and math.isfinite(getattr(self, name))):
                raise UsageError(f"{name}={getattr(self, name)}, need a positive length")

    @property
    def by_encoder(self) -> bool:
        """By gradient."""
        return False

    @property
    def steps_back(self) -> bool:
        """Always: it backtracks."""
        return True

    def start(self, latents: torch.Tensor) -> Memory:
        """No pairs, and no accepted point yet."""
        flat = latents.flatten(1)
        pairs = flat.new_zeros((len(flat), self.history, flat.shape[1]))
        return {
            "point": flat.clone(),
            "slope": torch.zeros_like(flat),
            "direction": torch.zeros_like(flat),
            "loss": torch.full((len(flat),), math.inf, dtype=torch.float64, device=flat.device),
            "length": torch.ones(len(flat), dtype=torch.float64, device=flat.device),
            "moves": pairs,
            "bends": pairs.clone(),
            "curvature": torch.zeros((len(flat), self.history), dtype=torch.float64, device=flat.device),
        }

    def step(self, seen: Seen, memory: Memory, *, steps: int) -> torch.Tensor:
        """Accept the trial point or cut the step, and say where to look next."""
        trial, slope = seen.latents.flatten(1), seen.gradient.flatten(1)
        promised = (memory["slope"].double() * memory["direction"].double()).sum(1) * memory["length"]
        accepted = seen.loss <= memory["loss"] + _ARMIJO * promised.clamp(max=0)
        self._remember(trial - memory["point"], slope - memory["slope"], accepted & (seen.step > 0), memory)
        for name, value in (("point", trial), ("slope", slope)):
            memory[name][accepted] = value[accepted]
        memory["loss"][accepted] = seen.loss[accepted]
        memory["direction"][accepted] = self._direction(memory)[accepted]
        memory["length"][accepted] = 1.0
        memory["length"][~accepted] *= _CUT
        moved = memory["point"] + memory["length"].to(trial.dtype)[:, None] * memory["direction"]
        return moved.reshape(seen.latents.shape)

    def _remember(self, move: torch.Tensor, bend: torch.Tensor, accepted: torch.Tensor, memory: Memory) -> None:
        """Push a pair of differences where it was accepted and its curvature is positive; the newest comes last."""
        curvature = (move.double() * bend.double()).sum(1)
        enters = accepted & (curvature > _FLAT * bend.double().square().sum(1).clamp(min=_TINY))
        for name, value in (("moves", move), ("bends", bend), ("curvature", curvature)):
            kept = memory[name][enters]
            memory[name][enters] = torch.cat([kept[:, 1:], value[enters][:, None]], dim=1)

    def _direction(self, memory: Memory) -> torch.Tensor:
        """Minus the inverse Hessian's estimate times the gradient, by two loops; no longer than allowed."""
        moves, bends, curvature = memory["moves"].double(), memory["bends"].double(), memory["curvature"]
        inverse = torch.where(curvature > 0, 1 / curvature.clamp(min=_TINY), 0.0)
        direction = memory["slope"].double()
        shares: list[torch.Tensor] = []
        for i in reversed(range(self.history)):
            share = inverse[:, i] * (moves[:, i] * direction).sum(1)
            shares.append(share)
            direction = direction - share[:, None] * bends[:, i]
        scale = curvature[:, -1] / bends[:, -1].square().sum(1).clamp(min=_TINY)
        first = self.first * math.sqrt(direction.shape[1]) / direction.norm(dim=1).clamp(min=_TINY)
        direction = direction * torch.where(curvature[:, -1] > 0, scale, first)[:, None]
        for i, share in zip(range(self.history), reversed(shares), strict=True):
            back = inverse[:, i] * (bends[:, i] * direction).sum(1)
            direction = direction + (share - back)[:, None] * moves[:, i]
        rms = direction.square().mean(1).sqrt()
        direction = -direction * (self.longest / rms.clamp(min=_TINY)).clamp(max=1.0)[:, None]
        return direction.to(memory["slope"].dtype)


_ARMIJO: Final = 1e-4
_CUT: Final = 0.4
_FLAT: Final = 1e-10
_TINY: Final = 1e-300
