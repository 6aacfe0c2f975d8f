"""LatentTracer: the loss that remains when a latent is searched from the encoder's own (arXiv:2405.13360)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, options_of
from wherefrom.core.errors import UsageError
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
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.search import Report

__all__ = ["METHOD", "LatentTracer"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LatentTracer:
    """The loss that remains when a latent model's latent is searched, min over z of L(D(z), x) from z = E(x).

    Images are searched at their own size; the output is not clamped while it is searched, its loss is measured clamped.
    Latents are searched in the units of the generator (scaled and shifted as its configuration says).

    Attributes:
        parity: `none`, or `paper`: the search of the paper's program, which is 100 steps of Adam with 0.05 halved after
            the first step and after half of all, the output clamped while it is searched. The other options of the
            search have to be left alone then.
        metric: L, as of `RONAN`.
        backbone: of `lpips`: file with torchvision's weights of AlexNet; None: where torch keeps what it downloads.
        quality: of `jpeg`: that in which the images were stored, 1 to 100, as libjpeg counts.
        steps: at most, from each start.
        optimiser: `adam`, `lbfgs`, or `gradient-free` (Hong et al., NeurIPS 2024: no backward pass).
        rate: Adam's largest step size; of L-BFGS the first trial step.
        schedule: of Adam's step size.
        start: `encoder`; `random`: the paper's ablation; `both`.
        restarts: starts an image: 1 with `encoder`.
        race: after so many steps only the best starts go on; None: all do.
        keep: how many go on.
        plateau: a start ends when its best loss fell by less than 1 % over so many steps; None: never.
        cut: an image leaves once its loss is below; see `RONAN`.
        checkpointing: less memory, more time, the same numbers.

    Raises:
        UsageError: when an option is none of these, or does not go with another.
    """

    parity: Literal["none", "paper"] = "none"
    metric: Metric = "mse"
    backbone: str | None = None
    quality: int | None = None
    steps: int = 30
    optimiser: OptimiserName = "lbfgs"
    rate: float = 0.05
    schedule: Schedule = "constant"
    start: Start = "encoder"
    restarts: int = 1
    race: int | None = None
    keep: int = 1
    plateau: int | None = None
    cut: float | None = None
    checkpointing: bool = False

    def __post_init__(self) -> None:
        """Refuse options outside their range; with the paper's parity, set the paper's."""
        check_types(self)
        if self.parity == "paper":
            self._follow_paper()
        check_options(self)

    def _follow_paper(self) -> None:
        """Set the paper's search; options that contradict it are refused."""
        usual = {item.name: item.default for item in fields(self)}
        for name, value in _PAPER.items():
            if getattr(self, name) not in (value, usual[name]):
                raise UsageError(
                    f"{name}={getattr(self, name)!r} with parity='paper', which has {value!r}: leave it out"
                )
            object.__setattr__(self, name, value)

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

        Raises:
            ImageError: when a search breaks down; `settle` goes on with the other images.
        """
        return gathered(self.settle(model, images, seeds), len(images))

    def settle(
        self, model: Autoencoder, images: Images, seeds: Seeds, *, report: Report | None = None
    ) -> Iterator[Settled]:
        """The same, an image at a time."""
        from wherefrom.inversion.scaled import scaled

        return search_from(self, scaled(model), images, seeds, clamped=self.parity == "paper", report=report)

    def fit(self, belonging: Scores) -> Fit:
        """Nothing is learned."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The loss that remains."""
        return scores["loss"].copy()


_PAPER: Final = {
    "metric": "mse",
    "steps": 100,
    "optimiser": "adam",
    "rate": 0.05,
    "schedule": "halved",
    "start": "encoder",
    "restarts": 1,
    "race": None,
    "plateau": None,
}

METHOD: Final = LatentTracer
