"""Floor 4: one file a rule, numpy and scipy only. `names()` lists them, `load(name)` makes one."""

from __future__ import annotations

from collections.abc import Mapping

from wherefrom.core import plugins
from wherefrom.core.card import Card, Fact
from wherefrom.core.options import made
from wherefrom.rules.base import Rule

__all__ = ["from_card", "load", "names"]


def names() -> tuple[str, ...]:
    """The rules that can be chosen, found without importing them."""
    return plugins.names(__name__)


def load(name: str, options: Mapping[str, Fact] | None = None) -> Rule:
    """A rule by name.

    Args:
        name: one of `names()`.
        options: fields of the rule that differ from their defaults.

    Raises:
        UsageError: when there is no such rule or no such option, or a value is refused.
    """
    kind = plugins.load(__name__, name, "RULE")
    rule: Rule = made(kind, options, what=f"rule {name!r}")
    return rule


def from_card(card: Card) -> Rule:
    """The rule that a card describes, with the same options.

    Raises:
        UsageError: when there is no such rule or option here (another version, a plug-in that is not installed).
    """
    return load(card.name, card.facts)
