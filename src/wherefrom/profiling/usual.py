"""Which method a condition of a profile is made with, where none was named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from wherefrom.images.edits import Edit

if TYPE_CHECKING:
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method

__all__ = ["any_lossy", "usual_methods"]

_KEPT: Final = frozenset({"brightness", "contrast", "crop", "filter", "none"})
"""Edits that leave a decoder's trace nearly whole: they change colours, or drop rows and columns."""
_LOOKED_AT: Final = 16


def usual_methods(edit: Edit, *, lossy: bool) -> tuple[Method[Any], ...]:
    """The methods for images that went through an edit, where nobody names one: the first that finds a trace is taken.

    `spectral` for images that a decoder left as they are: two reconstructions are enough for nearly all of those.
    `control`, which costs four, for images whose detail was damaged since, as by JPEG, resizing, blur or noise: it
    compares each with two copies that have the same damage, and reads AEDR's ratio beside. Where a decoder draws turned
    and mirrored images as well as any other, these copies tell nothing; then `spectral` again.

    Args:
        edit: of the condition.
        lossy: whether images were stored with loss, as JPEG, before the edit.
    """
    from wherefrom.methods.control import Control
    from wherefrom.methods.spectral import Spectral

    damaged = lossy or any(step.kind not in _KEPT for step in edit.steps)
    return (Control(copies="turn180+mirror", excess=1.0), Spectral()) if damaged else (Spectral(),)


def any_lossy(images: Sequence[Source], *, limits: Limits | None = None) -> bool:
    """Whether any of the first 16 images is stored with loss; those that cannot be read say nothing.

    Args:
        images: belongings as they are given.
        limits: on bytes and pixels of a file; None are the reader's own.
    """
    from wherefrom.images.batches import read_ahead
    from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord

    read = read_ahead(images[:_LOOKED_AT], limits=limits or DEFAULT_LIMITS)
    return any(each.facts.lossy for each in read if isinstance(each, ImageRecord))
