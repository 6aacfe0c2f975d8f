"""Generators that turn a latent into an image: the folder is the registry, one file or package an architecture.

A file ends in `ARCHITECTURE: Final = Architecture(...)`. `open_generator` finds the one that a file of weights is for.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from wherefrom.core import plugins
from wherefrom.core.errors import ModelError

if TYPE_CHECKING:
    from wherefrom.models.architectures.base import Architecture
    from wherefrom.models.checkpoints.base import Shapes

__all__ = ["check_kind", "load", "names"]


_OLD_GROUP: Final = "wherefrom.models.generators"
"""The entry-point group of before, which is read for one version more."""


def names() -> tuple[str, ...]:
    """The architectures there are, without loading any."""
    return tuple(sorted({*plugins.names(__name__), *plugins.names(_OLD_GROUP)}))


def load(name: str) -> Architecture:
    """The architecture of that name.

    Args:
        name: one of `names()`.

    Raises:
        UsageError: when there is none; the message lists those there are.
    """
    group = __name__
    if name not in plugins.names(group) and name in plugins.names(_OLD_GROUP):
        group = _OLD_GROUP
        warnings.warn(
            f"the entry point {name!r} is in the group {_OLD_GROUP}: put it into {__name__}",
            DeprecationWarning,
            stacklevel=2,
        )
    architecture: Architecture = plugins.load(group, name, "ARCHITECTURE")
    return architecture


def check_kind(shapes: Shapes, kind: Architecture) -> None:
    """Refuse weights of another kind, as where the user named the wrong architecture.

    Args:
        shapes: of the weights by name.
        kind: what they should be.

    Raises:
        ModelError: the message says what the weights look like.
    """
    if kind.recognise(shapes):
        return
    from wherefrom.models.checkpoints.recognise import looks_like

    few = ", ".join(sorted(shapes)[:3]) or "none"
    known = (other.title for other in map(load, names()) if other.recognise(shapes))
    looks = looks_like(shapes) or next(known, "something else")
    raise ModelError(f"these weights look like {looks} ({len(shapes)} tensors: {few} ...), need {kind.title}")
