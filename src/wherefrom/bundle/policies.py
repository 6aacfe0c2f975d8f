"""The checks of a bundle, each by itself: a sentence of what was found, or the reason for refusing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from wherefrom.bundle.content import Content
from wherefrom.bundle.deciding import CLOSE, WORDS, differences
from wherefrom.bundle.names import ENVELOPE, VERDICTS
from wherefrom.bundle.parsing import plain_json
from wherefrom.bundle.results import NotLookedAt, Refused
from wherefrom.bundle.scored_again import ScoreAgain, compared
from wherefrom.core.version import VERSION

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey

__all__ = ["POLICIES", "Asked", "Policy"]

_SHOWN: Final = 3
"""Names that a reason lists, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a person brings to the checks.

    Attributes:
        key: that must have signed; None asks for no signature.
        images: bytes of images that must be those of the bundle, by how they were named.
        digests: SHA-256 of each of them.
        score_again: asks the models again; None does not.
        tolerance: how far scores may lie apart then, relative; None: as stated for what was measured.
    """

    key: SSlibKey | None = None
    images: Mapping[str, bytes] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    score_again: ScoreAgain | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One check.

    Attributes:
        name: in a word or two.
        look: returns what was found in one sentence, or raises `Refused` or `NotLookedAt`.
        needs: checks that must have passed before.
    """

    name: str
    look: Callable[[Content, Asked], str]
    needs: tuple[str, ...] = ()


def _envelope(content: Content, _: Asked) -> str:
    count = len(content.envelope.signatures)
    return f"a DSSE envelope with {_counted(count, 'signature')}"


def _signature(content: Content, asked: Asked) -> str:
    signatures = content.envelope.signatures
    if asked.key is None:
        if not signatures:
            raise NotLookedAt("UNSIGNED: nobody vouches for this bundle, and anybody can have written it")
        names = ", ".join(repr(keyid[:80]) for keyid, _ in signatures)
        raise NotLookedAt(f"it says that it is signed by {names}: give the signer's public key to see whether it is")
    from wherefrom.bundle.signing import check_signature

    check_signature(content.envelope, asked.key)
    return f"signed by key {asked.key.keyid}"


def _statement(content: Content, _: Asked) -> str:
    said = content.predicate
    return f"an in-toto Statement, schema {said.schema}, by wherefrom {said.version} at {said.made}"


def _files(content: Content, _: Asked) -> str:
    named = [resource.name for resource in content.predicate.files]
    there = set(content.archive.entries) - {ENVELOPE}
    if len(set(named)) < len(named):
        raise Refused("the statement names a file twice, expected each once")
    if missing := sorted(set(named) - there):
        raise Refused(f"{_counted(len(missing), 'file')} of those that the statement names missing: {_listed(missing)}")
    if extra := sorted(there - set(named)):
        raise Refused(f"{_counted(len(extra), 'file')} there that the statement does not name: {_listed(extra)}")
    return f"exactly the {_counted(len(named), 'file')} that the statement names"


def _digests(content: Content, _: Asked) -> str:
    for resource in content.predicate.files:
        got, expected = content.digest(resource.name), resource.digest.sha256
        if got != expected:
            raise Refused(f"{resource.name!r} has SHA-256 {got}, the statement says {expected}: it was changed")
    return "every file has the SHA-256 that the statement says"


def _images(content: Content, _: Asked) -> str:
    """The subjects are the images that verdicts are about, and those in the archive are these."""
    entries, rows = content.predicate.images, content.rows
    if len(entries) != len(rows):
        raise Refused(f"the statement lists {len(entries)} images, expected the {len(rows)} that have scores")
    for entry, row in zip(entries, rows, strict=True):
        image = row["image"] if "image" in row else next(iter(row["verdicts"].values()))["image"]
        expected = (row["name"], image["file_digest"], image["pixel_digest"])
        if (entry.name, entry.file_digest, entry.pixel_digest) != expected:
            raise Refused(f"the statement lists image {entry.name!r} with other digests than the scores are of")
        if entry.file is not None and content.digest(entry.file) != entry.file_digest:
            raise Refused(
                f"{entry.file!r} is not the file of image {entry.name!r}, expected SHA-256 {entry.file_digest}"
            )
    subjects = [(each.name, each.digest.sha256) for each in content.statement.subject]
    listed = [(entry.name, entry.file_digest) for entry in entries if entry.file_digest is not None]
    if subjects != listed:
        raise Refused("the statement's subjects are not the images that it lists, expected name and SHA-256 of each")
    kept = sum(entry.file is not None for entry in entries)
    return f"{_counted(len(entries), 'image')} by name and SHA-256, {kept or 'none'} of them in the bundle"


def _profiles(content: Content, _: Asked) -> str:
    for entry, candidate in zip(content.predicate.candidates, content.candidates, strict=True):
        got = candidate.profile.digest
        if got != entry.profile.digest:
            raise Refused(
                f"the profile of candidate {entry.name!r} has digest {got}, the statement says {entry.profile.digest}:"
                " it is another profile"
            )
        if candidate.profile.decoder != entry.decoder:
            raise Refused(
                f"the profile of candidate {entry.name!r} is of decoder {candidate.profile.decoder}, the statement says"
                f" {entry.decoder}"
            )
    return f"{_counted(len(content.candidates), 'profile')} of the digests that the statement says"


def _decision(content: Content, _: Asked) -> str:
    said, again = content.predicate.verdicts, content.rows
    if len(said) != len(again):
        raise Refused(f"the statement has verdicts on {len(said)} images, expected {len(again)} as there are scores")
    for row, expected in zip(said, again, strict=True):
        for difference in differences(row, expected):
            raise Refused(f"the verdict on {expected['name']!r} is not what its scores give: {difference}")
    if plain_json(content.read(VERDICTS), repr(VERDICTS)) != list(said):
        raise Refused(f"{VERDICTS!r} holds other verdicts than the statement, expected the same")
    changed = "; what changed copies say is stated, and only takes answers away" if content.stabilities else ""
    return (
        f"taken again from the scores, {_counted(len(said), 'answer')} as stated; numbers equal to {CLOSE:g}"
        f" relative{changed}"
    )


def _words(content: Content, _: Asked) -> str:
    version = content.predicate.version
    if version != VERSION:
        raise NotLookedAt(f"reasons and warnings are in the words of version {version}, and this is {VERSION}")
    for row, expected in zip(content.predicate.verdicts, content.rows, strict=True):
        for difference in differences(row, expected, WORDS):
            raise Refused(f"the verdict on {expected['name']!r} is put in other words: {difference}")
    return "reasons and warnings are what this version says"


def _given_image(content: Content, asked: Asked) -> str:
    if not asked.images:
        raise NotLookedAt("no image was given to compare with: name its file")
    known = {each.digest.sha256: each.name for each in content.statement.subject}
    for name, digest in asked.digests.items():
        if digest not in known:
            raise Refused(
                f"{name!r} has SHA-256 {digest}, the bundle speaks of {_listed(sorted(known))}: it is another file"
            )
    return f"the bundle speaks of {_listed([known[digest] for digest in asked.digests.values()])}"


def _scores_again(content: Content, asked: Asked) -> str:
    if asked.score_again is None:
        raise NotLookedAt("no model was asked again: name it")
    return compared(content, asked.images.values(), asked.score_again, asked.tolerance)


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more


POLICIES: Final = (
    Policy("envelope", _envelope),
    Policy("signature", _signature, ("envelope",)),
    Policy("statement", _statement, ("envelope",)),
    Policy("files", _files, ("statement",)),
    Policy("digests", _digests, ("files",)),
    Policy("profiles", _profiles, ("digests",)),
    Policy("decision", _decision, ("profiles",)),
    Policy("words", _words, ("decision",)),
    Policy("images", _images, ("decision",)),
    Policy("given image", _given_image, ("images",)),
    Policy("scores again", _scores_again, ("given image", "images")),
)
"""In the order in which they are made."""
