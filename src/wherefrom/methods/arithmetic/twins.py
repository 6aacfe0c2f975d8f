"""Two reconstructions and a short search of an image, and of its twin. The only part of `traced` with torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.tensors import Images
from wherefrom.inversion.invert import invert
from wherefrom.inversion.results import Report, SearchResult
from wherefrom.inversion.scaled import scaled
from wherefrom.inversion.search import Search
from wherefrom.methods.arithmetic.columns import LEFT_BLOCK, SEARCHED, TWIN
from wherefrom.methods.arithmetic.reconstructions import band_columns, two_passes_and_first
from wherefrom.methods.arithmetic.searches import columns
from wherefrom.methods.base import Settled
from wherefrom.models.base import Autoencoder

__all__ = ["Tracer"]

_LEVELS = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracer:
    """Asks one model about images by two reconstructions and short searches from the encoder's latents.

    Attributes:
        model: asked on its device.
        search: of every image, from its encoder's latent.
        report: told after each step.
    """

    model: Autoencoder
    search: Search
    report: Report | None = None

    def trace(self, images: Images, *, twins: bool, bound: Callable[[Scores], Vector] | None) -> Iterator[Settled]:
        """One row an image, as each settles; the twins are searched before.

        Args:
            images: `(n, 3, h, w)` in [0, 1], on the model's device.
            twins: whether the images' reconstructions, rounded to 8 bits, are searched too.
            bound: from the columns known before an image's own search, the loss below which it leaves.
        """
        once, passes = two_passes_and_first(self.model, images)
        known = [passes.take(np.array([row])) for row in range(len(images))]
        errors: dict[int, str] = {}
        for settled in self._searched(_twins(once), None, which=TWIN) if twins else ():
            if settled.scores is None:
                errors[settled.row] = f"its reconstruction: {settled.error}"
            else:
                known[settled.row] = Scores({**known[settled.row].columns, **settled.scores.columns})
        cuts = None
        if (
            bound is not None
        ):  # an image whose twin has no loss has no cut: it ends in that error, its neighbours do not
            bounds = [math.nan if row in errors else bound(one).item() for row, one in enumerate(known)]
            cuts = torch.tensor(bounds, dtype=torch.float64, device="cpu")
        for settled in self._searched(images, cuts, which=SEARCHED):
            if settled.scores is None or settled.row in errors:
                yield Settled(row=settled.row, error=settled.error or errors[settled.row])
            else:
                yield Settled(row=settled.row, scores=Scores({**known[settled.row].columns, **settled.scores.columns}))

    def _searched(self, images: Images, cuts: torch.Tensor | None, *, which: str) -> Iterator[Settled]:
        """The search's columns; of the twins only their losses."""
        asked = scaled(self.model)

        def start(image: int) -> torch.Tensor:
            return asked.encode(images[image : image + 1])

        searched = invert(asked, images, start, search=self.search, cuts=cuts, trace=True, report=self.report)
        for result in searched:
            if result.latent is None:
                yield Settled(row=result.image, error=result.error)
                continue
            with torch.no_grad():
                error = asked.decode(result.latent[None]) - images[result.image : result.image + 1]
            left = band_columns(which, LEFT_BLOCK, error)
            name = "twin" if which == TWIN else "loss"
            searched_columns = columns(result).columns if which == SEARCHED else {"twin": np.array([result.loss])}
            yield Settled(row=result.image, scores=Scores({**searched_columns, **_within(result, name), **left}))


def _twins(once: Images) -> Images:
    """Reconstructions as they would be stored in 8 bits, outside of inference mode so that a search can take them."""
    return once.clone().clamp(0, 1).mul(_LEVELS).round().div(_LEVELS)


def _within(result: SearchResult, name: str) -> dict[str, Vector]:
    """The best loss within so many steps, `<name>_0` the start's."""
    assert result.trace is not None
    best = np.fmin.accumulate(result.trace[0])
    return {f"{name}_{step}": best[step : step + 1] for step in range(len(best))}
