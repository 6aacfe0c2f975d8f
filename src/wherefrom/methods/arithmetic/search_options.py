"""The options of a search by name, as a command line and a card have them, and the one place where they become a value.

A card holds all of them, so that a profile says how its images were searched.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal, TypedDict

from wherefrom.core.card import Card, Fact, options_of
from wherefrom.core.errors import UsageError
from wherefrom.core.flat import FLAT, Flat
from wherefrom.core.options import check_types, checked_by_name
from wherefrom.core.units import Metric, Schedule
from wherefrom.inversion.distance import Distance
from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree, Optimiser
from wherefrom.inversion.search import Plateau, Race, Search, Start, Stop

__all__ = [
    "DescentOptions",
    "OptimiserName",
    "SearchOptions",
    "check_cut",
    "check_search",
    "measure_of",
    "option_as_attribute",
    "options_of_search",
    "said_by",
    "search_by_name",
]

OptimiserName = Literal["adam", "lbfgs", "gradient-free"]
"""How a step is made; see `wherefrom.inversion.optimisers`."""


class DescentOptions(TypedDict, total=False):
    """A part of `SearchOptions`, which says what they mean: those of a search from one start that is given."""

    steps: int
    optimiser: OptimiserName
    rate: float
    schedule: Schedule
    checkpointing: bool


class SearchOptions(DescentOptions, total=False):
    """The options of every search.

    Attributes:
        steps: at most, from each start.
        optimiser: `adam`, `lbfgs`, or `gradient-free` (Hong et al., NeurIPS 2024: no backward pass; needs an encoder).
        rate: Adam's largest step size; of L-BFGS the first trial step.
        schedule: of Adam's step size; see `wherefrom.inversion.schedules`.
        checkpointing: less memory, more time, the same numbers.
        metric: the loss: `mse`, `mae`, `ssim` (1 minus it), `lpips` (an extra), or beyond the papers `recoloured`: what
            is left once colours may be mapped, for images that went through a filter; and `jpeg`: how far from all
            images that a JPEG of `quality` stores as this one, for images that were stored so.
        backbone: of `lpips`: file with torchvision's weights of AlexNet; None: where torch keeps what it downloads.
        quality: of `jpeg`: that in which the images were stored, 1 to 100, as libjpeg counts.
        start: `random`: draws of the model's prior; `encoder`: its latent alone; `both`: that, then draws; `auto`: both
            where the model has an encoder, else `random`.
        restarts: starts an image, 1 with `encoder`; None: 32, and 8 a class where the class is searched, at most 256.
        race: after so many steps only the best starts go on; None: all do.
        keep: how many go on.
        plateau: a start ends when its best loss fell by less than 1 % over so many steps; None: never.
        parity: deprecated: `paper` stands for `paper=True`.
    """

    metric: Metric
    backbone: str | None
    quality: int | None
    start: Start
    restarts: int | None
    race: int | None
    keep: int
    plateau: int | None


def said_by(usual: Search, options: type[Any]) -> dict[str, Flat]:
    """The metadata of a method's field that holds its search, which is said by options of the method.

    Args:
        usual: the method's default.
        options: a `TypedDict` of those options that the method has.
    """
    flat = Flat(options=options, of=lambda search: _named(search, usual, options), meanings=SearchOptions)
    return {FLAT: flat}


def _named(search: Search, usual: Search, options: type[Any]) -> dict[str, Fact]:
    """Those options of a search that the `TypedDict` has."""
    stated = options_of_search(search, usual)
    return {name: stated[name] for name in options.__annotations__}


def options_of_search(search: Search, usual: Search) -> dict[str, Fact]:
    """The options that `search_by_name` makes the search of.

    Args:
        search: of a method.
        usual: the method's default; `keep` is said as there where there is no race.

    Raises:
        UsageError: when its optimiser has no name.
    """
    optimiser, distance, stop = search.optimiser, search.distance, search.stop
    race = stop.race or usual.stop.race or Race()
    return {
        **_options_of_optimiser(optimiser),
        "steps": stop.steps,
        "checkpointing": search.checkpointing,
        "metric": distance.metric,
        "backbone": distance.backbone,
        "quality": distance.quality,
        "start": search.start,
        "restarts": search.restarts,
        "race": None if stop.race is None else stop.race.steps,
        "keep": race.keep,
        "plateau": None if stop.plateau is None else stop.plateau.steps,
        "parity": "paper" if search.clamped else "none",  # as cards of LatentTracer have always said it
    }


def _options_of_optimiser(optimiser: Optimiser) -> dict[str, Fact]:
    """Its name and the options of a search that it has; `constant` is what the others have always said.

    Raises:
        UsageError: when it has no name.
    """
    if isinstance(optimiser, LBFGS):
        return {"optimiser": "lbfgs", "rate": optimiser.first, "schedule": "constant"}
    if isinstance(optimiser, Adam | GradientFree):
        name = "adam" if isinstance(optimiser, Adam) else "gradient-free"
        return {"optimiser": name, "rate": optimiser.rate, "schedule": optimiser.schedule}
    raise UsageError(f"optimiser {optimiser} has no name that a card could hold: take Adam, LBFGS or GradientFree")


def search_by_name(
    by_keyword: Mapping[str, Any], options: type[Any], usual: Search, *, what: str, base: Search
) -> Search:
    """The search that options by name describe. An option that would have no effect is refused.

    Args:
        by_keyword: options that are said.
        options: a `TypedDict` of those there are.
        usual: the method's default.
        what: the method, for a message.
        base: what the other options are taken from.

    Raises:
        UsageError: when there is no such option, a value is outside its range, or has no effect beside another one.
    """
    stated = checked_by_name(by_keyword, options, what=what)
    if not stated:
        return base
    if not isinstance(base, Search):
        raise UsageError(f"search={base!r} of {what} is no Search: leave it out, or take that of a method")
    before = options_of_search(usual, usual)
    wanted: dict[str, Any] = {**options_of_search(base, usual), **stated}
    for name in ("steps", "restarts", "race", "keep", "plateau"):
        if wanted[name] is not None and wanted[name] < 1:
            raise UsageError(f"{name}={wanted[name]}, need at least 1")
    if not (wanted["rate"] > 0 and math.isfinite(wanted["rate"])):
        raise UsageError(f"rate={wanted['rate']}, need a positive step size such as 0.05")
    changed = {name: value for name, value in stated.items() if value != before[name]}
    _refuse_without_effect(changed, wanted)
    return replace(
        base,
        start=wanted["start"],
        restarts=wanted["restarts"],
        optimiser=_optimiser(wanted),
        distance=Distance(metric=wanted["metric"], backbone=wanted["backbone"], quality=wanted["quality"]),
        stop=Stop(
            steps=wanted["steps"],
            plateau=None if wanted["plateau"] is None else Plateau(steps=wanted["plateau"]),
            race=None if wanted["race"] is None else Race(steps=wanted["race"], keep=wanted["keep"]),
        ),
        checkpointing=wanted["checkpointing"],
    )


def _refuse_without_effect(changed: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse what is said to be other than usual, and changes nothing beside another option."""
    if "schedule" in changed and wanted["optimiser"] == "lbfgs":
        raise UsageError(
            f"schedule={changed['schedule']!r} has no effect with optimiser='lbfgs', which measures how long each step"
            " may be: leave it out, or take optimiser='adam'"
        )
    if "keep" in changed and wanted["race"] is None:
        raise UsageError(
            f"keep={changed['keep']} has no effect without a race: leave it out, or say by race=STEPS after how many"
            " steps only the best starts go on"
        )
    if changed.get("race") is not None and _one_start(wanted):
        raise UsageError(
            f"race={changed['race']} has no effect on one start: leave it out, or take start='both' or more restarts"
        )


def _one_start(wanted: Mapping[str, Any]) -> bool:
    """Whether there is one start an image whatever the model is."""
    return bool(wanted["start"] == "encoder" or wanted["restarts"] == 1)


def _optimiser(wanted: Mapping[str, Any]) -> Optimiser:
    if wanted["optimiser"] == "lbfgs":
        return LBFGS(first=wanted["rate"])
    if wanted["optimiser"] == "gradient-free":
        return GradientFree(rate=wanted["rate"], schedule=wanted["schedule"])
    return Adam(rate=wanted["rate"], schedule=wanted["schedule"])


def check_search(
    method: Any, usual: Search, options: type[Any], by_name: Callable[[Mapping[str, Any]], Search]
) -> None:
    """Refuse a search that the method's options cannot say, for a card would not name all of it.

    Args:
        method: a dataclass with a field `search`.
        usual: its default search.
        options: a `TypedDict` of the options it has.
        by_name: the search that some of these describe.

    Raises:
        UsageError: when it is of another type, or its options say another search.
    """
    check_types(method)
    if by_name(_named(method.search, usual, options)) != method.search:
        raise UsageError(
            f"{method.search} has parts that are no options of {type(method).__name__}, so its card could not name"
            f" them: give {', '.join(sorted(options.__annotations__))}"
        )


def option_as_attribute(method: Any, name: str, usual: Search, options: type[Any]) -> Fact:
    """An option of a method's search as an attribute of the method, as it was before there was the search.

    Args:
        method: that searches.
        name: of the attribute that was asked for and is not there.
        usual: the method's default search.
        options: a `TypedDict` of the options it has.

    Raises:
        AttributeError: when it is none of the options.
    """
    kind = type(method).__name__
    if name not in options.__annotations__:
        raise AttributeError(f"{kind!r} object has no attribute {name!r}")
    message = f"{kind}.{name} is deprecated: read {kind}.search, or the card's facts"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return _named(method.search, usual, options)[name]


def check_cut(cut: float | None) -> None:
    """Refuse a statistic below which no image can leave.

    Raises:
        UsageError: when it is not positive or not finite.
    """
    if cut is not None and not (cut > 0 and math.isfinite(cut)):
        raise UsageError(f"cut={cut}, need a positive statistic, or None for no early exit")


_NOT_MEASURED: Final = {"backbone", "checkpointing"}
"""Options that change no number."""


def measure_of(method: Any, name: str, without: tuple[str, ...] = ()) -> Card:
    """The card of what is measured: every option but those that change no number, or nothing that is asked.

    Args:
        method: that searches.
        name: of the measure.
        without: options of the method that change no column.
    """
    left_out = {*_NOT_MEASURED, *without}
    said = options_of(method)
    if said.get("quality") is None:
        left_out.add("quality")  # so that measures without it are what they were before there was one
    facts: dict[str, Fact] = {key: value for key, value in said.items() if key not in left_out}
    return Card(kind="measure", name=name, facts={**facts, "search": 1})
