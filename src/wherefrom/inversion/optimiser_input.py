"""What an optimiser is given, and what it remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch

__all__ = ["Memory", "OptimiserInput"]

Memory: TypeAlias = "dict[str, torch.Tensor]"
"""What an optimiser remembers, each tensor `(p, ...)`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimiserInput:
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
