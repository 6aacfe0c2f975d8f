"""What is remembered of the losses that were measured: the best state, a plateau's history, a trace. Each by itself.

Every tensor's first axis is the problem, so that problems can leave and enter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from wherefrom.core.tensors import Latents
from wherefrom.inversion.search import Plateau

__all__ = ["BestSoFar", "Losses", "is_flat"]


@dataclass(kw_only=True, slots=True)
class BestSoFar:
    """The best measured state of each problem. It wraps any optimiser: none of them knows of it.

    Attributes:
        loss: best measured loss, `(p,)` float64; infinite before anything was measured.
        latents: where it was measured, `(p, ...)`.
        first: measured loss at the start, `(p,)` float64.
    """

    loss: torch.Tensor
    latents: Latents
    first: torch.Tensor

    @staticmethod
    def before(latents: Latents) -> BestSoFar:
        """Of new problems at these latents: nothing is measured yet."""
        count, device = len(latents), latents.device
        return BestSoFar(
            loss=torch.full((count,), math.inf, dtype=torch.float64, device=device),
            latents=latents.clone(),
            first=torch.full((count,), math.nan, dtype=torch.float64, device=device),
        )

    def note(self, latents: Latents, measured: torch.Tensor, *, finite: torch.Tensor, step: torch.Tensor) -> None:
        """Keep what is better than all before.

        Args:
            latents: that were asked about, `(p, ...)`.
            measured: their losses, `(p,)` float64.
            finite: which of the problems may count, `(p,)` bool.
            step: how many steps each has made, `(p,)`.
        """
        better = finite & (measured < self.loss)
        self.loss = torch.where(better, measured, self.loss)
        self.latents[better] = latents[better]
        self.first = torch.where(step == 0, measured, self.first)

    def take(self, rows: torch.Tensor) -> BestSoFar:
        """Of some of the problems."""
        return BestSoFar(loss=self.loss[rows], latents=self.latents[rows], first=self.first[rows])

    def joined(self, other: BestSoFar) -> BestSoFar:
        """Of these problems and those, in this order."""
        return BestSoFar(
            loss=torch.cat([self.loss, other.loss]),
            latents=torch.cat([self.latents, other.latents]),
            first=torch.cat([self.first, other.first]),
        )


@dataclass(kw_only=True, slots=True)
class Losses:
    """One loss for each step of each problem, on the CPU: a trace, or the history that a plateau looks back on.

    Attributes:
        values: `(p, steps + 1)` float64, NaN where nothing was noted; `(p, 0)` where nothing is kept.
    """

    values: torch.Tensor

    @staticmethod
    def of(count: int, *, steps: int, kept: bool) -> Losses:
        """Of so many problems, nothing noted yet; without room for any where they are not kept.

        Args:
            count: how many problems.
            steps: how many steps each can make.
            kept: whether there is to be room.
        """
        return Losses(values=torch.full((count, steps + 1 if kept else 0), math.nan, dtype=torch.float64, device="cpu"))

    def note(self, losses: torch.Tensor, *, step: torch.Tensor) -> None:
        """Write the loss of each problem at its step, both `(p,)`, where losses are kept.

        Args:
            losses: float64.
            step: the number of each problem's step.
        """
        if self.values.shape[1]:
            self.values[torch.arange(len(losses), device="cpu", dtype=torch.int64), step.cpu()] = losses.cpu()

    def take(self, rows: torch.Tensor) -> Losses:
        """Of some of the problems."""
        return Losses(values=self.values[rows.cpu()])

    def joined(self, other: Losses) -> Losses:
        """Of these problems and those, in this order."""
        return Losses(values=torch.cat([self.values, other.values]))


def is_flat(history: Losses, best: torch.Tensor, *, step: torch.Tensor, plateau: Plateau) -> torch.Tensor:
    """Which problems' best loss fell by less than the plateau's share over its last steps, `(p,)` bool.

    Args:
        history: the best loss after each step.
        best: the best loss now, `(p,)` float64.
        step: steps that were measured, `(p,)`, the start included.
        plateau: how many steps are looked back, and the share.
    """
    rows = torch.arange(len(best), dtype=torch.int64, device="cpu")
    before = history.values[rows, (step.cpu() - 1 - plateau.steps).clamp(min=0)].to(best.device)
    return (step > plateau.steps) & (best >= (1 - plateau.share) * before)
