"""Reading options: from Python, from a JSON file, from a command line, where a value may be text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch

from wherefrom.core.errors import UsageError
from wherefrom.models.architectures.base import Config

__all__ = ["PRIORS", "SEARCH", "Label", "choice", "drawing", "label_of", "numbers", "whole"]

PRIORS = ("normal", "uniform")
"""What latents are drawn from: the standard normal distribution, or the uniform one on [-1, 1]."""
SEARCH: Final = "search"
"""What an option says of a caption or a class that is not known, so that it is found together with the latent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """The class that images are made of: given, searched, or none.

    Attributes:
        number: of a given class, from 0; None where it is searched, and where there are no classes.
        searched: over how many classes, from 0 on; None where the class is given.
    """

    number: int | None = None
    searched: int | None = None

    @property
    def fact(self) -> int | str | None:
        """For the card."""
        return self.number if self.searched is None else SEARCH


def choice(config: Config, name: str, choices: Sequence[str]) -> str | None:
    """One of several words, or None where nothing is said.

    Args:
        config: where it stands.
        name: of the option.
        choices: the words.

    Raises:
        UsageError: when it is none of them.
    """
    value = config.get(name)
    if value is None:
        return None
    if str(value) not in choices:
        raise UsageError(f"{name}={value!r}, need one of {', '.join(choices)}")
    return str(value)


def numbers(config: Config, name: str) -> tuple[int, ...] | None:
    """Whole numbers, of a list, of a text as `2,1,2` or `64x64`, or of one number; None where nothing is said.

    Args:
        config: where they stand.
        name: of the option.

    Raises:
        UsageError: when they are not whole numbers.
    """
    value = config.get(name)
    if value is None:
        return None
    parts = (
        re.split(r"[,x]", value) if isinstance(value, str) else value if isinstance(value, tuple | list) else [value]
    )
    try:
        whole_numbers = [int(str(part).strip()) for part in parts]
    except ValueError as error:
        raise UsageError(f"{name}={value!r}, need whole numbers, as {name}=4,2,2") from error
    return tuple(whole_numbers)


def whole(config: Config, name: str, *, below: int | None = None) -> int | None:
    """One whole number from 0, or None where nothing is said.

    Args:
        config: where it stands.
        name: of the option.
        below: what it must be smaller than; None sets no bound.

    Raises:
        UsageError: when it is no whole number, or out of range.
    """
    stated = numbers(config, name)
    if stated is None:
        return None
    if len(stated) != 1 or stated[0] < 0 or (below is not None and stated[0] >= below):
        bound = "" if below is None else f" below {below}"
        raise UsageError(f"{name}={config[name]!r}, need one whole number from 0{bound}")
    return stated[0]


def drawing(prior: str, shape: tuple[int, ...]) -> Callable[[torch.Generator], torch.Tensor]:
    """What draws one latent of a shape from one of `PRIORS`, float32 on the CPU.

    Args:
        prior: one of `PRIORS`.
        shape: of one latent.
    """

    def normal(source: torch.Generator) -> torch.Tensor:
        return torch.randn(shape, generator=source, dtype=torch.float32, device="cpu")

    def uniform(source: torch.Generator) -> torch.Tensor:
        return torch.rand(shape, generator=source, dtype=torch.float32, device="cpu") * 2 - 1

    return uniform if prior == "uniform" else normal


def label_of(config: Config, classes: int | None, *, name: str = "class", default: int | None = 0) -> Label:
    """The class that images are made of, as an option says it: a number from 0, or `search`.

    Args:
        config: where it stands.
        classes: how many there are; None of a model without.
        name: of the option.
        default: the class where nothing is said.

    Raises:
        UsageError: when there is no such class, or the model has none.
    """
    stated = config.get(name)
    if classes is None:
        if stated is not None:
            raise UsageError(f"{name}={stated!r}, but this model has no classes: leave the option away")
        return Label()
    if stated == SEARCH:
        return Label(searched=classes)
    if isinstance(stated, str) and not stated.strip().isdigit():
        raise UsageError(f"{name}={stated!r}, need one whole number from 0 below {classes}, or {SEARCH}")
    number = whole(config, name, below=classes)
    return Label(number=default if number is None else number)
