"""`side_evidence_of`: ask each source what a file says of itself. Nothing here reaches the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wherefrom.core.errors import ImageError, WherefromError
from wherefrom.core.visible import visible
from wherefrom.images.files import Source as FileSource
from wherefrom.images.read import DEFAULT_LIMITS, Limits
from wherefrom.images.sources import as_source
from wherefrom.side_evidence import sources as registry
from wherefrom.side_evidence.findings import Finding, SideEvidence, State
from wherefrom.side_evidence.image_file import ImageFile
from wherefrom.side_evidence.shortened import shortened

if TYPE_CHECKING:
    from wherefrom.images.sources import Image
    from wherefrom.side_evidence.sources.base import Source

__all__ = ["chosen_sources", "side_evidence_of"]


def side_evidence_of(
    image: Image, *, sources: Iterable[str | Source] | None = None, limits: Limits = DEFAULT_LIMITS
) -> SideEvidence:
    """What a file says of itself: C2PA manifest, EXIF, XMP, generation metadata, watermarks.

    All of it can be removed or written by anybody, so it is told beside a verdict and never enters one. A source that
    cannot look, because a package is absent or the file is damaged, says so and is never taken for an absence.

    Args:
        image: a path, the bytes of a file, or a source; of an image that is given as pixels there is no file.
        sources: names of `wherefrom.side_evidence.sources.names()`, or sources with options of their own; None is all.
        limits: on bytes and pixels of the file.

    Raises:
        UsageError: when a name is no source's.

    Example:
        >>> from wherefrom.side_evidence import side_evidence_of
        >>> found = side_evidence_of("no-such-file.png", sources=["exif"])
        >>> str(found["exif"].state), found.error
        ('could not look', 'no such file')
    """
    asked, source = chosen_sources(sources), as_source(image)
    try:
        file = ImageFile(name=source.name, data=_bytes(source, limits), limits=limits)
    except ImageError as error:
        findings = tuple(_not_looked(each, str(error)) for each in asked)
        return SideEvidence(name=source.name, file_digest=None, error=str(error), findings=findings)
    findings = tuple(_looked(each, file) for each in asked)
    return SideEvidence(name=source.name, file_digest=file.digest, error=None, findings=findings)


def chosen_sources(sources: Iterable[str | Source] | None) -> tuple[Source, ...]:
    """Sources by their names, those with options as they are.

    Args:
        sources: names or sources; None is all that there are.

    Raises:
        UsageError: when a name is no source's.
    """
    wanted = registry.names() if sources is None else sources
    return tuple(registry.load(each) if isinstance(each, str) else each for each in wanted)


def _bytes(source: FileSource, limits: Limits) -> bytes:
    if source.in_memory is not None:
        raise ImageError("it was given as pixels, so that there is no file to look into: give the file")
    return source.read(limits.max_bytes)


def _looked(source: Source, file: ImageFile) -> Finding:
    """A source's finding; whatever stops it is a reason, and never an absence."""
    try:
        return source.look(file)
    except WherefromError as error:
        return _not_looked(source, str(error))
    except Exception as error:  # noqa: BLE001  (readers of hostile metadata raise anything; the other sources still look)
        return _not_looked(source, f"{type(error).__name__}: {error}")


def _not_looked(source: Source, reason: str) -> Finding:
    return Finding(source=source.name, title=source.title, state=State.NOT_LOOKED, summary=visible(shortened(reason)))
