"""The optimiser of the programs that train by Muon: convolutions by it, the rest by AdamW, at rates that fall."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch

from training.runs import STATE, follow, write_state

ModelT = TypeVar("ModelT", bound=torch.nn.Module)


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


class Kept(Rates, Protocol):
    """What `Averaged` needs of one."""

    @property
    def average(self) -> float: ...


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


class Averaged(Generic[ModelT]):
    """A model, the moving average of its weights and their optimiser, with the state that a resumed run needs.

    Args:
        model: what is trained, as it starts.
        average: another of the same shape; takes the model's weights.
        recipe: rates, and `average`, the share that the average keeps at each step.
        out: folder of the run; a state in it is gone on from.
        device: of both.
    """

    def __init__(self, model: ModelT, average: ModelT, recipe: Kept, out: Path, device: str = "cpu") -> None:
        self.model, self.average = model.to(device), average.to(device)
        self.average.load_state_dict(model.state_dict())
        self.optimiser = Optimiser(model, recipe)
        self.keep, self.out, self.device = recipe.average, out, device
        self.step, self.seconds = 0, 0.0
        if (out / STATE).exists():
            self.load()

    def load(self) -> None:
        """Go on from the last state that was written."""
        state = torch.load(self.out / STATE, weights_only=True, map_location=self.device)  # noqa: TID251
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Write the state whole."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state(),
            "step": self.step,
            "seconds": self.seconds,
        }
        write_state(state, self.out)

    def update(self, loss: torch.Tensor) -> None:
        """One step of the optimiser and of the average."""
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step(self.step)
        self.step += 1
        follow(self.average, self.model, min(self.keep, (1 + self.step) / (10 + self.step)))
