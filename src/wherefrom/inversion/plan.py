"""What a search does, as values: how far, by which optimiser, when it ends; and what it found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import Metric
from wherefrom.inversion.optimisers import Adam, Optimiser

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

__all__ = ["Found", "Plan", "Plateau", "Race", "Step"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plateau:
    """A problem ends when its best loss fell by less than a share over its last steps.

    Attributes:
        steps: how many, at least 1.
        share: of the best loss that many steps ago, in (0, 1).

    Raises:
        UsageError: when one is outside its range.
    """

    steps: int = 50
    share: float = 0.01

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        if self.steps < 1 or not 0 < self.share < 1:
            raise UsageError(f"plateau of {self.steps} steps and share {self.share}: need >= 1 step, a share in (0, 1)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Race:
    """Of an image's restarts only the best go on after some steps.

    Attributes:
        steps: after how many, at least 1.
        keep: how many restarts go on, at least 1.

    Raises:
        UsageError: when one is outside its range.
    """

    steps: int = 50
    keep: int = 1

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        if self.steps < 1 or self.keep < 1:
            raise UsageError(f"race of {self.steps} steps that keeps {self.keep}: need at least 1 of both")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A search: from each start at most `steps` steps, best of the `steps` + 1 states that were measured.

    Attributes:
        steps: at most, at least 1.
        optimiser: how each step is made.
        metric: what is minimised and measured.
        backbone: of `lpips`: file with torchvision's weights of AlexNet; None: where torch keeps what it downloads.
        quality: of `jpeg`: the JPEG's, 1 to 100.
        clamped: minimise the loss of the clamped output, as LatentTracer's program does; a saturated pixel then has no
            gradient. The measured loss is always that of the clamped output.
        plateau: when a problem ends before its last step; None: never.
        race: when restarts end in favour of better ones; None: never.
        checkpointing: compute the decoder twice a step, in less memory; numbers are the same.
        traced: keep every measured loss.

    Raises:
        UsageError: when an option is outside its range, or the encoder's direction is asked to follow another metric.
    """

    steps: int = 300
    optimiser: Optimiser = field(default_factory=Adam)
    metric: Metric = "mse"
    backbone: str | None = None
    quality: int | None = None
    clamped: bool = False
    plateau: Plateau | None = None
    race: Race | None = None
    checkpointing: bool = False
    traced: bool = False

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        if self.steps < 1:
            raise UsageError(f"steps={self.steps}, need at least 1")
        if (self.metric == "jpeg") != (self.quality is not None):
            raise UsageError(f"metric={self.metric!r} with quality={self.quality}: quality goes with metric='jpeg'")
        if self.optimiser.by_encoder and self.metric != "mse":
            raise UsageError(f"a gradient-free search has no gradient of {self.metric}: use metric='mse'")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Found:
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
