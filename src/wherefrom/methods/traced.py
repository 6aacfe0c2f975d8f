"""Traced: what a short search leaves of an image, against what it leaves of the image's own reconstruction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Unpack

import numpy as np

from wherefrom.core.arrays import Matrix, Scores, Seeds, Vector
from wherefrom.core.card import Card, Fact, options_of
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.units import ROUNDING
from wherefrom.inversion.optimisers import LBFGS
from wherefrom.inversion.search import Search, Stop
from wherefrom.methods.arithmetic.columns import (
    LEFT_BLOCK,
    SEARCHED,
    TWIN,
    TWO_PASSES,
    log_columns,
    with_current_names,
)
from wherefrom.methods.arithmetic.covariance import FEWEST, fit_covariance, squared_distance
from wherefrom.methods.arithmetic.search_options import (
    DescentOptions,
    check_cut,
    check_search,
    measure_of,
    option_as_attribute,
    said_by,
    search_by_name,
)
from wherefrom.methods.arithmetic.searches import gathered
from wherefrom.methods.base import Fit, Settled
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.results import Report

__all__ = ["METHOD", "Traced"]

_SHRINKAGE: Final = 0.9


_USUAL: Final = Search(start="encoder", restarts=1, optimiser=LBFGS(first=0.05), stop=Stop(steps=5))


def _by_name(options: Mapping[str, Any], base: Search = _USUAL) -> Search:
    """A search with some options changed."""
    return search_by_name(options, DescentOptions, _USUAL, what="Traced", base=base)


@dataclass(frozen=True, kw_only=True, slots=True, init=False)
class Traced:
    """What a short search leaves of an image, against what the same search leaves of the image's own reconstruction.

    LatentTracer's search (arXiv:2405.13360) says how well the decoder can make an image. How well it can make any image
    of this content is said by its twin: the image's reconstruction, rounded to 8 bits, which is a belonging itself. A
    belonging is as easy as its twin. Neither paper has this; it is to the search what AEDR's ratio (arXiv:2507.18988,
    eq. 1 to 3) is to a single reconstruction, and with no steps at all it nearly is that ratio.

    The options of `wherefrom.methods.arithmetic.search_options.DescentOptions` can be given by name, as `steps=7`; what
    is not given is as in `search`.

    Attributes:
        bands: compare what is left of both band by band, as `spectral` does, with how belongings vary: learned from one
            half of them. Only with `twin`. False: the ratio of the two losses, for which nothing is learned.
        denominator: `twin`; or `second`, the loss of AEDR's second reconstruction, L2; or `first`, L1.
        floor: L2 at or below which the statistic is undefined (NaN), an MSE on [0, 1]; default 8-bit rounding. Any
            decoder can make such an image.
        search: of the image and of its twin, from the encoder's latent, for the mean squared error.
        cut: an image leaves once its statistic is below; see `RONAN`. Not with `bands`.

    Raises:
        UsageError: when an option is none of these, or does not go with another.
    """

    bands: bool = True
    denominator: Literal["twin", "second", "first"] = "twin"
    floor: float = ROUNDING
    search: Search = field(default=_USUAL, metadata=said_by(_USUAL, DescentOptions))
    cut: float | None = None

    def __init__(
        self,
        *,
        bands: bool = True,
        denominator: Literal["twin", "second", "first"] = "twin",
        floor: float = ROUNDING,
        search: Search = _USUAL,
        cut: float | None = None,
        **options: Unpack[DescentOptions],
    ) -> None:
        """Take the search, with those options changed that are given; refuse options outside their range."""
        stated = {"bands": bands, "denominator": denominator, "floor": floor, "cut": cut}
        for name, value in {**stated, "search": _by_name(options, search)}.items():
            object.__setattr__(self, name, value)
        check_search(self, _USUAL, DescentOptions, _by_name)
        check_cut(self.cut)
        if not self.floor >= 0:
            raise UsageError(f"floor={self.floor} is negative: give a mean squared error on [0, 1]")
        if self.bands and (self.denominator != "twin" or self.cut is not None):
            raise UsageError(
                "bands=True compares with the twin's search to its end, so it goes with denominator='twin' and no cut:"
                " take bands=False"
            )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """An option of the search by its name, which is deprecated."""
            return option_as_attribute(self, name, _USUAL, DescentOptions)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="traced", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """Two passes, then the search, of the twin too where it is asked for."""
        search = measure_of(self, "traced", without=("bands", "denominator", "floor"))
        facts: dict[str, Fact] = {**TWO_PASSES.facts, **search.facts, "twin": self.denominator == "twin"}
        if self.cut is not None:
            facts |= {"denominator": self.denominator, "floor": self.floor}
        return Card(kind="measure", name="traced", facts=facts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The losses, how long the search was, and with `bands` what it left by band."""
        losses = ("first", "second", *(["twin"] if self.denominator == "twin" else []))
        searched = ("loss", "start", "calls", "restart")
        remaining = (*log_columns(SEARCHED, LEFT_BLOCK), *log_columns(TWIN, LEFT_BLOCK)) if self.bands else ()
        return (*losses, *searched, *remaining)

    @property
    def learns(self) -> bool:
        """Only how bands vary."""
        return self.bands

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """The columns of two passes, then those of the search.

        `loss`, `start`, `calls`, `restart` as of every search; `loss_K` the best loss within K steps;
        `log_searched_4_BAND` what is left, by band, as `log1_4_BAND` is of the first pass. With the twin, `twin`,
        `twin_K` and `log_searched_twin_4_BAND` are its own.

        Raises:
            ImageError: when a search breaks down; `settle` goes on with the other images.
        """
        return gathered(self.settle(model, images, seeds), len(images))

    def settle(
        self, model: Autoencoder, images: Images, seeds: Seeds, *, report: Report | None = None
    ) -> Iterator[Settled]:
        """The same, an image at a time.

        Arguments are as for `Gradual.settle`.
        """
        from wherefrom.methods.arithmetic.twins import Tracer

        together = 1 if model.device.type == "cpu" else max(1, len(images))
        tracer = Tracer(model=model, search=self.search, report=report)
        for first in range(0, len(images), together):
            for row in tracer.trace(
                images[first : first + together],
                twins=self.denominator == "twin",
                bound=None if self.cut is None else self._bound,
            ):
                yield replace(row, row=row.row + first)

    def fit(self, belonging: Scores) -> Fit:
        """With `bands`, how they vary among belongings: see `wherefrom.methods.arithmetic.covariance.fit_covariance`.

        Raises:
            ProfileError: when there are too few belongings with a statistic.
        """
        if not self.bands:
            return {}
        rows = self._log_ratios(belonging)[np.isfinite(self._denominator(belonging))]
        if len(rows) < FEWEST:
            raise ProfileError(
                f"traced learns from {FEWEST} belonging images at least, half of all, got {len(rows)}: add"
                " images, or take bands=False"
            )
        return fit_covariance(rows, shrinkage=_SHRINKAGE)

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The search's loss over the denominator, or the distance by band; NaN where L2 is at or below the floor.

        Arguments are as for `Method.statistic`.
        """
        below = self._denominator(scores)
        if self.bands:
            return np.where(np.isfinite(below), squared_distance(self._log_ratios(scores), fit), np.nan)
        ratio: Vector = scores["loss"] / below
        return ratio

    def _bound(self, scores: Scores) -> Vector:
        """The loss below which an image leaves."""
        assert self.cut is not None
        return self.cut * self._denominator(scores)

    def _denominator(self, scores: Scores) -> Vector:
        """The twin's loss, L2 or L1, at least 8-bit rounding; NaN where L2 is at or below the floor."""
        return np.where(scores["second"] > self.floor, np.maximum(scores[self.denominator], ROUNDING), np.nan)

    def _log_ratios(self, scores: Scores) -> Matrix:
        """Log energy of what the search left of the image minus that of its twin, one column a band."""
        named = with_current_names(scores)
        return named.matrix(log_columns(SEARCHED, LEFT_BLOCK)) - named.matrix(log_columns(TWIN, LEFT_BLOCK))


METHOD: Final = Traced
