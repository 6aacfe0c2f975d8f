"""The problems being searched, side by side in tensors: they enter by image, leave when settled."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from wherefrom.core.tensors import Images, Latents
from wherefrom.inversion.best_so_far import BestSoFar, Losses, is_flat
from wherefrom.inversion.evaluation import Evaluation
from wherefrom.inversion.optimiser_input import Memory, OptimiserInput
from wherefrom.inversion.search import Search

__all__ = ["Problems"]

_STATE = ("step", "best", "broken", "lost", "history", "trace")


@dataclass(kw_only=True, slots=True)
class Problems:
    """Problems, each an image and one of its restarts. Every tensor's first axis is the problem.

    Attributes:
        search: how each of them is searched.
        traced: whether every measured loss is kept.
        latents: asked about next.
        targets: the images.
        encoded: the encoder's latents of the images; None but for gradient-free searches.
        memory: the optimiser's.
        image: row of the image in the batch, `(p,)`.
        restart: which of the image's starts, `(p,)`.
        step: steps made, `(p,)`.
        best: the best measured state.
        history: best loss after each step; empty but for a plateau.
        trace: what was measured at each step; empty unless it is asked for.
        broken: step at which the gradient or the loss stopped being a number and no way led on, else -1, `(p,)`.
        lost: whether it left in favour of better starts of its image, `(p,)` bool.
    """

    search: Search
    traced: bool
    latents: Latents
    targets: Images
    encoded: Latents | None
    memory: Memory
    image: torch.Tensor
    restart: torch.Tensor
    step: torch.Tensor = field(init=False)
    best: BestSoFar = field(init=False)
    history: Losses = field(init=False)
    trace: Losses = field(init=False)
    broken: torch.Tensor = field(init=False)
    lost: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Nothing measured yet."""
        count, device, stop = len(self.latents), self.latents.device, self.search.stop
        self.step = torch.zeros(count, dtype=torch.int64, device=device)
        self.best = BestSoFar.before(self.latents)
        self.history = Losses.of(count, steps=stop.steps, kept=stop.plateau is not None)
        self.trace = Losses.of(count, steps=stop.steps, kept=self.traced)
        self.broken = torch.full((count,), -1, dtype=torch.int64, device=device)
        self.lost = torch.zeros(count, dtype=torch.bool, device=device)

    def __len__(self) -> int:
        """How many problems."""
        return len(self.latents)

    def take(self, rows: torch.Tensor) -> Problems:
        """Some of the problems, by a mask or by numbers."""
        part = Problems(
            search=self.search,
            traced=self.traced,
            latents=self.latents[rows],
            targets=self.targets[rows],
            encoded=None if self.encoded is None else self.encoded[rows],
            memory={name: value[rows] for name, value in self.memory.items()},
            image=self.image[rows],
            restart=self.restart[rows],
        )
        for name in _STATE:
            value = getattr(self, name)
            setattr(part, name, value[rows] if isinstance(value, torch.Tensor) else value.take(rows))
        return part

    def joined(self, other: Problems) -> Problems:
        """These problems and those, in this order."""
        both = Problems(
            search=self.search,
            traced=self.traced,
            latents=torch.cat([self.latents, other.latents]),
            targets=torch.cat([self.targets, other.targets]),
            encoded=None if self.encoded is None or other.encoded is None else torch.cat([self.encoded, other.encoded]),
            memory={name: torch.cat([value, other.memory[name]]) for name, value in self.memory.items()},
            image=torch.cat([self.image, other.image]),
            restart=torch.cat([self.restart, other.restart]),
        )
        for name in _STATE:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(both, name, torch.cat([mine, theirs]) if isinstance(mine, torch.Tensor) else mine.joined(theirs))
        return both

    def learn(self, evaluation: Evaluation) -> None:
        """Note what was measured at `latents`, and make the next step where one is to be made."""
        finite = evaluation.measured.isfinite() & evaluation.loss.isfinite()
        self.best.note(self.latents, evaluation.measured, finite=finite, step=self.step)
        self.history.note(self.best.loss, step=self.step)
        self.trace.note(evaluation.measured, step=self.step)
        goes_on = self._move(evaluation, finite) if evaluation.gradient is not None else finite
        self.broken = torch.where(goes_on | (self.broken >= 0), self.broken, self.step)
        self.step = self.step + 1

    def _move(self, evaluation: Evaluation, finite: torch.Tensor) -> torch.Tensor:
        """Make the next step; returns which problems can go on from it, `(p,)` bool.

        After the last state no step is needed. Where the loss or the gradient is no finite number, an optimiser that
        steps back takes it for a trial that failed; at the start there is nothing to step back to.
        """
        assert evaluation.gradient is not None
        optimiser, steps = self.search.optimiser, self.search.stop.steps
        # where squares overflow, Adam would stand still
        sound = finite & evaluation.gradient.flatten(1).square().sum(1).isfinite()
        inputs = OptimiserInput(
            latents=self.latents,
            gradient=torch.where(_as_rows(sound, evaluation.gradient), evaluation.gradient, 0.0),
            loss=torch.where(sound, evaluation.loss, math.inf),
            step=self.step,
        )
        moved = optimiser.step(inputs, self.memory, steps=steps)
        if optimiser.steps_back:
            sound = sound | (self.step > 0)
        sound = sound & moved.flatten(1).isfinite().all(1)
        self.latents = torch.where(_as_rows(sound, moved), moved, self.latents)
        return sound | (finite & (self.step >= steps))

    def ended(self) -> torch.Tensor:
        """Which problems are over: out of steps, broken, on a plateau, or behind in their race; `(p,)` bool."""
        stop = self.search.stop
        over = (self.step > stop.steps) | (self.broken >= 0)
        if stop.plateau is not None:
            over |= is_flat(self.history, self.best.loss, step=self.step, plateau=stop.plateau)
        if stop.race is not None:
            self.lost |= self._behind(stop.race.steps, stop.race.keep)
        return over | self.lost

    def _behind(self, steps: int, keep: int) -> torch.Tensor:
        """Which problems that have just made so many steps have `keep` better ones of the same image."""
        due = (self.step == steps + 1) & (self.broken < 0)
        same = self.image[:, None] == self.image[None, :]
        best, restart = self.best.loss, self.restart
        equal = best[None, :] == best[:, None]
        ahead = (best[None, :] < best[:, None]) | (equal & (restart[None, :] < restart[:, None]))
        return due & ((same & ahead & due[None, :]).sum(1) >= keep)


def _as_rows(mask: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`(p,)` as `(p, 1, ...)`, with as many axes as another tensor."""
    return mask.reshape(-1, *[1] * (like.ndim - 1))
