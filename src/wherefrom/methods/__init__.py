"""Floor 4: one file a method. `names()` lists them, `load(name)` makes one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from wherefrom.core import plugins
from wherefrom.core.card import Card, Fact, options_of
from wherefrom.core.described import About, Option, about, complete, together
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_number, checked_options, made, refuse_beside
from wherefrom.methods.base import Method

__all__ = ["describe", "from_card", "load", "names"]

_PAPER: Final = "paper"
_BEFORE: Final[Mapping[str, Mapping[str, Fact]]] = {"joint": {"weighted": False}}
"""By method, what cards of earlier versions do not say because it was always so, and is not by default now."""


def names() -> tuple[str, ...]:
    """The methods that can be chosen, found without importing them."""
    return plugins.names(__name__)


def describe(name: str) -> About:
    """What a method is, and its options with their types, defaults and meanings.

    Raises:
        UsageError: when there is no such method.
    """
    kind = plugins.load(__name__, name, "METHOD")
    description = about(kind)
    paper = getattr(kind, "paper", None)
    if paper is None:
        return description
    meaning = f"all options as the paper has them. {inspect.getdoc(paper) or ''}".split("\n")[0]
    option = Option(name=_PAPER, takes="bool", default=False, required=False, meaning=meaning)
    return replace(description, options=(*description.options, option))


def load(name: str, options: Mapping[str, Fact] | None = None, **named: Fact) -> Method[Any]:
    """A method by name, as `load("aedr", adjustment="residual")`; `describe(name)` says which options it has.

    Args:
        name: one of `names()`.
        options: those of the method that differ from their defaults, as a mapping; so alone for the option `options`
            of `relative`. `paper=True` stands for all that the method's paper says, where it has `paper()`.
        named: the same by keyword.

    Raises:
        UsageError: when there is no such method or no such option, or a value is refused.
    """
    kind = plugins.load(__name__, name, "METHOD")
    by_keyword = together(options, named, what=f"method {name!r}")
    parity = by_keyword.get("parity")
    if hasattr(kind, "paper") and (_PAPER in by_keyword or (isinstance(parity, str) and parity == _PAPER)):
        return _by_paper(kind, by_keyword, what=f"method {name!r}")
    complete(f"method {name!r}", kind, by_keyword, "--option")
    method: Method[Any] = made(kind, by_keyword, what=f"method {name!r}")
    return method


def _by_paper(kind: Any, options: Mapping[str, Fact], *, what: str) -> Method[Any]:
    """A method as its paper has it; an option that says otherwise is refused, for it would have no effect."""
    wanted = check_number(_PAPER, options.get(_PAPER, True), bool)
    checked = checked_options(kind, {name: value for name, value in options.items() if name != _PAPER}, what=what)
    if not wanted:
        usual: Method[Any] = made(kind, checked, what=what)
        return usual
    if checked.get("parity") == "paper":  # as cards say it, and as it was said before
        del checked["parity"]
    settings, free = options_of(kind.paper()), inspect.signature(kind.paper).parameters
    refuse_beside(settings, checked, free=free, what=f"{_PAPER}=True")
    method: Method[Any] = kind.paper(**{name: value for name, value in checked.items() if name in free})
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
    try:
        return load(card.name, _completed(card.name, card.facts))
    except UsageError as error:
        raise UsageError(
            f"{error}; that is what the card of a table or profile says, which another version made: make it again"
        ) from error


def _completed(name: str, facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Options as a card says them, with what cards of earlier versions do not say, also of a method that asks another.

    Args:
        name: of the method.
        facts: of its card.
    """
    options: dict[str, Fact] = {**_BEFORE.get(name, {}), **facts}
    inner, pairs = facts.get("method"), facts.get("options")
    if isinstance(inner, str) and inner in _BEFORE and isinstance(pairs, tuple):
        said = {str(pair[0]) for pair in pairs if isinstance(pair, tuple)}
        options["options"] = (*pairs, *(pair for pair in _BEFORE[inner].items() if pair[0] not in said))
    return options
