"""The loss of one reconstruction, the plainest measure there is and the baseline for the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.base import Fit
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["METHOD", "Reconstruction"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconstruction:
    """The loss of one reconstruction; with LPIPS (VGG) it is AEROBLADE's measure (arXiv:2401.17879, eq. 2).

    Attributes:
        metric: `mse` on [0, 1], or `lpips` by the extra of that name.
        floor: an MSE at or below which the loss is no evidence and the statistic undefined (NaN): every autoencoder
            reproduces a flat image. By default that of 8-bit rounding.

    Raises:
        UsageError: when an option is none of these.
    """

    metric: Literal["mse", "lpips"] = "mse"
    floor: float = ROUNDING

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        check_types(self)
        if not self.floor >= 0:
            raise UsageError(f"floor={self.floor} is negative: give a mean squared error on [0, 1]")

    @staticmethod
    def paper() -> Reconstruction:
        """AEROBLADE's measure: the loss is LPIPS by the VGG backbone (arXiv:2401.17879, eq. 2)."""
        return Reconstruction(metric="lpips")

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="reconstruction", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """One pass and its loss."""
        return Card(kind="measure", name="one-pass", facts={"version": 1, "metric": self.metric})

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """Columns `first`, the MSE, and for LPIPS `perceptual`.

        Arguments are as for `Method.scores`.

        Raises:
            MissingExtra: when LPIPS is asked for and not installed.
        """
        from wherefrom.methods.arithmetic.reconstructions import one_pass

        return one_pass(model, images, self.metric)

    def fit(self, belonging: Scores) -> Fit:
        """Nothing to learn."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The loss; NaN where the MSE is at or below the floor.

        Arguments are as for `Method.statistic`.
        """
        loss = scores["first" if self.metric == "mse" else "perceptual"]
        return np.where(scores["first"] > self.floor, loss, np.nan)


METHOD: Final = Reconstruction
