"""Traced: the loss that a short search leaves, against that of AEDR's second reconstruction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.units import ROUNDING
from wherefrom.methods._measures import BLOCKS, TWO_PASSES
from wherefrom.methods._searching import OptimiserName, check_options, columns, gathered, measure_of, plan_of, settled
from wherefrom.methods.base import Fit, Settled
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.plan import Found
    from wherefrom.inversion.search import Report

__all__ = ["METHOD", "Traced"]

_DENOMINATORS: Final = ("second", "first")


@dataclass(frozen=True, kw_only=True, slots=True)
class Traced:
    """The loss that a search from the encoder's latent leaves, over L2, the loss of AEDR's second reconstruction.

    LatentTracer's loss (arXiv:2405.13360) says how well the decoder can make the image; L2 (arXiv:2507.18988, eq. 3)
    how hard such an image is for the autoencoder. Neither paper has the ratio.

    Attributes:
        denominator: `second`, L2; or `first`, L1, the loss of the first reconstruction.
        floor: the denominator at or below which the statistic is undefined (NaN), an MSE on [0, 1]; default 8-bit
            rounding.
        steps: at most.
        optimiser: `lbfgs`, `adam` or `gradient-free`.
        rate: of L-BFGS the first trial step; Adam's largest step size.
        schedule: of Adam's step size.
        cut: an image leaves once its statistic is below; see `RONAN`.
        checkpointing: less memory, more time, the same numbers.

    Raises:
        UsageError: when an option is none of these.
    """

    denominator: Literal["second", "first"] = "second"
    floor: float = ROUNDING
    steps: int = 10
    optimiser: OptimiserName = "lbfgs"
    rate: float = 0.05
    schedule: Literal["constant", "cosine", "halved", "frozen"] = "constant"
    cut: float | None = None
    checkpointing: bool = False

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_options(self)
        if self.denominator not in _DENOMINATORS:
            raise UsageError(f"denominator={self.denominator!r} is none of {', '.join(_DENOMINATORS)}")
        if not self.floor >= 0:
            raise UsageError(f"floor={self.floor} is negative: give a mean squared error on [0, 1]")

    @property
    def metric(self) -> Literal["mse"]:
        """That of the losses it is divided by."""
        return "mse"

    @property
    def start(self) -> Literal["encoder"]:
        """The encoder's latent."""
        return "encoder"

    @property
    def restarts(self) -> int:
        """One start."""
        return 1

    @property
    def race(self) -> None:
        """Nobody to race."""
        return

    @property
    def plateau(self) -> None:
        """A short search ends by its steps alone."""
        return

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="traced", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """Two passes, then the search."""
        search = measure_of(self, "traced", without=() if self.cut is not None else ("denominator", "floor"))
        return Card(kind="measure", name="traced", facts={**TWO_PASSES.facts, **search.facts})

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """The columns of two passes, then `loss`, `start`, `calls`, `restart` of the search and `log3_...`.

        `log3_4_BAND` and `log3_8_BAND` are what the search left, by band, as `log1_...` are of the first pass.

        Raises:
            ImageError: when a search breaks down; `settle` goes on with the other images.
        """
        return gathered(self.settle(model, images, seeds), len(images))

    def settle(
        self, model: Autoencoder, images: Images, seeds: Seeds, *, report: Report | None = None
    ) -> Iterator[Settled]:
        """The same, an image at a time."""
        import torch

        from wherefrom.inversion.scaled import scaled
        from wherefrom.inversion.search import search
        from wherefrom.methods._passes import band_columns, two_passes

        asked = scaled(model)
        passes = two_passes(model, images)
        cuts = None if self.cut is None else torch.from_numpy(self.cut * self._denominator(passes))

        def start(image: int) -> torch.Tensor:
            return asked.encode(images[image : image + 1])

        def row(found: Found) -> Scores:
            assert found.latent is not None
            with torch.no_grad():
                error = asked.decode(found.latent[None]) - images[found.image : found.image + 1]
            left = {name: column for block in BLOCKS for name, column in band_columns(3, block, error).items()}
            own = passes.take(np.array([found.image]))
            return Scores({**own.columns, **columns(found).columns, **left})

        return settled(search(asked, images, start, plan=plan_of(self), cuts=cuts, report=report), row)

    def fit(self, belonging: Scores) -> Fit:
        """Nothing is learned."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The search's loss over L2 or L1; NaN where that is at or below the floor."""
        below = self._denominator(scores)
        ratio: Vector = scores["loss"] / below
        return ratio

    def _denominator(self, scores: Scores) -> Vector:
        """L2 or L1, NaN at or below the floor."""
        return np.where(scores[self.denominator] > self.floor, scores[self.denominator], np.nan)


METHOD: Final = Traced
