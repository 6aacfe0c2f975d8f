"""RONAN: the loss that remains when a model's input is searched by gradient descent (arXiv:2305.18439)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Unpack

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.inversion.optimisers import LBFGS, Adam
from wherefrom.inversion.search import Plateau, Race, Search, Stop
from wherefrom.methods.arithmetic.search_options import (
    SearchOptions,
    check_cut,
    check_search,
    measure_of,
    option_as_attribute,
    said_by,
    search_by_name,
)
from wherefrom.methods.arithmetic.searches import gathered, search_from
from wherefrom.methods.base import Fit, Settled
from wherefrom.models.base import Decoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.results import Report

__all__ = ["METHOD", "RONAN"]


_USUAL: Final = Search(
    start="auto",
    restarts=None,
    optimiser=LBFGS(first=0.1),
    stop=Stop(steps=200, plateau=Plateau(steps=15), race=Race(steps=8, keep=3)),
)
_PAPER: Final = Search(start="random", restarts=1, optimiser=Adam(rate=0.1), stop=Stop(steps=1500))


def _by_name(options: Mapping[str, Any], base: Search = _USUAL) -> Search:
    """A search with some options changed."""
    return search_by_name(options, SearchOptions, _USUAL, what="RONAN", base=base)


@dataclass(frozen=True, kw_only=True, slots=True, init=False)
class RONAN:
    """The loss that remains when the model's input is searched, A(M, x) = min over i of L(M(i), x) (eq. 1).

    The paper's own search is `RONAN.paper()`: one random start, 1,500 steps of Adam at 0.1.

    Every option of `wherefrom.methods.arithmetic.search_options.SearchOptions` can be given by name, as `steps=30`;
    what is not given is as in `search`.

    Attributes:
        search: where a search starts, how it goes on, what it minimises and when it ends.
        cut: an image leaves once its loss is below; the verdict of a profile with this cut or a higher one is then
            known, the loss itself only bounded from above. None: no image leaves early.

    Raises:
        UsageError: when an option is none of these, or has no effect beside another one.
    """

    search: Search = field(default=_USUAL, metadata=said_by(_USUAL, SearchOptions))
    cut: float | None = None

    def __init__(self, *, search: Search = _USUAL, cut: float | None = None, **options: Unpack[SearchOptions]) -> None:
        """Take the search, with those options changed that are given."""
        object.__setattr__(self, "search", _by_name(options, search))
        object.__setattr__(self, "cut", cut)
        check_search(self, _USUAL, SearchOptions, _by_name)
        check_cut(self.cut)

    @staticmethod
    def paper(*, cut: float | None = None, checkpointing: bool = False) -> RONAN:
        """The search of the paper's program: one random start, 1,500 steps of Adam at a constant 0.1.

        Args:
            cut: as of the class.
            checkpointing: less memory, more time, the same numbers.
        """
        return RONAN(search=replace(_PAPER, checkpointing=checkpointing), cut=cut)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """An option of the search by its name, which is deprecated."""
            return option_as_attribute(self, name, _USUAL, SearchOptions)

    @property
    def card(self) -> Card:
        """Name and options."""
        return Card(kind="method", name="ronan", facts=options_of(self))

    @property
    def measure(self) -> Card:
        """The search: every option."""
        return measure_of(self, "search")

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    def scores(self, model: Decoder, images: Images, seeds: Seeds) -> Scores:
        """Columns `loss`, `start` (that of the best start), `calls` of the decoder, `restart` (the best one).

        Where the class is searched, `class` too: the one that was found.

        Arguments are as for `Method.scores`.

        Raises:
            ImageError: when a search breaks down; `settle` goes on with the other images.
        """
        return gathered(self.settle(model, images, seeds), len(images))

    def settle(
        self, model: Decoder, images: Images, seeds: Seeds, *, report: Report | None = None
    ) -> Iterator[Settled]:
        """The same, an image at a time.

        Arguments are as for `Gradual.settle`.
        """
        return search_from(self.search, model, images, seeds, cut=self.cut, report=report)

    def fit(self, belonging: Scores) -> Fit:
        """Nothing is learned."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The loss that remains.

        Arguments are as for `Method.statistic`.
        """
        return scores["loss"].copy()


METHOD: Final = RONAN
