"""The command that adds the condition which an image needs, told by what can be seen of its file."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Final

from wherefrom.core.facts import ImageFacts
from wherefrom.records.coverage import covered_by
from wherefrom.records.profile import UNEDITED, Profile

__all__ = ["adding", "edit_for"]

_WEBP: Final = 80
"""The quality that Pillow and most programs write unless told otherwise: the file does not say which it was."""
_FACTORS: Final = (0.1, 4.0)
"""The least and the greatest factor of the edit `resize`."""


def adding(facts: ImageFacts, size: tuple[int, int] | None, profile: Profile, file: str | Path | None) -> str | None:
    """The command that adds a condition for an image that no condition of a profile covers; None where none would do.

    Args:
        facts: of the image's file.
        size: `(height, width)` that was scored, or as stored; None where it is not known.
        profile: with the conditions that there are.
        file: of the profile; None is shown as `P.json`.
    """
    edit = edit_for(facts, size, profile)
    if edit is None:
        return None
    pools = "".join(f" --pool {shlex.quote(name)}=DIR" for name in profile.foreign)
    place = shlex.quote(str(file or "P.json"))
    return f"wherefrom profile --add-edit {edit} --profile {place} --belonging DIR{pools}"


def edit_for(facts: ImageFacts, size: tuple[int, int] | None, profile: Profile) -> str | None:
    """The edit that leaves the profile's images in the size and the format of this one; None where none is known to.

    Args:
        facts: of the image's file.
        size: `(height, width)` that was scored, or as stored; None where it is not known.
        profile: with the conditions that there are.
    """
    stored = _stored(facts)
    if stored is None or facts.changes:
        return None
    edit = "+".join(part for part in (_resized(size, profile), stored) if part) or UNEDITED
    return None if edit in profile.conditions else edit


def _stored(facts: ImageFacts) -> str | None:
    """The edit that stores an image as this one is, empty where that is without loss; None where there is none."""
    if facts.lossy is False:
        return ""
    if facts.format in ("JPEG", "MPO") and facts.jpeg_quality is not None:
        return f"jpeg:{max(1, round(facts.jpeg_quality))}"
    return f"webp:{_WEBP}" if facts.format == "WEBP" else None


def _resized(size: tuple[int, int] | None, profile: Profile) -> str:
    """The edit that brings belongings as they were given to about so many pixels; empty where they are there."""
    unedited = profile.conditions.get(UNEDITED)
    if unedited is None or size is None:
        return ""
    low, high = covered_by(unedited).pixels
    pixels = size[0] * size[1]
    if low <= pixels <= high:
        return ""
    factor = round(math.sqrt(pixels / math.sqrt(low * high)), 2)
    return f"resize:{min(max(factor, _FACTORS[0]), _FACTORS[1]):g}"
