"""Control: how well an image is reconstructed against copies of itself that have lost the decoder's trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from wherefrom.core.arrays import Matrix, Scores, Seeds, Vector
from wherefrom.core.card import Card, Fact, options_of, without_unset
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.arithmetic.columns import (
    COPIES,
    FIRST,
    LEFT_BLOCK,
    SHIFT,
    TWO_PASSES,
    copied,
    log_columns,
    refined,
    weighted,
    within,
)
from wherefrom.methods.arithmetic.covariance import FEWEST, check_shrinkage
from wherefrom.methods.arithmetic.discriminant import fit_discriminant, projected
from wherefrom.methods.arithmetic.options_of_copies import SAME, check_copies, check_floor, copies_of
from wherefrom.methods.base import Fit
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images

__all__ = ["METHOD", "Control"]

_FORMS: Final = ("bands", "losses")
_FEWEST_COPIES: Final = 2
_NARROWEST_RATIO: Final = 0.02
"""The least standard deviation that log ratios of belongings are taken to have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """An image's reconstruction against those of its control copies; not in the papers.

    A copy of the image that is turned, mirrored or moved off the decoder's grid has the same content and the same
    damage, as JPEG's, but not the decoder's trace: a decoder draws a turned image no better than any other. So how much
    worse the copies are reconstructed says whether the decoder made the image, and how hard the content is cancels.
    With L the loss of one reconstruction and g the copies, s = log L(x) - mean over g of log L(g x); it is near 0 for
    an image of other origin, whatever the profile, and below 0 for a belonging.

    With `refine` every reconstruction is corrected once: z1 = z0 - (E(D(z0)) - E(x)) with z0 = E(x), one forward step
    of decoder inversion without a gradient (Hong et al., NeurIPS 2024, arXiv:2409.18442), with the step length that
    fits best in each block. That removes most of a belonging's error and little of any other image's or copy's, so the
    difference grows, for one more pass through encoder and decoder an image and copy.

    Attributes:
        copies: names joined by `+`, of turn90, turn180, turn270, mirror, flip, transpose, antitranspose and shift.
        form: `losses`: s, which learns nothing. `bands`: the same difference in 48 bands of 4 x 4 blocks and in all, in
            one number: Fisher's discriminant between belongings and their own copies, in standard deviations of the
            copies. It learns from belongings alone. With a single copy nothing shows how copies differ among each
            other: then the images of other origin are taken to be as many numbers above 0 as below, and to vary as
            belongings do.
        second: whether the second pass is asked too, one reconstruction more. The discriminant then also reads how far
            AEDR's first error is apart from its second (arXiv:2507.18988, eq. 2 and 3).
        excess: how much it counts, beside the discriminant, that AEDR's log ratio of the two losses is higher than the
            belongings' median: by this many of the copies' standard deviations for each standard deviation of the
            belongings' ratios. A lower ratio counts for nothing, since images of other origin can have one. It asks
            for the second pass. 0 leaves it out.
        refine: whether every reconstruction is corrected once. `losses` then compares what the corrections leave,
            `bands` both what they leave and the errors before.
        weighted: whether blocks count, in each band, by how much of the image lies there, and not all alike: by
            log(1 + c^2 / 0.01^2), with c the image's own coefficient. What an edit flattened, as JPEG does smooth
            areas, then adds no noise. The total losses, which have no blocks, are left out. For the form `bands`.
        shrinkage: in (0, 1]: how far the numbers' correlation is shrunk towards none.
        floor: an image whose copies lose no more than this, by their geometric mean, is undefined (NaN): it is flat. A
            mean squared error on [0, 1]; default 8-bit rounding. An image that is the same as its copies is undefined
            too: nothing can be compared.

    Raises:
        UsageError: when an option is none of these.
    """

    copies: str = "turn90+turn180+mirror"
    form: Literal["bands", "losses"] = "bands"
    second: bool = False
    excess: float = 0.0
    refine: bool = False
    weighted: bool = False
    shrinkage: float = 0.9
    floor: float = ROUNDING

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        check_types(self)
        if self.form not in _FORMS:
            raise UsageError(f"form={self.form!r} is none of {', '.join(_FORMS)}")
        check_copies(self.copies, COPIES)
        check_shrinkage(self.shrinkage)
        if self.weighted and not self.learns:
            raise UsageError(f"form={self.form} has no blocks that weighted=true could count: leave weighted out")
        if not 0 <= self.excess < np.inf:
            raise UsageError(f"excess={self.excess} is negative or infinite: give a weight, as 1, or 0 for none")
        if self.excess and not self.learns:
            raise UsageError(
                f"form={self.form} learns nothing, so excess={self.excess:g} has no median to compare with"
            )
        check_floor(self.floor)

    @property
    def names(self) -> tuple[str, ...]:
        """The copies, one by one."""
        return copies_of(self.copies)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="control", facts=without_unset(options_of(self), "weighted"))

    @property
    def measure(self) -> Card:
        """One reconstruction of the image, one of each copy, with `refine` corrected, and with `second` one more."""
        asked: dict[str, Fact] = {"copies": tuple(sorted(self.names)), "second": self._asks_second}
        beside = {name: True for name in ("refine", "weighted") if getattr(self, name)}
        return Card(kind="measure", name="control-passes", facts={**TWO_PASSES.facts, **asked, **beside})

    @property
    def columns(self) -> tuple[str, ...]:
        """Losses and bands of the image, of its copies, and with `second` of its second pass."""
        errors = [FIRST, *(copied(name) for name in self.names)]
        errors += [within()] if SHIFT in self.names else []
        errors += [refined(error) for error in errors] if self.refine else []
        errors += [("second", "2")] if self.second else []
        names = [name for loss, error in errors for name in (loss, *log_columns(error, LEFT_BLOCK))]
        if self.weighted:
            names += [name for _, error in errors for name in log_columns(weighted(error), LEFT_BLOCK)]
        return (*names, "second") if self._asks_second and not self.second else tuple(names)

    @property
    def _asks_second(self) -> bool:
        return self.second or self.excess > 0

    @property
    def learns(self) -> bool:
        """Only for the bands."""
        return self.form == "bands"

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """Losses and bands of the image and of each copy: see `control_passes` in `wherefrom.methods.arithmetic`.

        Raises:
            ImageError: when the model takes no image of a copy's size.
            ModelError: when the model has no encoder.
        """
        from wherefrom.methods.arithmetic.control_copies import control_passes

        asked = {"second": self._asks_second, "refine": self.refine, "weighted": self.weighted}
        return control_passes(model, images, sorted(self.names), **asked)

    def fit(self, belonging: Scores) -> Fit:
        """`weights` and `centre`, shape `(k,)`, of the discriminant between belongings and their copies.

        With `excess` also `ratio`, shape `(2,)`: median and standard deviation of the belongings' log ratios.

        Raises:
            ProfileError: when there are too few belongings with a statistic.
        """
        if not self.learns:
            return {}
        kept, differing = self._lossy(belonging), self._differing(belonging)
        kept &= differing | (np.count_nonzero(kept & differing) < FEWEST)
        if np.count_nonzero(kept) < FEWEST:
            raise ProfileError(
                f"control learns from {FEWEST} belonging images at least, half of all, got {np.count_nonzero(kept)}:"
                " add images"
            )
        rows = belonging.take(kept)
        own = self._numbers(rows)
        if len(self.names) < _FEWEST_COPIES:
            copies = own - own.mean(axis=0)
        else:
            copies = np.concatenate([self._as_if(rows, name) for name in self.names])
        fit = fit_discriminant(own, copies, shrinkage=self.shrinkage)
        if not self.excess:
            return fit
        ratios = _log_ratios(rows)
        return {**fit, "ratio": np.array([np.median(ratios), max(float(np.std(ratios)), _NARROWEST_RATIO)])}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """s, or the discriminant; NaN where the copies' losses are at or below the floor, or the image's own.

        Arguments are as for `Method.statistic`.
        """
        learned = self.learns
        found = projected(self._numbers(scores), fit) if learned else self._mean_apart(scores, self.names)[:, -1]
        if self.excess:
            median, deviation = fit["ratio"]
            found = found + self.excess * np.maximum(_log_ratios(scores) - median, 0) / deviation
        return np.where(self._lossy(scores) & self._differing(scores), found, np.nan)

    def _lossy(self, scores: Scores) -> npt.NDArray[np.bool_]:
        """Whether the copies lose more than the floor."""
        losses = np.mean([np.log(scores[copied(name)[0]] + ROUNDING) for name in self.names], axis=0)
        lossy: npt.NDArray[np.bool_] = losses > np.log(self.floor + ROUNDING)
        return lossy

    def _differing(self, scores: Scores) -> npt.NDArray[np.bool_]:
        """Whether some copy loses more or less than the image: one that is the same, as of a flat image, loses as much.

        Asked only where something is learned: a model that draws all copies as well tells nothing, which `fit` says.
        """
        own = np.log(scores[(within() if SHIFT in self.names else FIRST)[0]] + ROUNDING)
        apart = [np.abs(np.log(scores[copied(name)[0]] + ROUNDING) - own) for name in self.names]
        differing: npt.NDArray[np.bool_] = np.max(apart, axis=0) > SAME
        return differing | (not self.learns)

    def _numbers(self, scores: Scores) -> Matrix:
        """How far the image is apart from its copies: 49 columns, and 49 more with `refine` and with `second` each.

        With `weighted` 48, for the total losses are left out.
        """
        apart = self._mean_apart(scores, self.names)
        return np.hstack([apart, self._passes_apart(scores)]) if self.second else apart

    def _as_if(self, scores: Scores, name: str) -> Matrix:
        """The same numbers with one copy in the image's place, against the other copies.

        A mean over one copy fewer varies more, so they are scaled to vary as those of an image of other origin do.
        """
        count, own = len(self.names), self._apart(scores, name)
        others = self._mean_apart(scores, [other for other in self.names if other != name])
        apart: Matrix = (others - own) * np.sqrt((1 + 1 / count) / (1 + 1 / (count - 1)))
        if self.second:
            passes = self._passes_apart(scores)
            apart = np.hstack([apart, passes - own[:, : passes.shape[1]]])
        return apart

    def _mean_apart(self, scores: Scores, names: Sequence[str]) -> Matrix:
        """The mean over copies of how far the image is apart from each."""
        mean: Matrix = np.mean([self._apart(scores, name) for name in names], axis=0)
        return mean

    def _apart(self, scores: Scores, name: str) -> Matrix:
        """Log energies of the image's error minus those of a copy's, by band and in all, over what both show.

        `(n, 49)`, with `refine` `(n, 98)`, the last of them the logarithm of what is left of the losses.
        """
        own, copy = within() if name == SHIFT else FIRST, copied(name)
        apart = self._logs(scores, *own) - self._logs(scores, *copy)
        if not self.refine:
            return apart
        return np.hstack([apart, self._logs(scores, *refined(own)) - self._logs(scores, *refined(copy))])

    def _passes_apart(self, scores: Scores) -> Matrix:
        """The same of AEDR's first error and its second."""
        return self._logs(scores, *FIRST) - self._logs(scores, "second", "2")

    def _logs(self, scores: Scores, loss: str, error: str) -> Matrix:
        """Log energies of an error by band, and the logarithm of its loss; `(n, 49)`, with `weighted` without it."""
        if self.weighted:
            bands: Matrix = scores.matrix(log_columns(weighted(error), LEFT_BLOCK))
            return bands
        return np.column_stack([scores.matrix(log_columns(error, LEFT_BLOCK)), np.log(scores[loss] + ROUNDING)])


def _log_ratios(scores: Scores) -> Vector:
    """The logarithm of AEDR's ratio of the two losses."""
    ratios: Vector = np.log(scores["first"] + ROUNDING) - np.log(scores["second"] + ROUNDING)
    return ratios


METHOD: Final = Control
