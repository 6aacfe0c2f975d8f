"""Floor 4: one file a method. `names()` lists them, `load(name)` makes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wherefrom.core import plugins
from wherefrom.core.card import Card, Fact
from wherefrom.core.options import made
from wherefrom.methods.base import Method

__all__ = ["from_card", "load", "names"]


def names() -> tuple[str, ...]:
    """The methods that can be chosen, found without importing them."""
    return plugins.names(__name__)


def load(name: str, options: Mapping[str, Fact] | None = None) -> Method[Any]:
    """A method by name.

    Args:
        name: one of `names()`.
        options: fields of the method that differ from their defaults.

    Raises:
        UsageError: when there is no such method or no such option, or a value is refused.
    """
    kind = plugins.load(__name__, name, "METHOD")
    method: Method[Any] = made(kind, options, what=f"method {name!r}")
    return method


def from_card(card: Card) -> Method[Any]:
    """The method that a card describes, with the same options.

    Raises:
        UsageError: when there is no such method or option here (another version, a plug-in that is not installed).
    """
    return load(card.name, card.facts)
