"""What the methods that search share: options in one form, starts, columns. Torch only inside the functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np

from wherefrom.core.arrays import Scores, Seeds
from wherefrom.core.card import Card, Fact, options_of
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.units import Metric, Schedule
from wherefrom.methods.base import Settled

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images, Latents
    from wherefrom.inversion.optimisers import Optimiser
    from wherefrom.inversion.plan import Found, Plan
    from wherefrom.inversion.search import Report
    from wherefrom.models.base import Decoder

__all__ = [
    "OptimiserName",
    "Options",
    "Start",
    "check_options",
    "columns",
    "gathered",
    "measure_of",
    "plan_of",
    "search_from",
    "starts_of",
]

OptimiserName = Literal["adam", "lbfgs", "gradient-free"]
"""How a step is made; see `wherefrom.inversion.optimisers`."""
Start = Literal["auto", "random", "encoder", "both"]
"""Where a search starts: draws of the model's prior by the image's seed, the encoder's latent, or both.

`auto` is both where the model has an encoder, else `random`.
"""
_FEWEST: Final = 32
_EACH_CLASS: Final = 8
_MOST: Final = 256
"""Starts an image where their number is not given: at least, for each class that is searched, and at most."""


class Options(Protocol):
    """The options that every search has; a method adds its own."""

    @property
    def metric(self) -> Metric: ...
    @property
    def backbone(self) -> str | None: ...
    @property
    def quality(self) -> int | None: ...
    @property
    def steps(self) -> int: ...
    @property
    def optimiser(self) -> OptimiserName: ...
    @property
    def rate(self) -> float: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def start(self) -> Start: ...
    @property
    def restarts(self) -> int | None: ...
    @property
    def race(self) -> int | None: ...
    @property
    def keep(self) -> int: ...
    @property
    def plateau(self) -> int | None: ...
    @property
    def cut(self) -> float | None: ...
    @property
    def checkpointing(self) -> bool: ...


def check_options(options: Options) -> None:
    """Refuse options that no search can have.

    Raises:
        UsageError: with the option's value and what it may be.
    """
    for name in ("steps", "restarts", "race", "keep", "plateau"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UsageError(f"{name}={value}, need at least 1")
    _check_metric(options)
    if options.start == "both" and options.restarts == 1:
        raise UsageError("restarts=1 with start='both' leaves no draw beside the encoder's latent: use at least 2")
    if not (options.rate > 0 and math.isfinite(options.rate)):
        raise UsageError(f"rate={options.rate}, need a positive step size such as 0.05")
    if options.cut is not None and not (options.cut > 0 and math.isfinite(options.cut)):
        raise UsageError(f"cut={options.cut}, need a positive statistic, or None for no early exit")


def _check_metric(options: Options) -> None:
    """Refuse what goes with another metric, and a JPEG without its quality."""
    if options.backbone is not None and options.metric != "lpips":
        raise UsageError(
            f"backbone={options.backbone!r} goes with metric='lpips', not {options.metric!r}: leave it out"
        )
    if options.metric == "jpeg" and options.quality not in range(1, 101):
        raise UsageError(f"quality={options.quality!r} with metric='jpeg', need the JPEG's, 1 to 100")
    if options.metric != "jpeg" and options.quality is not None:
        raise UsageError(f"quality={options.quality!r} goes with metric='jpeg', not {options.metric!r}: leave it out")


def measure_of(options: Options, name: str, without: Iterable[str] = ()) -> Card:
    """The card of what is measured: every option but those that change no number, or nothing that is asked."""
    left_out = {"backbone", "checkpointing", *without}
    if options.quality is None:
        left_out.add("quality")  # so that measures without it are what they were before there was one
    facts: dict[str, Fact] = {key: value for key, value in options_of(options).items() if key not in left_out}
    return Card(kind="measure", name=name, facts={**facts, "search": 1})


def plan_of(options: Options, *, clamped: bool = False) -> Plan:
    """The search that the options describe."""
    from wherefrom.inversion.plan import Plan, Plateau, Race

    return Plan(
        steps=options.steps,
        optimiser=_optimiser(options),
        metric=options.metric,
        backbone=options.backbone,
        quality=options.quality,
        clamped=clamped,
        plateau=None if options.plateau is None else Plateau(steps=options.plateau),
        race=None if options.race is None else Race(steps=options.race, keep=options.keep),
        checkpointing=options.checkpointing,
    )


def _optimiser(options: Options) -> Optimiser:
    from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree

    if options.optimiser == "lbfgs":
        return LBFGS(first=options.rate)
    if options.optimiser == "gradient-free":
        return GradientFree(rate=options.rate, schedule=options.schedule)
    return Adam(rate=options.rate, schedule=options.schedule)


def starts_of(options: Options, model: Decoder, images: Images, seeds: Seeds) -> Callable[[int], Latents]:
    """The starts of image i, `(restarts, ...)`: the encoder's latent first where it is one of them, then draws.

    Draw r of an image comes from a seed of its own that depends on the image's seed and r alone. Where latents carry
    their class, the draws are spread over the classes; a latent model without statistics of its latents starts from
    normal ones in the units of its generator.

    Raises:
        ModelError: when the encoder's latent is asked for and the model has no encoder.
    """
    import torch

    from wherefrom.models.base import Autoencoder, Spreading

    if options.start in ("encoder", "both") and not isinstance(model, Autoencoder):
        raise ModelError(f"{model.card.name} has no encoder, which start={options.start!r} needs: use start='random'")
    by_encoder = options.start != "random" and isinstance(model, Autoencoder)
    draws = 0 if options.start == "encoder" else _restarts_of(options, model) - by_encoder
    size = (int(images.shape[2]), int(images.shape[3]))
    draw = model.spread if isinstance(model, Spreading) else model.draw

    def start(image: int) -> Latents:
        found = []
        if by_encoder and isinstance(model, Autoencoder):
            found.append(model.encode(images[image : image + 1]))
        if draws:
            own = np.random.SeedSequence(int(seeds[image])).generate_state(draws, np.uint64) >> np.uint64(1)
            found.append(draw(own, size=size).to(images.device))
        return torch.cat(found)

    return start


def _restarts_of(options: Options, model: Decoder) -> int:
    """How many starts an image has: as asked for, else by how many classes are searched."""
    from wherefrom.models.base import Classed

    if options.restarts is not None:
        return options.restarts
    classes = model.classes if isinstance(model, Classed) else None
    return min(max(_FEWEST, _EACH_CLASS * (classes or 0)), _MOST)


def search_from(
    options: Options,
    model: Decoder,
    images: Images,
    seeds: Seeds,
    *,
    clamped: bool = False,
    report: Report | None = None,
) -> Iterator[Settled]:
    """The search that the options describe, as rows, each as soon as it is there."""
    import torch

    from wherefrom.inversion.search import search

    cuts = None if options.cut is None else torch.full((len(images),), options.cut, dtype=torch.float64, device="cpu")
    starts, plan = starts_of(options, model, images, seeds), plan_of(options, clamped=clamped)
    columns_of = _columns_of(model)
    for found in search(model, images, starts, plan=plan, cuts=cuts, report=report):
        if found.error is not None:
            yield Settled(row=found.image, error=found.error)
        else:
            yield Settled(row=found.image, scores=columns_of(found))


def columns(found: Found) -> Scores:
    """What a search found as one row: the loss that remains, that of the start, decoder calls, the best restart."""
    numbers = {"loss": found.loss, "start": found.start, "calls": found.calls, "restart": found.restart}
    return Scores({name: np.array([value], dtype=np.float64) for name, value in numbers.items()})


def _columns_of(model: Decoder) -> Callable[[Found], Scores]:
    """`columns`; of a model whose latents carry their class, `class` too: that of the best latent."""
    from wherefrom.models.base import Classed

    if not isinstance(model, Classed) or model.classes is None:
        return columns

    def more(found: Found) -> Scores:
        assert found.latent is not None
        return Scores({**columns(found).columns, "class": np.array([float(found.latent[-1])])})

    return more


def gathered(rows: Iterable[Settled], count: int) -> Scores:
    """All rows of a batch in their order.

    Raises:
        ImageError: when an image has no numbers, with the reason of the first.
    """
    found = sorted(rows, key=lambda row: row.row)
    for row in found:
        if row.error is not None:
            raise ImageError(f"image {row.row + 1} of {count}: {row.error}")
    return Scores.concatenate([row.scores for row in found if row.scores is not None])
