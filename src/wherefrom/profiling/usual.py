"""Which method a profile is made with, where none was named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wherefrom.methods.base import Method

__all__ = ["usual_methods"]


def usual_methods() -> tuple[Method[Any], ...]:
    """The methods of a condition, where nobody names one: the first that finds a trace is taken.

    `joint` for all images, as the decoder left them or damaged since: it compares each with two control copies that
    have the same damage, and reads how AEDR's two errors differ by band. Where a decoder draws turned and mirrored
    images as well as any other, copies tell nothing; then `spectral`, which needs none.
    """
    from wherefrom.methods.joint import Joint
    from wherefrom.methods.spectral import Spectral

    return (Joint(), Spectral())
