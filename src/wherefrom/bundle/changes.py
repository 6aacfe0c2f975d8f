"""What was said of the images after harmless changes, in a bundle: stated there, and not decided again.

A bundle holds no scores of changed images. What it states of them can only take an answer away, never give one: see
`wherefrom.records.stability.steadied`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pydantic import TypeAdapter

from wherefrom.bundle.parsing import parsed
from wherefrom.bundle.results import Refused
from wherefrom.core.errors import UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.files import json_bytes
from wherefrom.core.plain import plain
from wherefrom.images.files import printable
from wherefrom.records.stability import AfterChange, Stability

__all__ = ["named_as_here", "read_stabilities", "stabilities_bytes"]

_STABILITIES: Final = TypeAdapter(tuple[Stability, ...])


def named_as_here(stabilities: Sequence[Stability], images: Sequence[ImageFacts]) -> tuple[Stability, ...]:
    """Stabilities with the names that a bundle has for images and candidates.

    Args:
        stabilities: one an image; empty where no image was changed.
        images: that have scores, in their order.

    Raises:
        UsageError: when there are some, and not one an image.
    """
    if stabilities and len(stabilities) != len(images):
        raise UsageError(f"{len(stabilities)} stabilities were given for {len(images)} images: give one each")
    return tuple(
        Stability(name=facts.name, rows=tuple(_named(row) for row in each.rows))
        for each, facts in zip(stabilities, images, strict=False)
    )


def _named(row: AfterChange) -> AfterChange:
    return replace(
        row,
        outcomes={printable(name): outcome for name, outcome in row.outcomes.items()},
        statistics={printable(name): value for name, value in row.statistics.items()},
        covered={printable(name): covered for name, covered in row.covered.items()},
    )


def stabilities_bytes(stabilities: Sequence[Stability]) -> bytes:
    """Stabilities as their file in a bundle holds them.

    Args:
        stabilities: one an image.
    """
    return json_bytes([plain(each) for each in stabilities])


def read_stabilities(data: bytes, candidates: Sequence[str], what: str) -> tuple[Stability, ...]:
    """The stabilities of a bundle's file.

    Args:
        data: of the file.
        candidates: names of those that the bundle is about.
        what: it is, for the message.

    Raises:
        Refused: when it holds none, or says nothing of a candidate.
    """
    found = parsed(_STABILITIES, data, what)
    for each in found:
        for row in each.rows:
            if not set(candidates) == row.outcomes.keys() == row.covered.keys():
                raise Refused(f"{what} speaks of {sorted(row.outcomes)} after a change, expected {sorted(candidates)}")
    return found
