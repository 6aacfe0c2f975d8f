"""RONAN: the loss that remains when a model's input is searched by gradient descent (arXiv:2305.18439)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.options import check_types
from wherefrom.core.units import Metric, Schedule
from wherefrom.methods._searching import (
    OptimiserName,
    Start,
    check_options,
    gathered,
    measure_of,
    search_from,
)
from wherefrom.methods.base import Fit, Settled
from wherefrom.models.base import Decoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.search import Report

__all__ = ["METHOD", "RONAN"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RONAN:
    """The loss that remains when the model's input is searched, A(M, x) = min over i of L(M(i), x) (eq. 1).

    The paper's own search is `RONAN.paper()`: one random start, 1,500 steps of Adam at 0.1.

    Attributes:
        metric: L: `mse`, `mae`, `ssim` (1 minus it), `lpips` (an extra), or beyond the paper `recoloured`: what is left
            once colours may be mapped, for images that went through a filter; and `jpeg`: how far from all images that
            a JPEG of `quality` stores as this one, for images that were stored so.
        backbone: of `lpips`: file with torchvision's weights of AlexNet; None: where torch keeps what it downloads.
        quality: of `jpeg`: that in which the images were stored, 1 to 100, as libjpeg counts.
        steps: at most, from each start.
        optimiser: `adam` or `lbfgs`; see `wherefrom.inversion.optimisers`.
        rate: Adam's largest step size; of L-BFGS the first trial step.
        schedule: of Adam's step size.
        start: `random`: draws of the model's prior; `encoder`: its latent alone; `both`: that, then draws; `auto`: both
            where the model has an encoder, else `random`.
        restarts: starts an image, 1 with `encoder`; None: 32, and 8 a class where the class is searched, at most 256.
        race: after so many steps only the best starts go on; None: all do.
        keep: how many go on.
        plateau: a start ends when its best loss fell by less than 1 % over so many steps; None: never.
        cut: an image leaves once its loss is below; the verdict of a profile with this cut or a higher one is then
            known, the loss itself only bounded from above. None: no image leaves early.
        checkpointing: less memory, more time, the same numbers.

    Raises:
        UsageError: when an option is none of these.
    """

    metric: Metric = "mse"
    backbone: str | None = None
    quality: int | None = None
    steps: int = 200
    optimiser: OptimiserName = "lbfgs"
    rate: float = 0.1
    schedule: Schedule = "constant"
    start: Start = "auto"
    restarts: int | None = None
    race: int | None = 8
    keep: int = 3
    plateau: int | None = 15
    cut: float | None = None
    checkpointing: bool = False

    def __post_init__(self) -> None:
        """Refuse options outside their range."""
        check_types(self)
        check_options(self)

    @staticmethod
    def paper() -> RONAN:
        """The search of the paper's program: one random start, 1,500 steps of Adam at a constant 0.1."""
        return RONAN(steps=1500, optimiser="adam", start="random", restarts=1, race=None, plateau=None)

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

        Raises:
            ImageError: when a search breaks down; `settle` goes on with the other images.
        """
        return gathered(self.settle(model, images, seeds), len(images))

    def settle(
        self, model: Decoder, images: Images, seeds: Seeds, *, report: Report | None = None
    ) -> Iterator[Settled]:
        """The same, an image at a time."""
        return search_from(self, model, images, seeds, report=report)

    def fit(self, belonging: Scores) -> Fit:
        """Nothing is learned."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The loss that remains."""
        return scores["loss"].copy()


METHOD: Final = RONAN
