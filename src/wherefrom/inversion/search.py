"""How a latent is searched, as one value: where from, by which optimiser, for which distance, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.inversion.distance import Distance
from wherefrom.inversion.optimisers import Adam, Optimiser

__all__ = ["Plateau", "Race", "Search", "Start", "Stop"]

Start = Literal["auto", "random", "encoder", "both"]
"""Where a search starts: draws of the model's prior by the image's seed, the encoder's latent, or both.

`auto` is both where the model has an encoder, else `random`.
"""


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
class Stop:
    """When a search from one start ends.

    Attributes:
        steps: after so many at most, at least 1.
        plateau: when its best loss hardly falls any more; None: never.
        race: when better starts of the same image go on alone; None: never.

    Raises:
        UsageError: when an option is outside its range.
    """

    steps: int = 300
    plateau: Plateau | None = None
    race: Race | None = None

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        if self.steps < 1:
            raise UsageError(f"steps={self.steps}, need at least 1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """A search: from each start at most `stop.steps` steps, best of the `stop.steps` + 1 states that were measured.

    Attributes:
        start: where it starts; the encoder's latent needs a model with an encoder.
        restarts: starts an image, of which the encoder's latent is one; None: by how many classes are searched.
        optimiser: how each step is made.
        distance: what is minimised and measured.
        stop: when it ends.
        clamped: minimise the loss of the clamped output, as LatentTracer's program does; a saturated pixel then has no
            gradient. The measured loss is always that of the clamped output.
        checkpointing: compute the decoder twice a step, in less memory; numbers are the same.

    Raises:
        UsageError: when an option is outside its range or has no effect beside another one.
    """

    start: Start = "encoder"
    restarts: int | None = None
    optimiser: Optimiser = field(default_factory=Adam)
    distance: Distance = field(default_factory=Distance)
    stop: Stop = field(default_factory=Stop)
    clamped: bool = False
    checkpointing: bool = False

    def __post_init__(self) -> None:
        """Refuse options outside their range, and the encoder's direction along another distance."""
        check_types(self)
        if self.restarts is not None and self.restarts < 1:
            raise UsageError(f"restarts={self.restarts}, need at least 1")
        if self.start == "encoder" and self.restarts not in (None, 1):
            raise UsageError(
                f"restarts={self.restarts} has no effect with start='encoder', which is one start: leave it out, or"
                " take start='both' for draws beside it"
            )
        if self.start == "both" and self.restarts == 1:
            raise UsageError("restarts=1 with start='both' leaves no draw beside the encoder's latent: use at least 2")
        metric = self.distance.metric
        if self.optimiser.by_encoder and metric != "mse":
            raise UsageError(f"a gradient-free search has no gradient of {metric}: use metric='mse'")
