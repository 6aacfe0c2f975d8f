"""The optimiser of the programs that train by Muon: convolutions by it, the rest by AdamW, at rates that fall."""

from __future__ import annotations

import math
from typing import Any, Protocol

import torch


class Rates(Protocol):
    """What `Optimiser` needs of a recipe."""

    @property
    def steps(self) -> int: ...

    @property
    def rate(self) -> float: ...

    @property
    def muon_rate(self) -> float: ...


def share_at(step: int, recipe: Rates) -> float:
    """The share of the full rate: linear warm-up over 3 % of the steps, then a cosine to 1 %."""
    warm = max(1, round(0.03 * recipe.steps))
    if step < warm:
        return (step + 1) / warm
    progress = (step - warm) / max(1, recipe.steps - warm)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))


class Optimiser:
    """Muon for convolutions, which torch has for matrices only and so sees them flattened, and AdamW for the rest."""

    def __init__(self, model: torch.nn.Module, recipe: Rates) -> None:
        self.recipe = recipe
        self.kernels = [value for value in model.parameters() if value.ndim == 4]
        self.matrices = [torch.nn.Parameter(value.data.view(len(value), -1)) for value in self.kernels]
        rest = [value for value in model.parameters() if value.ndim != 4]
        self.muon = torch.optim.Muon(self.matrices, lr=recipe.muon_rate, weight_decay=0.0)
        self.adam = torch.optim.AdamW(rest, lr=recipe.rate, betas=(0.9, 0.99), weight_decay=0.0)

    def step(self, step: int) -> None:
        """One update at the rate of this step; the gradients are taken from the model."""
        share = share_at(step, self.recipe)
        for matrix, kernel in zip(self.matrices, self.kernels, strict=True):
            matrix.grad = kernel.grad.reshape(len(kernel), -1) if kernel.grad is not None else None
        for optimiser, rate in ((self.muon, self.recipe.muon_rate), (self.adam, self.recipe.rate)):
            for group in optimiser.param_groups:
                group["lr"] = rate * share
            optimiser.step()  # type: ignore[no-untyped-call]

    def state(self) -> dict[str, Any]:
        """Both optimisers' states."""
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
