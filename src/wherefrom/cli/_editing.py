"""Edited copies of images, as files that say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import ImageError
from wherefrom.images.labels import is_there, slug

if TYPE_CHECKING:
    from wherefrom.images.edits import Edit
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Source
    from wherefrom.scoring.progress import Progress

__all__ = ["Edited", "edited"]

_SAME: Final = ("kind", "edit", "source", "seed")
_LONGEST: Final = 100  # characters of a source's name in a file's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """One edited copy.

    Attributes:
        source: name of the image.
        path: the copy; None where there is none.
        edit: the edit's name.
        seed: the root seed; None where nothing is drawn.
        kept: whether the copy was there already.
        error: why there is no copy.
    """

    source: str
    path: Path | None
    edit: str
    seed: int | None
    kept: bool = False
    error: str | None = None


def edited(
    sources: Sequence[Source],
    *,
    edit: Edit,
    folder: Path,
    seed: int,
    limits: Limits | None = None,
    report: Callable[[Progress], None] | None = None,
) -> list[Edited]:
    """Edited copies, one an image; one that cannot be read or edited is an entry with its error.

    Args:
        sources: the images.
        edit: what is done to each.
        folder: where copies go; those that are there and whole are kept.
        seed: the root seed.
        limits: on bytes and pixels of a file; None are the reader's own.
        report: told how far it is.

    Raises:
        UsageError: when a file of that name was made otherwise.
        MissingExtra: when the edit needs a package that is not installed.
    """
    from wherefrom.scoring.progress import Meter

    meter = Meter(report=report, total=len(sources))
    found: list[Edited] = []
    for source in sources:
        row = _edited(source, edit, folder, seed, limits)
        found.append(row)
        meter.add(1, errors=int(row.error is not None), cached=int(row.kept))
    meter.tell()
    return found


def _edited(source: Source, edit: Edit, folder: Path, seed: int, limits: Limits | None) -> Edited:
    """One copy, or why there is none."""
    from wherefrom.images.read import DEFAULT_LIMITS, read_image

    drawn = seed if edit.seeded else None
    try:
        record = read_image(source, limits or DEFAULT_LIMITS)
        digest = str(record.facts.pixel_digest)
        stem = f"{slug(Path(source.name).stem)[:_LONGEST]}-{digest[:8]}-{slug(edit.name)}"
        path = folder / (stem + edit.suffix)
        kept = is_there(path, edit.record(digest, seed=seed), _SAME)
        if not kept:
            edit.write(record.pixels, folder / stem, seed=seed, of=record.facts)
    except (ImageError, OSError) as error:
        return Edited(source=source.name, path=None, edit=edit.name, seed=drawn, error=str(error))
    return Edited(source=source.name, path=path, edit=edit.name, seed=drawn, kept=kept)
