"""Generators that turn a latent into an image: the folder is the registry, one file or package an architecture.

A file ends in `ARCHITECTURE: Final = Architecture(...)`. `open_generator` finds the one that a file of weights is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.core import plugins

if TYPE_CHECKING:
    from wherefrom.models.generators.base import Architecture

__all__ = ["load", "names"]


def names() -> tuple[str, ...]:
    """The architectures there are, without loading any."""
    return plugins.names(__name__)


def load(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        UsageError: when there is none; the message lists those there are.
    """
    found: Architecture = plugins.load(__name__, name, "ARCHITECTURE")
    return found
