"""Floor 4: one file a method. `names()` lists them, `load(name)` makes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wherefrom.core import plugins
from wherefrom.core.card import Card, Fact
from wherefrom.core.described import About, about, complete, together
from wherefrom.core.errors import UsageError
from wherefrom.core.options import made
from wherefrom.methods.base import Method

__all__ = ["describe", "from_card", "load", "names"]


def names() -> tuple[str, ...]:
    """The methods that can be chosen, found without importing them."""
    return plugins.names(__name__)


def describe(name: str) -> About:
    """What a method is, and its options with their types, defaults and meanings.

    Raises:
        UsageError: when there is no such method.
    """
    return about(plugins.load(__name__, name, "METHOD"))


def load(name: str, options: Mapping[str, Fact] | None = None, **named: Fact) -> Method[Any]:
    """A method by name, as `load("aedr", adjustment="residual")`; `describe(name)` says which options it has.

    Args:
        name: one of `names()`.
        options: fields of the method that differ from their defaults, as a mapping; so alone for the field `options`
            of `relative`.
        named: the same by keyword.

    Raises:
        UsageError: when there is no such method or no such option, or a value is refused.
    """
    kind = plugins.load(__name__, name, "METHOD")
    given = together(options, named, what=f"method {name!r}")
    complete(f"method {name!r}", kind, given, "--option")
    method: Method[Any] = made(kind, given, what=f"method {name!r}")
    return method


def from_card(card: Card, *at_hand: Method[Any] | None) -> Method[Any]:
    """The method that a card describes, with the same options.

    Args:
        card: of a method.
        at_hand: methods of which the one with this card is taken as it is, so that it need not be registered.

    Raises:
        UsageError: when there is no such method or option here (another version, a plug-in that is not installed).
    """
    for method in at_hand:
        if method is not None and method.card.digest == card.digest:
            return method
    if card.name not in names():
        raise UsageError(
            f"no method {card.name!r} among {', '.join(names())}: if it is one of your own, give it by method=, or"
            " register it as an entry point of the group wherefrom.methods"
        )
    return load(card.name, card.facts)
