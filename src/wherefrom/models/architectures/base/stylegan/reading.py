"""Reading sizes off the weights, and options off what is known beside them."""

from __future__ import annotations

import math
import re
from typing import Final

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError
from wherefrom.models.architectures.base import Config, Shapes
from wherefrom.models.checkpoints.build import side

__all__ = ["agrees", "first", "number", "taps_of", "widths"]

_MOST_TAPS: Final = 512


def widths(shapes: Shapes) -> tuple[int, ...]:
    """What the layers of the mapping network give.

    Raises:
        ModelError: when there is none.
    """
    numbers = sorted(int(match[1]) for name in shapes if (match := re.fullmatch(r"mapping\.fc(\d+)\.weight", name)))
    if numbers != list(range(len(numbers))) or not numbers:
        raise ModelError(
            f"the mapping network has the layers {numbers[:8]}, need 0, 1, ... : these weights are not complete"
        )
    return tuple(side(shapes, f"mapping.fc{number}.weight", 0) for number in numbers)


def number(config: Config, names: tuple[str, ...], default: float | None) -> float | None:
    """The first of several options that is there, a positive number; one that is there may be None.

    Args:
        config: where it stands.
        names: under which it may stand, the first that does counts.
        default: where none does.

    Raises:
        ModelError: when it is something else.
    """
    for name in names:
        if name in config:
            value = config[name]
            if value is None:
                return None
            return _positive(value, name)
    return default


def first(config: Config, names: tuple[str, ...], default: Fact) -> Fact:
    """The first of several options that is there, else the default.

    Args:
        config: where it stands.
        names: under which it may stand, the first that does counts.
        default: where none does.
    """
    return next((config[name] for name in names if config.get(name) is not None), default)


def _positive(value: Fact, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ModelError(f"{name}={value!r}, need a positive number: the configuration is of another network")
    return float(value)


def agrees(config: Config, from_weights: Config) -> None:
    """Compare what a configuration states with what the weights say.

    Args:
        config: what the file says.
        from_weights: what its weights say.

    Raises:
        ModelError: when they differ.
    """
    for name, value in from_weights.items():
        if config.get(name) is not None and config[name] != value:
            raise ModelError(
                f"the configuration says {name}={config[name]!r}, the weights {value!r}: it is another network's"
            )


def taps_of(shape: tuple[int, ...] | None) -> int:
    """Taps of a filter; a missing one has one.

    Raises:
        ModelError: when no filter has that shape.
    """
    if shape is None:
        return 1
    if len(shape) not in (1, 2) or len(set(shape)) != 1 or not 0 < shape[0] <= _MOST_TAPS:
        raise ModelError(f"a filter has shape {shape}, need (taps,) or (taps, taps) with 1 to {_MOST_TAPS} taps")
    return shape[0]
