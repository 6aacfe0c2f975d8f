"""Reports, maps and bundles of a job, as bytes in memory."""

from __future__ import annotations

import io
import tempfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from wherefrom.attribution import Candidate
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.images.labels import slug
from wherefrom.images.read import ImageRecord
from wherefrom.records.verdict import Attribution, Verdict
from wherefrom.report.assembling import Assembly
from wherefrom.report.further import Further, MapShown
from wherefrom.report.overlay import map_shown
from wherefrom.report.page import page_of
from wherefrom.service.jobs import Cancelled, Decided, Job, Progress, Question

__all__ = ["bundle_of", "page_of_image", "pages_of", "zip_of_pages"]

_BETA: Final = 0.01
"""The bound on the chance that the map of an image of other origin shows any region."""

_ONE: Final = threading.Lock()


def pages_of(
    job: Job, found: Sequence[Verdict | Attribution], assembly: Assembly, candidates: Sequence[Candidate]
) -> tuple[tuple[bytes, ...], dict[tuple[int, str], bytes]]:
    """A page an image as HTML, and maps as PNG by the image's place and the candidate's name.

    Args:
        job: with its images, and what is shown of them.
        found: what is said of each.
        assembly: of the profiles.
        candidates: with their models opened.

    Raises:
        Cancelled: when nobody wants them any more.
    """
    from wherefrom.candidates import reconstructions

    assert job.shown is not None
    made, told = reconstructions(candidates), job.side_evidence
    pages, maps = [], {}
    for place, (one, image) in enumerate(zip(found, job.images, strict=True)):
        if job.cancelled.is_set():
            raise Cancelled
        job.progress = Progress(done=place, total=len(found), stage="writing the report")
        record = image.in_memory if isinstance(image.in_memory, ImageRecord) else None
        mapped = _maps(record, candidates) if record is not None and job.shown.maps else {}
        shown = Further(
            reconstructions=made(record) if record is not None and job.shown.pictures else {},
            maps=tuple(each for each in mapped.values() if isinstance(each, MapShown)),
            without_map={name: each for name, each in mapped.items() if isinstance(each, str)},
            side_evidence=told[place] if told else (),
        )
        maps.update({(place, each.numbers.candidate): each.picture for each in shown.maps})
        pages.append(_html(assembly, one, record if job.shown.pictures else None, shown))
    return tuple(pages), maps


def _html(assembly: Assembly, found: Verdict | Attribution, record: ImageRecord | None, further: Further) -> bytes:
    """A page; one at a time, since what draws its figures is not made for several threads."""
    with _ONE:
        return page_of(assembly, found, record=record, further=further).html().encode()


def _maps(record: ImageRecord, candidates: Sequence[Candidate]) -> dict[str, MapShown | str]:
    """A map under each candidate, or why there is none: it has no encoder, or takes no such image."""
    from wherefrom.mapping.evidence import METHOD, map_of_record

    found: dict[str, MapShown | str] = {}
    for each in candidates:
        try:
            made = map_of_record(record, model=each.model, method=METHOD, beta=_BETA)
        except (ImageError, ModelError) as error:
            found[each.name] = str(error)
        else:
            found[each.name] = map_shown(each.name, record.pixels, made)
    return found


def page_of_image(decided: Decided, place: int) -> bytes:
    """The page of one image as HTML: as it was made with the job, or of numbers alone.

    Args:
        decided: what came of a job.
        place: of the image.
    """
    if decided.pages:
        return decided.pages[place]
    assembly = Assembly(profiles={each.name: each.profile for each in decided.candidates})
    return _html(assembly, decided.found[place], None, Further())


def zip_of_pages(decided: Decided) -> bytes:
    """The pages of all images of a job, as a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, one in enumerate(decided.found):
            name = f"{place + 1:03d}-{slug(Path(one.image.name).stem)[:60].rstrip('-.') or 'image'}.html"
            archive.writestr(name, page_of_image(decided, place))
    return file.getvalue()


def bundle_of(decided: Decided, question: Question, bounds: Mapping[str, float], rule: str) -> bytes:
    """The bundle of a job: what was said, and all that it rests on but the images.

    It is written to a temporary folder, which is gone when this returns.

    Args:
        decided: what came of the job.
        question: that was asked.
        bounds: alpha and beta.
        rule: where to cut.

    Raises:
        WherefromError: as `write_bundle`.
    """
    from wherefrom.bundle import write_bundle

    with tempfile.TemporaryDirectory(prefix="wherefrom-service-") as folder:
        path = Path(folder) / "bundle.zip"
        write_bundle(
            path,
            decided.candidates,
            alpha=bounds["alpha"],
            beta=bounds["beta"],
            rule=rule,
            edit=question.edit,
            when=decided.when,
        )
        return path.read_bytes()
