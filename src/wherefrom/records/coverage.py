"""For which images a profile speaks: of the size, and stored in the way, of the belongings it was made from."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import DOUBTFUL, ImageFacts
from wherefrom.records.profile import Coverage, Profile
from wherefrom.records.table import ScoreTable

__all__ = ["coverage_of", "covered_by", "outside", "uncovered"]

PIXELS: Final = 1.5
"""An image may have this factor fewer or more scored pixels than the smallest or largest belonging."""
QUALITY: Final = 5.0
"""A JPEG's estimated quality may be this much below or above those of belongings."""
_UNKNOWN: Final = "of which it is not known how they were stored (give the file, or lossless=True where that is so)"
_AGAIN: Final = "make a profile with belongings saved the same way"


def coverage_of(belonging: ScoreTable) -> Coverage:
    """What these belongings cover, with the tolerated factors applied. Rows with an error count for nothing.

    Raises:
        ProfileError: when no row was scored.
    """
    rows = [
        (facts, size)
        for facts, size in zip(belonging.images, belonging.sizes, strict=True)
        if facts.error is None and size is not None
    ]
    if not rows:
        raise ProfileError(f"none of {len(belonging)} belonging images was scored: see the reasons in its rows")
    pixels = [height * width for _, (height, width) in rows]
    qualities = [facts.jpeg_quality for facts, _ in rows if _is_jpeg(facts) and facts.jpeg_quality is not None]
    others = {facts.format or "unknown" for facts, _ in rows if facts.lossy is not False and not _is_jpeg(facts)}
    return Coverage(
        pixels=(round(min(pixels) / PIXELS), round(max(pixels) * PIXELS)),
        lossless=any(facts.lossy is False for facts, _ in rows),
        jpeg_quality=(min(qualities) - QUALITY, max(qualities) + QUALITY) if qualities else None,
        other_lossy=tuple(sorted(others)),
        changes=_changes(belonging),
    )


def covered_by(profile: Profile) -> Coverage:
    """What a profile covers; one of an earlier version does not say which conversions, its belongings do."""
    if profile.coverage.changes is not None:
        return profile.coverage
    return replace(profile.coverage, changes=_changes(profile.belonging))


def _changes(belonging: ScoreTable) -> tuple[tuple[str, ...], ...]:
    """Every combination that occurs, but for images of which it cannot be told whether they are whole."""
    seen = {facts.changes for facts in belonging.images if facts.error is None}
    return tuple(sorted(changes for changes in seen if not any(each.startswith(DOUBTFUL) for each in changes)))


def outside(facts: ImageFacts, size: tuple[int, int] | None, coverage: Coverage) -> str | None:
    """Why the profile does not speak for an image, with the way out; None when it does.

    Args:
        facts: of the image's file.
        size: `(height, width)` that was scored.
        coverage: of the profile, as `covered_by` gives it.
    """
    reason = _reason(facts, size, coverage)
    return None if reason is None else ": ".join(reason)


def uncovered(facts: ImageFacts, size: tuple[int, int] | None, coverage: Coverage) -> str | None:
    """As `outside`, without the way out.

    Args:
        facts: of the image.
        size: `(height, width)` that was scored.
        coverage: of a profile.
    """
    reason = _reason(facts, size, coverage)
    return None if reason is None else reason[0]


def _reason(facts: ImageFacts, size: tuple[int, int] | None, coverage: Coverage) -> tuple[str, str] | None:
    """Why an image is not covered, and the way out."""
    storage = _storage(facts, coverage) or _converted(facts, coverage)
    if storage is not None:
        return storage, _AGAIN
    low, high = coverage.pixels
    if size is None or low <= size[0] * size[1] <= high:
        return None
    scored = f"scored at {size[1]} x {size[0]} = {size[0] * size[1]} pixels"
    return f"{scored}, the profile covers {low} to {high} pixels", "make a profile with belongings of this size"


def _storage(facts: ImageFacts, coverage: Coverage) -> str | None:
    if facts.lossy is False:
        covered, stored = coverage.lossless, f"stored without loss as {facts.format or 'an unknown format'}"
    elif _is_jpeg(facts):
        quality, known = facts.jpeg_quality, coverage.jpeg_quality
        covered = quality is not None and known is not None and known[0] <= quality <= known[1]
        stored = "stored as JPEG of unknown quality" if quality is None else f"stored as JPEG quality {quality:g}"
    elif facts.format == "pixels":
        covered, stored = "pixels" in coverage.other_lossy, f"given as pixels, {_UNKNOWN}"
    else:
        name = facts.format or "unknown"
        covered, stored = name in coverage.other_lossy, f"stored with loss as {name}"
    return None if covered else f"{stored}, the profile covers {_covered(coverage)}"


def _converted(facts: ImageFacts, coverage: Coverage) -> str | None:
    """What was changed in reading counts as it does in the audit: all of it together, in the same words."""
    if coverage.changes is None or facts.changes in coverage.changes:
        return None
    known = " or ".join(_read_as(changes) for changes in coverage.changes) or "that are known to be whole"
    return f"{_read_as(facts.changes)}, the profile covers images {known} only"


def _read_as(changes: tuple[str, ...]) -> str:
    return f"converted in reading ({', '.join(changes)})" if changes else "taken as stored"


def _covered(coverage: Coverage) -> str:
    parts = ["lossless files"] if coverage.lossless else []
    if coverage.jpeg_quality is not None:
        parts.append(f"JPEG quality {coverage.jpeg_quality[0]:g} to {coverage.jpeg_quality[1]:g}")
    parts += coverage.other_lossy
    return f"{' and '.join(parts) or 'no files'} only"


def _is_jpeg(facts: ImageFacts) -> bool:
    return facts.format in ("JPEG", "MPO") and facts.lossy is not False
