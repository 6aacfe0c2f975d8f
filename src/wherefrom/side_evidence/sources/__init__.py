"""Where one can look: one file a source. Others register under the entry point `wherefrom.side_evidence.sources`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom.core import plugins

if TYPE_CHECKING:
    from wherefrom.side_evidence.sources.base import Source

__all__ = ["load", "names"]


def names() -> tuple[str, ...]:
    """The sources there are, those of other packages included."""
    return plugins.names(__name__)


def load(name: str, **options: Any) -> Source:
    """A source.

    Args:
        name: one of `names()`.
        **options: of the source, as its class takes them.

    Raises:
        UsageError: when there is no such source; the message names those there are.
    """
    made: Source = plugins.load(__name__, name, "SOURCE")(**options)
    return made
