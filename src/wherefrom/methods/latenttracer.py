"""LatentTracer: the loss that remains when a latent is searched from the encoder's own (arXiv:2405.13360)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Unpack

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.options import checked_by_name, refuse_beside
from wherefrom.inversion.optimisers import LBFGS, Adam
from wherefrom.inversion.search import Search, Stop
from wherefrom.methods.arithmetic.search_options import (
    SearchOptions,
    check_cut,
    check_search,
    measure_of,
    option_as_attribute,
    options_of_search,
    said_by,
    search_by_name,
)
from wherefrom.methods.arithmetic.searches import gathered, search_from
from wherefrom.methods.base import Fit, Settled
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.results import Report

__all__ = ["METHOD", "LatentTracer"]


_USUAL: Final = Search(start="encoder", restarts=1, optimiser=LBFGS(first=0.05), stop=Stop(steps=30))
_PAPER: Final = Search(
    start="encoder", restarts=1, optimiser=Adam(rate=0.05, schedule="halved"), stop=Stop(steps=100), clamped=True
)
_FREE: Final = ("backbone", "checkpointing")
"""Options that change no number, which the paper's search may have."""


class LatentOptions(SearchOptions, total=False):
    """Those of every search, and the old name of the paper's: `parity="paper"`."""

    parity: Literal["none", "paper"]


def _by_name(options: Mapping[str, Any], base: Search = _USUAL) -> Search:
    """A search with some options changed; or the paper's, of which all is settled that changes a number."""
    stated = checked_by_name(options, LatentOptions, what="LatentTracer")
    if stated.pop("parity", "none") == "paper":
        refuse_beside(options_of_search(_PAPER, _USUAL), stated, free=_FREE, what="parity='paper'")
        base = _PAPER
    return search_by_name(stated, SearchOptions, _USUAL, what="LatentTracer", base=base)


@dataclass(frozen=True, kw_only=True, slots=True, init=False)
class LatentTracer:
    """The loss that remains when a latent model's latent is searched, min over z of L(D(z), x) from z = E(x).

    Images are searched at their own size; the output is not clamped while it is searched, its loss is measured clamped.
    Latents are searched in the units of the generator (scaled and shifted as its configuration says).

    Every option of `wherefrom.methods.arithmetic.search_options.SearchOptions` can be given by name, as `steps=50`;
    what is not given is as in `search`.

    Attributes:
        search: where a search starts, how it goes on, what it minimises and when it ends.
        cut: an image leaves once its loss is below; see `RONAN`.

    Raises:
        UsageError: when an option is none of these, or has no effect beside another one.
    """

    search: Search = field(default=_USUAL, metadata=said_by(_USUAL, LatentOptions))
    cut: float | None = None

    def __init__(self, *, search: Search = _USUAL, cut: float | None = None, **options: Unpack[LatentOptions]) -> None:
        """Take the search, with those options changed that are given."""
        object.__setattr__(self, "search", _by_name(options, search))
        if options.get("parity") == "paper":
            message = "LatentTracer(parity='paper') is deprecated: use LatentTracer.paper()"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        object.__setattr__(self, "cut", cut)
        check_search(self, _USUAL, LatentOptions, _by_name)
        check_cut(self.cut)

    @staticmethod
    def paper(*, cut: float | None = None, checkpointing: bool = False) -> LatentTracer:
        """The search of the paper's program: 100 steps of Adam on the clamped output, from the encoder's latent.

        Its rate is 0.05, halved after the first step and after half of all.

        Args:
            cut: as of the class.
            checkpointing: less memory, more time, the same numbers.
        """
        return LatentTracer(search=replace(_PAPER, checkpointing=checkpointing), cut=cut)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """An option of the search by its name, which is deprecated."""
            return option_as_attribute(self, name, _USUAL, LatentOptions)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="latenttracer", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """The search: every option."""
        return measure_of(self, "latent-search")

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """Columns `loss`, `start` (that of the best start), `calls` of the decoder, `restart` (the best one).

        Arguments are as for `Method.scores`.

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
        from wherefrom.inversion.scaled import scaled

        return search_from(self.search, scaled(model), images, seeds, cut=self.cut, report=report)

    def fit(self, belonging: Scores) -> Fit:
        """Nothing is learned."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The loss that remains.

        Arguments are as for `Method.statistic`.
        """
        return scores["loss"].copy()


METHOD: Final = LatentTracer
