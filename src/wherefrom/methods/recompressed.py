"""Recompressed: AEDR's two errors, as they are and as the JPEG that the images are stored in leaves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.core.arrays import Matrix, Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.arithmetic.columns import (
    LEFT_BLOCK,
    STORED,
    STORED_AGAIN,
    TWO_PASSES,
    log_columns,
    with_current_names,
)
from wherefrom.methods.arithmetic.covariance import check_learning, excess, learned, where_judged
from wherefrom.methods.base import Fit
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["METHOD", "Recompressed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recompressed:
    """AEDR's two errors, as they are and as the same JPEG leaves them, for images stored as JPEG; not in the papers.

    AEDR (arXiv:2507.18988, eq. 1 to 3) compares what a reconstruction changes in an image with what the next one
    changes in the reconstruction. Of an image stored as JPEG the first error is mostly the JPEG's own, and the second
    has none of it. So the reconstruction is stored as JPEG of the same quality before it is reconstructed again, and
    both errors are also taken between what the JPEG leaves: a belonging then loses as much as its stored
    reconstruction, which is a belonging stored as it was.

    The numbers are v of `Spectral` in 48 bands, the same of the stored errors, and the logarithms of both ratios of
    losses. The statistic is how far they are above those of belongings, each given all others: see
    `wherefrom.methods.arithmetic.covariance.excess`.

    Make the profile of belongings and pools stored as JPEG of this quality too.

    Attributes:
        quality: of the JPEG in which the images are stored, 1 to 100, as libjpeg counts.
        shrinkage: in (0, 1]: how far the numbers' correlation is shrunk towards none.
        easiest: as of `Spectral`: the share of belongings whose L2 is too low to judge an image by.
        floor: L2 at or below which every image is undefined (NaN), an MSE on [0, 1]; default 8-bit rounding.

    Raises:
        UsageError: when an option is out of range.
    """

    quality: int = 75
    shrinkage: float = 0.9
    easiest: float = 0.02
    floor: float = ROUNDING

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        check_types(self)
        if self.quality not in range(1, 101):
            raise UsageError(f"quality={self.quality!r} is none of 1 to 100, as of a JPEG")
        check_learning(shrinkage=self.shrinkage, easiest=self.easiest, floor=self.floor)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="recompressed", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """Three passes, the last one of what a JPEG of this quality leaves."""
        return Card(kind="measure", name="stored-passes", facts={**TWO_PASSES.facts, "quality": self.quality})

    @property
    def columns(self) -> tuple[str, ...]:
        """The losses and both pairs of errors by band."""
        errors = (1, 2, STORED, STORED_AGAIN)
        losses = ("first", "second", "stored_first", "stored_second")
        return (*losses, *(name for error in errors for name in log_columns(error, LEFT_BLOCK)))

    @property
    def learns(self) -> bool:
        """How the numbers vary among belongings."""
        return True

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """The columns of two passes, and of the stored ones: see `stored_passes` in `wherefrom.methods.arithmetic`."""
        from wherefrom.methods.arithmetic.reconstructions import stored_passes

        return stored_passes(model, images, self.quality)

    def fit(self, belonging: Scores) -> Fit:
        """`centre`, shape `(98,)`, `root` of the inverse covariance row by row, and `least`, the lowest L2.

        Raises:
            ProfileError: when there are too few belongings with a statistic.
        """
        return learned(
            self._log_ratios(belonging),
            belonging["second"],
            method="recompressed",
            shrinkage=self.shrinkage,
            easiest=self.easiest,
            floor=self.floor,
        )

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """How far above belongings; NaN where L2 is at or below the floor or belongings' lowest.

        Arguments are as for `Method.statistic`.
        """
        statistic = excess(self._log_ratios(scores), fit)
        return where_judged(scores["second"], statistic, fit, floor=self.floor)

    def _log_ratios(self, scores: Scores) -> Matrix:
        """By band and in all, of the errors as they are and of the stored ones, shape `(n, 98)`."""
        scores = with_current_names(scores)
        bands = [
            scores.matrix(log_columns(above, LEFT_BLOCK)) - scores.matrix(log_columns(below, LEFT_BLOCK))
            for above, below in ((1, 2), (STORED, STORED_AGAIN))
        ]
        totals = [
            np.log(scores[f"{kind}first"] + ROUNDING) - np.log(scores[f"{kind}second"] + ROUNDING)
            for kind in ("", "stored_")
        ]
        return np.column_stack([*bands, *totals])


METHOD: Final = Recompressed
