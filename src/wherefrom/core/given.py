"""A name where the thing itself is needed: refused with the call that makes one of the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from wherefrom.core.errors import UsageError

__all__ = ["check_names", "refuse_name"]


def refuse_name(argument: str, value: object, maker: str) -> None:
    """Refuse a name or a path where what it names has to be given.

    Args:
        argument: its name, for the message.
        value: what was given.
        maker: the function that makes the thing of its name, as `wf.load_profile`.

    Raises:
        UsageError: when it is a text or a path.

    Example:
        >>> refuse_name("profile", "p.json", "wf.load_profile")
        Traceback (most recent call last):
        wherefrom.core.errors.UsageError: profile='p.json' is a name alone: give wf.load_profile('p.json')
    """
    if isinstance(value, str | PurePath):
        name = repr(str(value))
        raise UsageError(f"{argument}={name} is a name alone: give {maker}({name})")


def check_names(argument: str, value: object, example: str) -> None:
    """Refuse what is not by names that can be shown.

    Args:
        argument: its name, for the message.
        value: what was given.
        example: of what is needed.

    Raises:
        UsageError: when it has no names, or one is no text or empty.
    """
    if not isinstance(value, Mapping):
        raise UsageError(f"{argument} is one {type(value).__name__}, need each by a name: give {example}")
    for name in value:
        if not isinstance(name, str) or not name.strip():
            raise UsageError(f"{argument} has the name {name!r}: give a text, as in {example}")
