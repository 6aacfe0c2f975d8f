"""Edited copies of images, as files that say so."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import ImageError
from wherefrom.making.made import Made, Report, made_folder

if TYPE_CHECKING:
    from wherefrom.images.edits import Edit
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Image, Source

__all__ = ["edit"]

_SAME: Final = ("kind", "edit", "source", "seed")
_LONGEST: Final = 100  # characters of a source's name in a file's name


def edit(
    images: Iterable[Image],
    name: str | Edit,
    *,
    folder: str | Path,
    seed: int = 0,
    limits: Limits | None = None,
    progress: Report | None = None,
) -> list[Made]:
    """Edited copies of images: JPEG or WebP files where the edit ends in one, else PNG, each with its edit on record.

    A copy depends on its image's pixels, the edit and the seed alone. Files that are there and whole are kept.

    Args:
        images: as `load_images` gives them, or paths; one that cannot be read or edited is an entry with its error.
        name: the edit, as `resize:0.5+jpeg:75`, or an edit that was loaded.
        folder: where copies go; made when absent.
        seed: the root seed, for edits that draw numbers.
        limits: on bytes and pixels of a file; None are the reader's own.
        progress: told how far it is.

    Returns:
        One entry an image, in order.

    Raises:
        UsageError: when there is no such edit, or a file of that name was made otherwise.
        MissingExtra: when the edit needs a package that is not installed.
    """
    from wherefrom.images import edits
    from wherefrom.images.sources import as_source
    from wherefrom.scoring.progress import Meter

    loaded = edits.load(name) if isinstance(name, str) else name
    sources = [as_source(image) for image in images]
    place = made_folder(Path(folder))
    meter = Meter(report=progress, total=len(sources))
    copies: list[Made] = []
    for source in sources:
        copy = _copy(source, loaded, place, seed, limits)
        copies.append(copy)
        meter.add(1, errors=int(copy.error is not None), cached=int(copy.kept))
    meter.tell()
    return copies


def _copy(source: Source, edit: Edit, folder: Path, seed: int, limits: Limits | None) -> Made:
    """One copy, or why there is none."""
    from wherefrom.images.labels import slug
    from wherefrom.images.read import DEFAULT_LIMITS, read_image
    from wherefrom.images.write import is_there

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
        return Made(path=None, kind="edit", source=source.name, edit=edit.name, seed=drawn, error=str(error))
    return Made(path=path, kind="edit", source=source.name, edit=edit.name, seed=drawn, kept=kept)
