"""Files of a bundle, gathered: profiles as they are, scores, a report, and images where they are named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wherefrom.attribution import Candidate
from wherefrom.bundle.archive import Content, digest_of
from wherefrom.bundle.names import SCORES_FOLDER
from wherefrom.bundle.statement import CandidateEntry, ProfileEntry
from wherefrom.core.errors import ImageError, ProfileError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images.files import Source, file_source, printable
from wherefrom.images.labels import slug
from wherefrom.records.files import profile_from_bytes, profile_to_bytes, table_from_bytes, table_to_bytes

__all__ = ["of_candidates", "of_images", "of_report"]

_MANY: Final = 20_000
"""Files of a report, at most."""


def of_candidates(
    candidates: Sequence[Candidate],
) -> tuple[dict[str, Content], list[CandidateEntry], list[Candidate]]:
    """Files of profiles and scores, what is stated of each candidate, and the candidates read back from the files.

    Args:
        candidates: with their profiles and scores.

    Raises:
        ProfileError: when a profile's file is no longer the profile.
        UsageError: when it cannot be read.
    """
    files: dict[str, Content] = {}
    entries, read_back = [], []
    for place, each in enumerate(candidates):
        name, short = printable(each.name), f"{place}-{slug(each.name)[:60]}"
        profile_file = f"profiles/{short}.json"
        data = _profile_bytes(each)
        profile = profile_from_bytes(data)
        if profile.digest != each.profile.digest:
            raise ProfileError(
                f"{each.file} holds profile {profile.digest[:12]}, and the images were asked about under"
                f" {each.profile.digest[:12]}: it was changed meanwhile; ask again"
            )
        scores = {edit: f"{SCORES_FOLDER}/{short}-{number}.json" for number, edit in enumerate(each.tables)}
        tables = {scores[edit]: table_to_bytes(table) for edit, table in each.tables.items()}
        files |= {profile_file: data, **tables}
        entries.append(
            CandidateEntry(
                name=name,
                model=printable(profile.model.name),
                decoder=profile.decoder,
                profile=ProfileEntry(file=profile_file, digest=profile.digest),
                scores=scores,
            )
        )
        again = {edit: table_from_bytes(tables[file]) for edit, file in scores.items()}
        read_back.append(Candidate(name=name, profile=profile, tables=again))
    return files, entries, read_back


def _profile_bytes(candidate: Candidate) -> bytes:
    """The profile's file as it is; of a profile that is in no file what its file would be."""
    if candidate.file is None:
        return profile_to_bytes(candidate.profile)
    try:
        return candidate.file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the profile {candidate.file}: {error.strerror or error}") from error


def of_report(report: str | Path | None) -> dict[str, Content]:
    """The files of a report, by their names in the bundle.

    Args:
        report: its folder; None: there is none.

    Raises:
        UsageError: when there is no such folder, or it holds a link or too many files.
    """
    if report is None:
        return {}
    folder = Path(report)
    if not folder.is_dir():
        raise UsageError(f"no folder {printable(folder)}: name the folder of a report")
    found: dict[str, Content] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise UsageError(f"{printable(path)} is a link: a bundle holds files alone; remove it")
        if path.is_file():
            found[f"report/{path.relative_to(folder).as_posix()}"] = path
        if len(found) > _MANY:
            raise UsageError(f"{printable(folder)} holds more than {_MANY:,} files: name the folder of a report")
    return found


def of_images(images: Sequence[str | Path | Source], known: Sequence[ImageFacts]) -> dict[str, tuple[str, bytes]]:
    """Name in the bundle and bytes of each image that goes into it, by the image's own name.

    Args:
        images: that go into it.
        known: those that have scores.

    Raises:
        UsageError: when one has no scores, cannot be read, or was changed since it was scored.
    """
    by_digest = {facts.file_digest: facts for facts in known if facts.file_digest is not None}
    found = {}
    for place, image in enumerate(images):
        source = file_source(image)
        try:
            data = source.read()
        except ImageError as error:
            raise UsageError(f"cannot put {source.name} into the bundle: {error}") from error
        digest, _ = digest_of(data)
        if digest not in by_digest:
            raise UsageError(
                f"{source.name} has SHA-256 {digest[:12]}…, which none of the scored images has: it is another image,"
                " or was changed since"
            )
        facts = by_digest[digest]
        found[facts.name] = (f"images/{place}-{slug(Path(facts.name).name)[-60:]}", data)
    return found
