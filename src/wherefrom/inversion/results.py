"""What a search found for an image, and how far it is while it goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

__all__ = ["Report", "SearchResult", "Step"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SearchResult:
    """What a search found for one image.

    Attributes:
        image: its row in the batch.
        loss: the best measured loss over all restarts; NaN with an error.
        start: the best loss among the starts themselves.
        calls: decoder calls, over all restarts.
        restart: which restart was best.
        latent: the best one, without the batch's axis; None with an error.
        trace: `(restarts, steps + 1)` measured losses, NaN where nothing was measured; None unless asked for.
        error: why the image has no loss.
    """

    image: int
    loss: float = math.nan
    start: float = math.nan
    calls: int = 0
    restart: int = 0
    latent: torch.Tensor | None = None
    trace: npt.NDArray[np.float64] | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """How far a batch's search is, for progress.

    Attributes:
        settled: images that have left.
        images: of the batch.
        step: the furthest step of those being searched.
        steps: at most.
        searching: images being searched.
        loss: median over them of the best loss so far.
    """

    settled: int
    images: int
    step: int
    steps: int
    searching: int
    loss: float


Report: TypeAlias = Callable[[Step], None]
"""Told how far a search is, after each step of the batch."""
