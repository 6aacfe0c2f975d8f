"""Who scores: what the library asks of a caller that shows progress, keeps scores, or reads under its own limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from wherefrom.images.sources import Source
from wherefrom.methods.base import Method
from wherefrom.models.base import Model
from wherefrom.records.table import ScoreTable
from wherefrom.scoring.run import score

__all__ = ["Cutter", "Scorer", "quietly"]


class Scorer(Protocol):
    """Scores images in one way, as `wherefrom.scoring.run.score` does with the arguments that a caller chose."""

    def __call__(
        self, images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str
    ) -> ScoreTable:
        """A row an image.

        Args:
            images: to score.
            model: to be asked.
            method: what is asked.
            seed: the root seed.
            label: what the images are, for a person who waits.
        """
        ...


class Cutter(Protocol):
    """Cuts images into the tiles that are scored, as `wherefrom.images.tiles.tiles` does."""

    def __call__(self, images: Iterable[Source], model: Model) -> Sequence[Source]:
        """The tiles.

        Args:
            images: to cut.
            model: that will be asked.
        """
        ...


def quietly(images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str) -> ScoreTable:
    """Scores that nobody watches and nothing keeps; arguments as for `Scorer`."""
    del label
    return score(images, model=model, method=method, seed=seed)
