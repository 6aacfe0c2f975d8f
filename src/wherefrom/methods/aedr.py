"""AEDR: the ratio of two successive reconstruction losses (arXiv:2507.18988)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.arithmetic.columns import LEFT_BLOCK, TWO_PASSES, log_columns
from wherefrom.methods.arithmetic.line import fit_line, off_line
from wherefrom.methods.base import Fit
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["AEDR", "METHOD"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AEDR:
    """The ratio of two successive reconstruction losses, t = L1 / L2 (arXiv:2507.18988, eq. 1 to 5).

    The second pass measures how hard the image is for this autoencoder; a belonging loses as much in the first.

    Attributes:
        adjustment: `none`: t. `homogeneity`: t * H, the paper's (eq. 4 and 5). `residual`: how far log t is above the
            least-squares line of log t on log L2, fitted on one half of the belongings; not in the paper. `bands`: how
            far both errors are apart, in all by log t, and by `spectral`'s 48 bands of 4 x 4 blocks; 0 where they are
            alike; learns nothing; not in the paper.
        form: which homogeneity: `squared`, as the paper's program computes it, or `absolute`, as eq. 4 prints it.
        floor: L2 at or below which t is undefined (NaN), a mean squared error on [0, 1]; default 8-bit rounding.

    Raises:
        UsageError: when an option is none of these.
    """

    adjustment: Literal["none", "homogeneity", "residual", "bands"] = "none"
    form: Literal["squared", "absolute"] = "squared"
    floor: float = ROUNDING

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        check_types(self)
        if not self.floor >= 0:
            raise UsageError(f"floor={self.floor} is negative: give a mean squared error on [0, 1]")

    @staticmethod
    def paper() -> AEDR:
        """The paper's statistic, t * H with the homogeneity of its program (eq. 4 and 5)."""
        return AEDR(adjustment="homogeneity")

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="aedr", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """Two passes, the same as `spectral` asks for."""
        return TWO_PASSES

    @property
    def columns(self) -> tuple[str, ...]:
        """L1 and L2, and what the adjustment reads beside them."""
        more: dict[str, tuple[str, ...]] = {
            "homogeneity": (f"homogeneity_{self.form}",),
            "bands": (*log_columns(1, LEFT_BLOCK), *log_columns(2, LEFT_BLOCK)),
        }
        return ("first", "second", *more.get(self.adjustment, ()))

    @property
    def learns(self) -> bool:
        """Only for the residual."""
        return self.adjustment == "residual"

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """Both losses, in all and by band: the columns of `wherefrom.methods.arithmetic.reconstructions.two_passes`.

        Arguments are as for `Method.scores`.
        """
        from wherefrom.methods.arithmetic.reconstructions import two_passes

        return two_passes(model, images)

    def fit(self, belonging: Scores) -> Fit:
        """The line of log t on log L2, for the residual.

        Raises:
            ProfileError: when there are too few belongings, or they do not vary.
        """
        if not self.learns:
            return {}
        return fit_line(self._log_second(belonging), np.log(self._ratio(belonging)))

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """t, t * H, the residual of log t, or the distance of both errors; NaN where L2 is at or below the floor.

        Arguments are as for `Method.statistic`.
        """
        ratio = self._ratio(scores)
        if self.adjustment == "bands":
            return _in_bands(scores, ratio)
        if self.adjustment == "none":
            return ratio
        if self.adjustment == "homogeneity":
            return ratio * scores[f"homogeneity_{self.form}"]
        return off_line(self._log_second(scores), np.log(ratio), fit)

    def _ratio(self, scores: Scores) -> Vector:
        """L1 / L2, NaN where L2 is at or below the floor or L1 is zero."""
        first, second = scores["first"], scores["second"]
        defined = (second > self.floor) & (first > 0)
        ratio: Vector = np.divide(first, second, out=np.full(len(scores), np.nan), where=defined)
        return ratio

    def _log_second(self, scores: Scores) -> Vector:
        """Log L2, NaN at or below the floor."""
        second = scores["second"]
        result: Vector = np.log(second, out=np.full(len(scores), np.nan), where=second > self.floor)
        return result


def _in_bands(scores: Scores, ratio: Vector) -> Vector:
    """Root of (log t)^2 and the mean square over 48 bands of what the log energies of both errors are apart."""
    apart = scores.matrix(log_columns(1, LEFT_BLOCK)) - scores.matrix(log_columns(2, LEFT_BLOCK))
    distance: Vector = np.sqrt(np.log(ratio) ** 2 + np.mean(np.square(apart), axis=1))
    return distance


METHOD: Final = AEDR
