"""`write_report`: a page an image, a list of them, and the numbers beside each, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from wherefrom.core.errors import UsageError
from wherefrom.core.files import check_folder_takes
from wherefrom.core.given import refuse_name
from wherefrom.images.in_memory import single
from wherefrom.images.labels import slug
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits, read_or_explain
from wherefrom.images.sources import Source, load_images
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Attribution, Verdict
from wherefrom.report.assembling import Assembly, verdicts_of
from wherefrom.report.further import Further
from wherefrom.report.index import IndexRow, index_of, page_names, write_index
from wherefrom.report.page import page_of, write_page
from wherefrom.report.rendering import MADE
from wherefrom.side_evidence import Finding, side_evidence_of

if TYPE_CHECKING:
    from wherefrom.images.sources import Image

__all__ = ["Shows", "check_report_folder", "holds_report", "write_report"]

Shows: TypeAlias = Callable[[ImageRecord], Further]
"""Given an image, what else is shown of it."""
_LONGEST: Final = 60
"""Characters of an image's name in the name of its page."""
_NOTHING: Final = Further()
_HEAD: Final = 2048


def write_report(
    found: Verdict | Attribution | Sequence[Verdict | Attribution],
    *,
    profiles: Profile | Mapping[str, Profile],
    folder: str | Path,
    images: Image | Iterable[Image] = (),
    shows: Shows | None = None,
    pictures: bool = True,
    metadata: bool = True,
    command: str | None = None,
    force: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Write what was said of images as pages for people: what `wherefrom report` writes.

    Each image has a page that is one file, without programs and without anything from elsewhere, and beside it all of
    its numbers as JSON. Several images have a list of them, `index.html`, and `index.jsonl`. Images are read one by
    one; what was said of them decides, and nothing is asked of a model.

    Args:
        found: verdicts of one profile, or attributions among several, of `wherefrom.attribute`; or one of them.
        profiles: the profile, or several by their names in the order in which they were asked.
        folder: for the pages; made when absent.
        images: in question, so that they are shown; of one that is not among them nothing is.
        shows: what else is shown of an image, as `wherefrom.reconstructions` gives it.
        pictures: whether images, and what else `shows` gives, are shown.
        metadata: whether it is told what the files say of themselves; see `wherefrom.side_evidence`.
        command: what was typed, to be shown.
        force: whether a report that is there is replaced; other files stay.
        limits: on bytes and pixels of a file.
        progress: told how many pages are written.

    Returns:
        The page of the only image, or the list.

    Raises:
        UsageError: when nothing was said, the folder is there and not empty, or a file cannot be written; or when
            profiles are not those by which it was said.
    """
    found = (found,) if isinstance(found, Verdict | Attribution) else found
    named = _named(profiles, found)
    place = Path(folder)
    check_report_folder(place, force=force)
    _clear(place)
    assembly = Assembly(profiles=named, command=command)
    names = [_page_name(number, item, len(found)) for number, item in zip(count(1), found, strict=False)]
    several = (images,) if single(images) else tuple(cast("Iterable[Image]", images))
    sources = {source.name: source for source in load_images(*cast("Sequence[Image]", several))} if several else {}
    index = page_names(len(found))[0] if len(found) > 1 else None
    for number, (item, name) in enumerate(zip(found, names, strict=True), start=1):
        source = sources.get(item.image.name)
        record = _record(source, limits) if pictures else None
        further = _NOTHING if record is None or shows is None else shows(record)
        if metadata and source is not None:
            further = replace(further, side_evidence=_findings(source, item, limits))
        write_page(page_of(assembly, item, record=record, further=further), place / name, index=index)
        if progress is not None:
            progress(number)
    if index is None:
        return place / names[0]
    numbered = zip(count(1), found, names, strict=False)
    rows = (IndexRow.of(number, item, assembly.labels, name) for number, item, name in numbered)
    return write_index(index_of(found, assembly.labels, command), rows, place)


def check_report_folder(folder: Path, *, force: bool) -> None:
    """Refuse a folder that cannot take a report, before a model is asked; it is made when absent.

    Args:
        folder: for a report.
        force: whether it may hold something.

    Raises:
        UsageError: when it is no folder, takes no file, or holds something and `force` is off.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = min((path.name for path in folder.iterdir()), default=None)
        check_folder_takes(folder)
    except OSError as error:
        raise UsageError(
            f"cannot write a report into {folder}: {error.strerror or error}: name another folder"
        ) from error
    if there is not None and not force:
        raise UsageError(
            f"the folder {folder} holds {there} already: name another one for the report, or replace a report that is"
            " there by --force, which leaves other files"
        )


def holds_report(folder: Path) -> bool:
    """Whether there are files of a report in a folder.

    Args:
        folder: which exists.
    """
    return any(map(_is_of_a_report, folder.iterdir()))


def _clear(folder: Path) -> None:
    """Remove an earlier report, so that no page of it stands beside the new ones."""
    for path in filter(_is_of_a_report, sorted(folder.iterdir())):
        path.unlink()


def _is_of_a_report(path: Path) -> bool:
    """Whether a file is a page or the numbers of a report, as it says itself."""
    if path.suffix not in (".html", ".json", ".jsonl") or path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8", "replace")
    mark = f'content="{MADE}"' if path.suffix == ".html" else '"wherefrom":"report"'
    return mark in (head if path.suffix == ".html" else "".join(head.split()))


def _named(profiles: Profile | Mapping[str, Profile], decisions: Sequence[Verdict | Attribution]) -> dict[str, Profile]:
    """Profiles by the names that are shown, which must be those of the verdicts.

    Raises:
        UsageError: when they are not, or nothing was said.
    """
    if not decisions:
        raise UsageError("there is nothing to report on: no image was asked about")
    refuse_name("profiles", profiles, "wf.load_profile")
    named = {profiles.model.name: profiles} if isinstance(profiles, Profile) else dict(profiles)
    verdicts = verdicts_of(decisions[0])
    digests = [profile.digest for profile in named.values()]
    if [verdict.profile for verdict in verdicts] != digests:
        raise UsageError(
            f"{len(named)} profiles are given ({', '.join(named)}), which are not the {len(verdicts)} by which this was"
            " said: give the same, in the same order"
        )
    return named


def _page_name(number: int, decision: Verdict | Attribution, images: int) -> str:
    """The name of an image's page: with its number where there are several, so that no two are one."""
    stem = slug(Path(decision.image.name).stem)[:_LONGEST].rstrip("-.") or "image"
    return f"{stem}.html" if images == 1 else f"{number:05d}-{stem}.html"


def _findings(source: Source, decision: Verdict | Attribution, limits: Limits) -> tuple[Finding, ...]:
    """What the file says of itself; nothing of a file that is another one than was asked about."""
    evidence = side_evidence_of(source, limits=limits)
    return evidence.findings if evidence.file_digest == decision.image.file_digest else ()


def _record(source: Source | None, limits: Limits) -> ImageRecord | None:
    """The image; None where it was not given or cannot be read, of which the verdict says why."""
    record = None if source is None else read_or_explain(source, limits)
    return record if isinstance(record, ImageRecord) else None
