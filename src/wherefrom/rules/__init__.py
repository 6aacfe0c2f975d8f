"""Floor 4: one file a rule, numpy and scipy only. `names()` lists them, `load(name)` makes one."""

from __future__ import annotations

from wherefrom.core import plugins
from wherefrom.rules.base import Rule

__all__ = ["load", "names"]


def names() -> tuple[str, ...]:
    """The rules that can be chosen, found without importing them."""
    return plugins.names(__name__)


def load(name: str) -> Rule:
    """A rule by name, with its default options.

    Raises:
        UsageError: when there is no such rule.
    """
    rule: Rule = plugins.load(__name__, name, "RULE")()
    return rule
