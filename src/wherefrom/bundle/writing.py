"""`write_bundle`: a verdict with all that it rests on, as one file that says what is in it."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wherefrom import rules
from wherefrom.attribution import Candidate
from wherefrom.bundle.archive import Content, digest_of, write_archive
from wherefrom.bundle.changes import named_as_here, stabilities_bytes
from wherefrom.bundle.deciding import decided, differences, row_of
from wherefrom.bundle.envelope import Envelope, packed
from wherefrom.bundle.gathering import of_candidates, of_images, of_report
from wherefrom.bundle.names import ENVELOPE, STABILITY, VERDICTS, check_names
from wherefrom.bundle.statement import (
    CandidateEntry,
    Digest,
    ImageEntry,
    Predicate,
    Question,
    Resource,
    Statement,
    statement_bytes,
)
from wherefrom.bundle.verifying import verify
from wherefrom.core.clock import now, timestamp
from wherefrom.core.computing import RELEASES, release_of
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.files import json_bytes, replacing
from wherefrom.core.version import VERSION
from wherefrom.images.files import Source, printable
from wherefrom.records.stability import Stability
from wherefrom.records.verdict import Verdict
from wherefrom.rules.base import Rule

__all__ = ["write_bundle"]


def write_bundle(
    path: str | Path,
    candidates: Candidate | Sequence[Candidate],
    *,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    edit: str | None = None,
    said: Mapping[str, Sequence[Verdict]] | None = None,
    stabilities: Sequence[Stability] = (),
    report: str | Path | None = None,
    images: Sequence[str | Path | Source] = (),
    sign: str | Path | None = None,
    when: datetime | None = None,
) -> None:
    """Write what is said of images, and all that it rests on, as one file that `verify` checks without torch.

    In it are the profiles' files as they are, the scores of the images under each candidate, digests of the images, the
    verdicts, versions, and the files of a report; the images themselves only where they are named. All that is
    described by an in-toto Statement in a DSSE envelope, `statement.dsse.json`. The decision is taken again from what
    is written, and a bundle that would not verify is not written. The same content makes the same bytes.

    Profiles hold the names of the files that they were made of: see `docs/how-to/verify.md` for what a bundle tells.

    Args:
        path: of the bundle; replaced when it exists, whole or not at all.
        candidates: one or several, with their profiles and the scores of the images, as by `score_candidates`.
        alpha: the bound on missed belongings, as for `attribute`.
        beta: the bound on false claims, as for `attribute`.
        rule: where to cut, as for `attribute`.
        edit: what the images went through, where that is known.
        said: verdicts that a person was told, an image each, by the candidate's name; None: nothing must agree.
        stabilities: what is said of each image after harmless changes, as by `measure_stability`; the verdicts are then
            those that they leave. They are stated in the bundle: the scores of changed images are not in it.
        report: a folder whose files go into the bundle, as `report/...`; None: none.
        images: whose bytes go into the bundle; each must be one of those that have scores.
        sign: a file with the private key (Ed25519, PEM, PKCS #8) that signs; None leaves the bundle unsigned.
        when: the time that the verdicts say; None is now.

    Raises:
        ProfileError: as `attribute`, or when a profile's file is no longer the profile that was asked, or what was said
            is not what the scores give.
        UsageError: when there is no candidate or image, a file cannot be read or written, or has a name that some
            system cannot hold; or the key is none.
        MissingExtra: when it is to be signed and the extra `sign` is not installed.
    """
    candidates = (candidates,) if isinstance(candidates, Candidate) else candidates
    if not candidates:
        raise UsageError("no candidate to write a bundle of: give at least one")
    by = None
    if sign is not None:
        from wherefrom.bundle.signing import signer

        by = signer(Path(sign))
    when = when or now()
    card = (rules.load(rule) if isinstance(rule, str) else rule).card
    question = Question(alpha=alpha, beta=beta, rule=card.name, rule_options=_json(card.facts), edit=edit)
    files, entries, read_back = of_candidates(candidates)
    changed = named_as_here(stabilities, _first_table(read_back, question)) if stabilities else ()
    rows = decided(read_back, question, when, changed)
    _check_said(said, rows)
    shown = _first_table(read_back, question)
    files |= {VERDICTS: json_bytes(rows)} | of_report(report)
    files |= {STABILITY: stabilities_bytes(changed)} if changed else {}
    kept = of_images(images, shown)
    files |= dict(kept.values())
    wrong = check_names([ENVELOPE, *files])
    if wrong is not None:
        raise UsageError(f"{wrong}: rename the file")
    listed = tuple(_entry(facts, kept.get(facts.name)) for facts in shown)
    try:
        statement = _statement(question, entries, listed, rows, files, timestamp(when))
        envelope = Envelope(payload=statement_bytes(statement))
        if by is not None:
            from wherefrom.bundle.signing import signed

            envelope = signed(envelope, by)
        _write(Path(path), {ENVELOPE: packed(envelope), **files})
    except OSError as error:
        raise UsageError(f"cannot write {printable(path)}: {error.strerror or error}") from error


def _write(path: Path, files: Mapping[str, Content]) -> None:
    """Write the archive, and check it before it takes its place.

    Raises:
        UsageError: when it would not verify.
    """
    with replacing(path) as place:
        write_archive(place, files)
        found = verify(place)
        if not found.verified:
            first = found.refusals[0]
            raise UsageError(f"the bundle would not verify ({first.name}: {first.reason}): nothing was written")


def _check_said(said: Mapping[str, Sequence[Verdict]] | None, rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to vouch for what does not follow from the scores.

    Raises:
        ProfileError: with the first difference.
    """
    for candidate, verdicts in (said or {}).items():
        if len(verdicts) != len(rows):
            raise ProfileError(f"{len(verdicts)} verdicts were given for {len(rows)} images with scores: give one each")
        for verdict, row in zip(verdicts, rows, strict=True):
            expected = row["verdicts"][printable(candidate)] if "verdicts" in row else row
            for difference in differences(row_of(verdict), expected):
                raise ProfileError(
                    f"the verdict on {row['name']!r} does not follow from its scores ({difference}): a bundle holds"
                    " what can be decided again from them"
                )


def _first_table(candidates: Sequence[Candidate], question: Question) -> tuple[ImageFacts, ...]:
    """The images in the order of the verdicts, which is that of the first table.

    Raises:
        UsageError: when no image has a digest, so that there is nothing to speak of.
    """
    first = candidates[0]
    conditions = first.profile.conditions if question.edit is None else (question.edit,)
    images = first.tables[next(iter(conditions))].images
    if not any(facts.file_digest for facts in images):
        raise UsageError("none of the images is a file that could be read: there is nothing that a bundle could name")
    return images


def _entry(facts: ImageFacts, kept: tuple[str, bytes] | None) -> ImageEntry:
    return ImageEntry(
        name=facts.name,
        file_digest=facts.file_digest,
        pixel_digest=facts.pixel_digest,
        file=None if kept is None else kept[0],
    )


def _statement(
    question: Question,
    candidates: Sequence[CandidateEntry],
    images: Sequence[ImageEntry],
    rows: Sequence[dict[str, Any]],
    files: Mapping[str, Content],
    made: str,
) -> Statement:
    """What is stated."""
    versions = {name: release_of(name) for name in RELEASES}
    return Statement(
        subject=tuple(
            Resource(name=image.name, digest=Digest(sha256=image.file_digest))
            for image in images
            if image.file_digest is not None
        ),
        predicate=Predicate(
            version=VERSION,
            made=made,
            versions={"python": platform.python_version(), **versions},
            question=question,
            candidates=tuple(candidates),
            images=tuple(images),
            verdicts=tuple(rows),
            files=tuple(Resource(name=name, digest=Digest(sha256=digest_of(files[name])[0])) for name in sorted(files)),
        ),
    )


def _json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a card as JSON has them."""
    return {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items()}
