"""Spectral: the two losses of AEDR compared band by band, against how they vary among belongings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.core.arrays import Matrix, Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.units import ROUNDING
from wherefrom.methods._measures import BLOCKS, TWO_PASSES, log_columns
from wherefrom.methods.base import Fit
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["METHOD", "Spectral"]

_FEWEST: Final = 10
_NARROWEST: Final = 1e-3
"""Standard deviation of a log ratio below which a band counts as this wide: belongings that hardly differ there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spectral:
    """The ratio of AEDR's two losses in each band, weighed by how belongings vary; not in the paper.

    In each band of small DCT blocks in opponent colours, v is the mean over blocks of the log energy of the first error minus
    that of the second. Belongings alone give the mean of v and its covariance (Ledoit and Wolf 2004, shrunk towards
    the identity after scaling each band to unit variance). The statistic is the mean square of the whitened deviations
    that are positive: the first pass lost more than the second one explains.

    Attributes:
        block: side of the DCT blocks, 4 (48 bands) or 8 (192 bands).
        floor: L2 at or below which the statistic is undefined (NaN), an MSE on [0, 1]; default 8-bit rounding.

    Raises:
        UsageError: when an option is out of range.
    """

    block: int = 4
    floor: float = ROUNDING

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        if self.block not in BLOCKS:
            raise UsageError(f"block={self.block!r} is none of {', '.join(map(str, BLOCKS))}")
        if not self.floor >= 0:
            raise UsageError(f"floor={self.floor} is negative: give a mean squared error on [0, 1]")

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="spectral", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """Two passes, the same as `aedr` asks for."""
        return TWO_PASSES

    @property
    def learns(self) -> bool:
        """The mean and the covariance of belongings."""
        return True

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """Both losses, in all and by band; see `wherefrom.methods._passes.two_passes` for the columns."""
        from wherefrom.methods._passes import two_passes

        return two_passes(model, images)

    def fit(self, belonging: Scores) -> Fit:
        """`centre` and `spread` of each band, shape `(k,)`, and the whitening matrix row by row, `(k * k,)`.

        Raises:
            ProfileError: when there are too few belongings with a statistic.
        """
        from sklearn.covariance import ledoit_wolf

        rows = self._log_ratios(belonging)[belonging["second"] > self.floor]
        if len(rows) < _FEWEST:
            raise ProfileError(
                f"spectral learns from {_FEWEST} belonging images at least, half of all, got {len(rows)}: add images"
            )
        centre, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0, ddof=1), _NARROWEST)
        covariance, _ = ledoit_wolf((rows - centre) / spread, assume_centered=True)
        values, vectors = np.linalg.eigh(covariance)
        if not values[0] > 0:
            raise ProfileError(f"the bands of {len(rows)} belonging images do not vary: add images that differ")
        whitening = (vectors / np.sqrt(values)) @ vectors.T
        return {"centre": centre, "spread": spread, "whitening": whitening.ravel()}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The mean square of the positive whitened deviations; NaN where L2 is at or below the floor."""
        k = len(fit["centre"])
        deviations = ((self._log_ratios(scores) - fit["centre"]) / fit["spread"]) @ fit["whitening"].reshape(k, k)
        statistic = np.square(np.maximum(deviations, 0.0)).mean(axis=1)
        return np.where(scores["second"] > self.floor, statistic, np.nan)

    def _log_ratios(self, scores: Scores) -> Matrix:
        """Log energy of the first error minus that of the second, one column a band."""
        return scores.matrix(log_columns(1, self.block)) - scores.matrix(log_columns(2, self.block))


METHOD: Final = Spectral
