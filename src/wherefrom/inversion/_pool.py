"""The problems being searched, side by side in tensors: they enter by image, leave when settled."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from wherefrom.core.tensors import Images, Latents
from wherefrom.inversion._asking import Seeing
from wherefrom.inversion.optimisers import Memory, Seen
from wherefrom.inversion.plan import Plan

__all__ = ["Pool"]


@dataclass(kw_only=True, slots=True)
class Pool:
    """Problems, each an image and one of its restarts. Every tensor's first axis is the problem.

    Attributes:
        plan: of the search.
        latents: asked about next.
        targets: the images.
        encoded: the encoder's latents of the images; None but for gradient-free searches.
        memory: the optimiser's.
        image: row of the image in the batch, `(p,)`.
        restart: which of the image's starts, `(p,)`.
        step: steps made, `(p,)`.
        best: best measured loss, `(p,)` float64.
        found: the latents of the best loss.
        first: measured loss at the start, `(p,)` float64.
        past: best loss after each step, `(p, steps + 1)`; empty but for a plateau.
        measured: what was measured at each step, `(p, steps + 1)`; empty unless the plan asks for a trace.
        broken: step at which the gradient or the loss stopped being a number and no way led on, else -1, `(p,)`.
        lost: whether it left in favour of better starts of its image, `(p,)` bool.
    """

    plan: Plan
    latents: Latents
    targets: Images
    encoded: Latents | None
    memory: Memory
    image: torch.Tensor
    restart: torch.Tensor
    step: torch.Tensor = field(init=False)
    best: torch.Tensor = field(init=False)
    found: Latents = field(init=False)
    first: torch.Tensor = field(init=False)
    past: torch.Tensor = field(init=False)
    measured: torch.Tensor = field(init=False)
    broken: torch.Tensor = field(init=False)
    lost: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Nothing measured yet."""
        count, device = len(self.latents), self.latents.device
        nothing = torch.full((count, self.plan.steps + 1), math.nan, dtype=torch.float64, device="cpu")
        self.step = torch.zeros(count, dtype=torch.int64, device=device)
        self.best = torch.full((count,), math.inf, dtype=torch.float64, device=device)
        self.found = self.latents.clone()
        self.first = torch.full((count,), math.nan, dtype=torch.float64, device=device)
        self.past = nothing if self.plan.plateau is not None else nothing[:, :0]
        self.measured = nothing.clone() if self.plan.traced else nothing[:, :0]
        self.broken = torch.full((count,), -1, dtype=torch.int64, device=device)
        self.lost = torch.zeros(count, dtype=torch.bool, device=device)

    def __len__(self) -> int:
        """How many problems."""
        return len(self.latents)

    def take(self, rows: torch.Tensor) -> Pool:
        """Some of the problems, by a mask or by numbers."""
        here = rows.cpu()
        part = Pool(
            plan=self.plan,
            latents=self.latents[rows],
            targets=self.targets[rows],
            encoded=None if self.encoded is None else self.encoded[rows],
            memory={name: value[rows] for name, value in self.memory.items()},
            image=self.image[rows],
            restart=self.restart[rows],
        )
        for name in ("step", "best", "found", "first", "broken", "lost"):
            setattr(part, name, getattr(self, name)[rows])
        part.past, part.measured = self.past[here], self.measured[here]
        return part

    def joined(self, other: Pool) -> Pool:
        """These problems and those, in this order."""
        both = Pool(
            plan=self.plan,
            latents=torch.cat([self.latents, other.latents]),
            targets=torch.cat([self.targets, other.targets]),
            encoded=None if self.encoded is None or other.encoded is None else torch.cat([self.encoded, other.encoded]),
            memory={name: torch.cat([value, other.memory[name]]) for name, value in self.memory.items()},
            image=torch.cat([self.image, other.image]),
            restart=torch.cat([self.restart, other.restart]),
        )
        for name in ("step", "best", "found", "first", "broken", "lost", "past", "measured"):
            setattr(both, name, torch.cat([getattr(self, name), getattr(other, name)]))
        return both

    def learn(self, seeing: Seeing) -> None:
        """Note what was measured at `latents`, and make the next step where one is left."""
        finite = seeing.measured.isfinite() & seeing.loss.isfinite()
        better = finite & (seeing.measured < self.best)
        self.best = torch.where(better, seeing.measured, self.best)
        self.found[better] = self.latents[better]
        self.first = torch.where(self.step == 0, seeing.measured, self.first)
        rows, at = torch.arange(len(self), device="cpu", dtype=torch.int64), self.step.cpu()
        if self.plan.plateau is not None:
            self.past[rows, at] = self.best.cpu()
        if self.plan.traced:
            self.measured[rows, at] = seeing.measured.cpu()
        goes_on = self._move(seeing, finite) if seeing.gradient is not None else finite
        self.broken = torch.where(goes_on | (self.broken >= 0), self.broken, self.step)
        self.step = self.step + 1

    def _move(self, seeing: Seeing, finite: torch.Tensor) -> torch.Tensor:
        """Make the next step; returns which problems can go on from it, `(p,)` bool.

        After the last state no step is needed. Where the loss or the gradient is no finite number, an optimiser that
        steps back takes it for a trial that failed; at the start there is nothing to step back to.
        """
        assert seeing.gradient is not None
        # where squares overflow, Adam would stand still
        sound = finite & seeing.gradient.flatten(1).square().sum(1).isfinite()
        gradient = torch.where(_as_rows(sound, seeing.gradient), seeing.gradient, 0.0)
        loss = torch.where(sound, seeing.loss, math.inf)
        seen = Seen(latents=self.latents, gradient=gradient, loss=loss, step=self.step)
        moved = self.plan.optimiser.step(seen, self.memory, steps=self.plan.steps)
        if self.plan.optimiser.steps_back:
            sound = sound | (self.step > 0)
        sound = sound & moved.flatten(1).isfinite().all(1)
        self.latents = torch.where(_as_rows(sound, moved), moved, self.latents)
        return sound | (finite & (self.step >= self.plan.steps))

    def ended(self) -> torch.Tensor:
        """Which problems are over: out of steps, broken, on a plateau, or behind in their race; `(p,)` bool."""
        over = (self.step > self.plan.steps) | (self.broken >= 0)
        if self.plan.plateau is not None:
            over |= self._flat(self.plan.plateau.steps, self.plan.plateau.share)
        if self.plan.race is not None:
            self.lost |= self._behind(self.plan.race.steps, self.plan.race.keep)
        return over | self.lost

    def _flat(self, steps: int, share: float) -> torch.Tensor:
        """Where the best loss fell by less than a share over the last steps."""
        rows = torch.arange(len(self), dtype=torch.int64, device="cpu")
        before = self.past[rows, (self.step.cpu() - 1 - steps).clamp(min=0)].to(self.best.device)
        return (self.step > steps) & (self.best >= (1 - share) * before)

    def _behind(self, steps: int, keep: int) -> torch.Tensor:
        """Which problems that have just made so many steps have `keep` better ones of the same image."""
        due = (self.step == steps + 1) & (self.broken < 0)
        same = self.image[:, None] == self.image[None, :]
        ahead = (self.best[None, :] < self.best[:, None]) | (
            (self.best[None, :] == self.best[:, None]) & (self.restart[None, :] < self.restart[:, None])
        )
        return due & ((same & ahead & due[None, :]).sum(1) >= keep)


def _as_rows(mask: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`(p,)` as `(p, 1, ...)`, with as many axes as another tensor."""
    return mask.reshape(-1, *[1] * (like.ndim - 1))
