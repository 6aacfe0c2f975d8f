"""Joint: control copies and AEDR's two errors in one number, for untouched and for damaged images alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.core.arrays import Matrix, Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of, without_unset
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.arithmetic.columns import LEFT_BLOCK, log_columns
from wherefrom.methods.arithmetic.covariance import check_shrinkage, fit_covariance, squared_distance
from wherefrom.methods.base import Fit
from wherefrom.methods.control import Control
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["METHOD", "Joint"]

_FOLDS: Final = 10
_NARROWEST: Final = 0.02
"""The least standard deviation that the logarithms of belongings' distances are taken to have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Joint:
    """Control copies say whether a decoder made the image; its two errors, how like belongings it was made.

    Neither does alone. How much better an image is reconstructed than its control copies tells a decoder's images from
    all others, after JPEG too, but hardly from those of a decoder that was fine-tuned from it: both make the image so
    much better reconstructed than its copies that how much says little. The distance of `spectral`, between AEDR's two
    errors by band, tells those apart, but fails after JPEG. So with c the statistic of `control` with an excess, in
    standard deviations of others, and d the distance of `spectral`,

        statistic = max(c, -saturation) + weight (log d - m) / s,

    where m and s are the median and the standard deviation of log d among belongings, each left out of what its own
    distance is measured from. Beyond the saturation an image is as clearly better than its copies as any, and the
    distance alone decides. In large images belongings are so far below others that a few photos saturate too, so a
    profile has a saturation of its own: half as far as the median of its belongings, or as far as the nearest of them
    if that is less. It costs as many reconstructions as `control` with an excess: four, twice AEDR's.

    Attributes:
        copies: as of `control`.
        excess: as of `control`: how much a high ratio of AEDR's losses counts against an image.
        weighted: as of `control`: whether blocks count by how much of the image lies there, where it is compared with
            its copies.
        weight: how much the distance counts, for each of the belongings' standard deviations.
        saturation: standard deviations of other images below their mean at which the copies' evidence ends, at the
            least; a profile's own is learned.
        shrinkage: in (0, 1]: how far correlations are shrunk towards none, in both parts.
        floor: as of `control`: an image whose copies lose no more than this, or that is the same as its copies, is
            undefined (NaN). A mean squared error on [0, 1]; default 8-bit rounding.

    Raises:
        UsageError: when an option is out of range.
    """

    copies: str = "turn180+mirror"
    excess: float = 0.5
    weighted: bool = True
    weight: float = 0.25
    saturation: float = 6.0
    shrinkage: float = 0.9
    floor: float = ROUNDING
    _control: Control = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        check_types(self)
        check_shrinkage(self.shrinkage)
        if not 0 <= self.weight < np.inf:
            raise UsageError(f"weight={self.weight} is negative or infinite: give a weight, as 0.5")
        if not 0 < self.saturation < np.inf:
            raise UsageError(f"saturation={self.saturation} is not above 0 or infinite: give a number, as 6")
        control = Control(
            copies=self.copies,
            excess=self.excess,
            weighted=self.weighted,
            shrinkage=self.shrinkage,
            floor=self.floor,
        )
        object.__setattr__(self, "_control", control)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="joint", facts=without_unset(options_of(self), "weighted"))

    @property
    def measure(self) -> Card:
        """One reconstruction of the image, one more of that, and one of each copy: as of `control` with `second`."""
        return self._asked.measure

    @property
    def columns(self) -> tuple[str, ...]:
        """Losses and bands of the image, of its copies and of its second pass."""
        return self._asked.columns

    @property
    def _asked(self) -> Control:
        """What is asked and kept."""
        return Control(copies=self.copies, second=True, weighted=self.weighted)

    @property
    def learns(self) -> bool:
        """How belongings differ from their copies, and how their errors vary by band."""
        return True

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """Losses and bands of the image, of its second pass and of each copy.

        Args:
            model: an autoencoder.
            images: `(n, 3, h, w)` in [0, 1].
            seeds: one an image.

        Raises:
            ImageError: when the model takes no image of a copy's size.
            ModelError: when the model has no encoder.
        """
        return self._asked.scores(model, images, seeds)

    def fit(self, belonging: Scores) -> Fit:
        """What `control` learns, and of the distance `distance_centre`, `distance_root` and `distance`; `saturation`.

        `distance_centre` and `distance_root` are the mean and the inverse covariance's root of the 48 bands, as of
        `spectral`; `distance`, shape `(2,)`, is the median and the standard deviation of the logarithm of the distance.
        `saturation`, shape `(1,)`, is where the evidence of these belongings' copies ends.

        Raises:
            NoTrace: when belongings are reconstructed no better than their copies.
            ProfileError: when there are too few belongings with a statistic.
        """
        fit = self._control.fit(belonging)
        better = self._control.statistic(belonging, fit)
        rows = _log_ratios(belonging.take(np.isfinite(better)))
        logs = np.log(self._left_out(rows) + ROUNDING)
        learned = fit_covariance(rows, shrinkage=self.shrinkage)
        return {
            **fit,
            **{f"distance_{name}": numbers for name, numbers in learned.items()},
            "distance": np.array([np.median(logs), max(float(np.std(logs)), _NARROWEST)]),
            "saturation": np.array([self._learned_saturation(better[np.isfinite(better)])]),
        }

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """High for images of other origin; NaN where `control` has none.

        Args:
            scores: of `scores`.
            fit: of `fit`.
        """
        median, deviation = fit["distance"]
        learned = {name: fit[f"distance_{name}"] for name in ("centre", "root")}
        apart = np.log(squared_distance(_log_ratios(scores), learned) + ROUNDING)
        (saturation,) = fit.get("saturation", (self.saturation,))  # which profiles of earlier versions do not say
        better: Vector = np.maximum(self._control.statistic(scores, fit), -float(saturation))
        found: Vector = better + self.weight * (apart - median) / deviation
        return found

    def _learned_saturation(self, better: Vector) -> float:
        """Where the copies' evidence ends, in standard deviations of others below their mean.

        No further than the nearest belonging, since beyond it the distance is to decide, and no further than half of
        what is usual among belongings, since those in question may show less than any of the profile.
        """
        return max(self.saturation, min(-float(better.max()), -float(np.median(better)) / 2))

    def _left_out(self, rows: Matrix) -> Vector:
        """The distance of each row from the others: it is left out, with every tenth of them, of what it is judged by.

        A row's distance from a mean and covariance that it took part in is too small.
        """
        fold = np.arange(len(rows)) % min(_FOLDS, len(rows))
        distances: Vector = np.empty(len(rows))
        for left in range(fold.max() + 1):
            learned = fit_covariance(rows[fold != left], shrinkage=self.shrinkage)
            distances[fold == left] = squared_distance(rows[fold == left], learned)
        return distances


def _log_ratios(scores: Scores) -> Matrix:
    """Log energy of the first error minus that of the second, one column a band: what `spectral` reads."""
    ratios: Matrix = scores.matrix(log_columns(1, LEFT_BLOCK)) - scores.matrix(log_columns(2, LEFT_BLOCK))
    return ratios


METHOD: Final = Joint
