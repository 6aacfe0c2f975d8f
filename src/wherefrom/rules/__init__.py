"""Floor 4: one file a rule, numpy and scipy only. `names()` lists them, `load(name)` makes one."""

from __future__ import annotations

from collections.abc import Mapping

from wherefrom.core import plugins
from wherefrom.core.card import Card, Fact
from wherefrom.core.described import About, about, complete, together
from wherefrom.core.options import made
from wherefrom.rules.base import Rule

__all__ = ["describe", "from_card", "load", "names"]


def names() -> tuple[str, ...]:
    """The rules that can be chosen, found without importing them."""
    return plugins.names(__name__)


def describe(name: str) -> About:
    """What a rule is, and its options with their types, defaults and meanings.

    Raises:
        UsageError: when there is no such rule.
    """
    return about(plugins.load(__name__, name, "RULE"))


def load(name: str, options: Mapping[str, Fact] | None = None, **named: Fact) -> Rule:
    """A rule by name, as `load("fixed", cut=1.2)`; `describe(name)` says which options it has.

    Args:
        name: one of `names()`.
        options: fields of the rule that differ from their defaults, as a mapping.
        named: the same by keyword.

    Raises:
        UsageError: when there is no such rule or no such option, or a value is refused.
    """
    kind = plugins.load(__name__, name, "RULE")
    by_keyword = together(options, named, what=f"rule {name!r}")
    complete(f"rule {name!r}", kind, by_keyword, "--rule-option")
    rule: Rule = made(kind, by_keyword, what=f"rule {name!r}")
    return rule


def from_card(card: Card) -> Rule:
    """The rule that a card describes, with the same options.

    Raises:
        UsageError: when there is no such rule or option here (another version, a plug-in that is not installed).
    """
    return load(card.name, card.facts)
