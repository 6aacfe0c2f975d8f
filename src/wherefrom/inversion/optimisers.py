"""Optimisers as values. Each moves many independent problems at once, and none of them by what another one does.

An optimiser's memory is a dictionary of tensors whose first axis is the problem, so that problems can leave and enter.
Kernels that multiply and add in one (`lerp`, `addcmul`, `add` with `alpha`) are avoided: on CPU they round differently
at the end of a tensor than in its middle, so that a problem's path would depend on its place among the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import Schedule
from wherefrom.inversion.optimiser_input import Memory, OptimiserInput
from wherefrom.inversion.schedules import check_schedule

if TYPE_CHECKING:
    import torch

__all__ = ["LBFGS", "Adam", "GradientFree", "Optimiser"]


@runtime_checkable
class Optimiser(Protocol):
    """Where to look next, given what was measured."""

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

    def step(self, inputs: OptimiserInput, memory: Memory, *, steps: int) -> torch.Tensor:
        """The latents to ask about next, `(p, ...)`; changes the memory's tensors in place.

        Args:
            inputs: what was measured at the latents asked about last.
            memory: of these problems.
            steps: how many steps a search has at most, for schedules.
        """
        ...


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
        check_schedule(self.schedule, rate=self.rate)
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
        from wherefrom.inversion.adam import adam_memory

        return adam_memory(latents)

    def step(self, inputs: OptimiserInput, memory: Memory, *, steps: int) -> torch.Tensor:
        """One step of Adam.

        Arguments are as for `Optimiser.step`.
        """
        from wherefrom.inversion.adam import adam_step

        return adam_step(
            inputs,
            memory,
            sizes=(self.schedule, self.rate, steps),
            decay=(self.beta1, self.beta2),
            epsilon=self.epsilon,
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
        check_schedule(self.schedule, rate=self.rate)

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

    def step(self, inputs: OptimiserInput, memory: Memory, *, steps: int) -> torch.Tensor:
        """One step of Adam along the residual of the latents.

        Arguments are as for `Optimiser.step`.
        """
        return self._adam.step(inputs, memory, steps=steps)

    @property
    def _adam(self) -> Adam:
        return Adam(rate=self.rate, schedule=self.schedule)


@dataclass(frozen=True, kw_only=True, slots=True)
class LBFGS:
    """L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) with backtracking, each problem with its own history.

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
        from wherefrom.inversion.lbfgs import lbfgs_memory

        return lbfgs_memory(latents, history=self.history)

    def step(self, inputs: OptimiserInput, memory: Memory, *, steps: int) -> torch.Tensor:
        """Accept the trial point or cut the step, and say where to look next.

        Arguments are as for `Optimiser.step`.
        """
        from wherefrom.inversion.lbfgs import lbfgs_step

        return lbfgs_step(inputs, memory, first=self.first, longest=self.longest)
