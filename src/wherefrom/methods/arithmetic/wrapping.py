"""What methods that wrap another one share: its options as a card holds them, and its answers an image at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Fact
from wherefrom.core.errors import UsageError
from wherefrom.methods.base import Gradual, Method, Settled

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.results import Report

__all__ = ["option_pairs", "settled_rows"]


def option_pairs(
    options: tuple[tuple[str, Fact], ...] | Mapping[str, Fact], *, of: str
) -> tuple[tuple[str, Fact], ...]:
    """Options of the wrapped method by name, in order, as a card holds them.

    Args:
        options: by name, or as pairs.
        of: the name of the wrapping method, for a message.

    Raises:
        UsageError: when they are neither.
    """
    pairs: tuple[Any, ...] = tuple(options.items() if isinstance(options, Mapping) else options)
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise UsageError(f"options={pairs!r} of {of}, need values by name, as {{'steps': 50}}")
    return tuple(sorted(((str(name), value) for name, value in pairs), key=lambda pair: pair[0]))


def settled_rows(
    method: Method[Any], model: Any, images: Images, seeds: Seeds, report: Report | None
) -> Iterator[Settled]:
    """What a method says of a batch, an image at a time whether it takes long or not.

    Args:
        method: what is asked.
        model: as for `scores` of the method.
        images: as for `scores`.
        seeds: one an image.
        report: told after each step, where the method takes long.
    """
    if isinstance(method, Gradual):
        yield from method.settle(model, images, seeds, report=report)
        return
    scores = method.scores(model, images, seeds)
    for row in range(len(scores)):
        yield Settled(row=row, scores=scores.take(np.array([row])))
