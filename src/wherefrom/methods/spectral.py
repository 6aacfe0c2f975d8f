"""Spectral: the two errors of AEDR compared band by band, against how they vary among belongings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from wherefrom.core.arrays import Matrix, Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.arithmetic.columns import BLOCKS, TWO_PASSES, log_columns
from wherefrom.methods.arithmetic.covariance import check_learning, learned, squared_distance, where_judged
from wherefrom.methods.base import Fit
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["METHOD", "Spectral"]

_EASIEST: Final = 0.02
"""The share of belongings that are too easy where they were stored with loss: decision 0011."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spectral:
    """AEDR's two errors compared band by band, against how they vary among belongings; not in the paper.

    In each band of small DCT blocks in opponent colours, v is the mean over blocks of the log energy of the first error
    minus that of the second. Belongings alone give the mean of v, its spread in each band and its correlation R. The
    statistic is the Mahalanobis distance, squared and divided by the number of bands, under (1 - s) R + s I. The
    logarithm inside the mean lets every block count alike; the losses are ruled by the few blocks with the most error.

    It is two-sided: an image that is reproduced better than belongings is as foreign as one that is reproduced worse.

    Attributes:
        block: side of the DCT blocks, 4 (48 bands) or 8 (192 bands).
        shrinkage: s, in (0, 1]: how far the correlation is shrunk towards none.
        easiest: the share of belongings, in [0, 1), whose L2 is low enough to count as too easy: at or below that L2 an
            image is undefined (NaN), since any decoder reproduces a smooth image. None: by the belongings' storage, 0
            where all were stored without loss and never edited, else 0.02.
        floor: L2 at or below which every image is undefined, an MSE on [0, 1]; default 8-bit rounding.

    Raises:
        UsageError: when an option is out of range.
    """

    block: int = 4
    shrinkage: float = 0.9
    easiest: float | None = None
    floor: float = ROUNDING

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        check_types(self)
        if self.block not in BLOCKS:
            raise UsageError(f"block={self.block!r} is none of {', '.join(map(str, BLOCKS))}")
        check_learning(shrinkage=self.shrinkage, easiest=self._share, floor=self.floor)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="spectral", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """Two passes, the same as `aedr` asks for."""
        return TWO_PASSES

    @property
    def columns(self) -> tuple[str, ...]:
        """L2, and both errors by band."""
        return ("second", *log_columns(1, self.block), *log_columns(2, self.block))

    @property
    def learns(self) -> bool:
        """How the bands vary among belongings."""
        return True

    def for_storage(self, *, lossless: bool) -> Spectral:
        """The method that learns from belongings stored in this way; it judges as this one does by what that learned.

        Args:
            lossless: whether all were stored without loss and never edited.
        """
        return replace(self, easiest=0.0) if self.easiest is None and lossless else self

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """Both losses, in all and by band: the columns of `wherefrom.methods.arithmetic.reconstructions.two_passes`.

        Arguments are as for `Method.scores`.
        """
        from wherefrom.methods.arithmetic.reconstructions import two_passes

        return two_passes(model, images)

    def fit(self, belonging: Scores) -> Fit:
        """`centre`, shape `(k,)`, `root` of the inverse covariance row by row, `(k * k,)`, and `least`, the lowest L2.

        Raises:
            ProfileError: when there are too few belongings with a statistic.
        """
        return learned(
            self._log_ratios(belonging),
            belonging["second"],
            method="spectral",
            shrinkage=self.shrinkage,
            easiest=self._share,
            floor=self.floor,
        )

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The squared Mahalanobis distance by band; NaN where L2 is at or below the floor or belongings' lowest.

        Arguments are as for `Method.statistic`.
        """
        distance = squared_distance(self._log_ratios(scores), fit)
        return where_judged(scores["second"], distance, fit, floor=self.floor)

    @property
    def _share(self) -> float:
        """`easiest` where nothing is known of the belongings' storage."""
        return _EASIEST if self.easiest is None else self.easiest

    def _log_ratios(self, scores: Scores) -> Matrix:
        """Log energy of the first error minus that of the second, one column a band."""
        return scores.matrix(log_columns(1, self.block)) - scores.matrix(log_columns(2, self.block))


METHOD: Final = Spectral
