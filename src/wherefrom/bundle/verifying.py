"""`verify`: all checks of a bundle, one after another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from wherefrom.bundle.archive import opened_archive
from wherefrom.bundle.content import Content
from wherefrom.bundle.policies import POLICIES, Asked, Policy
from wherefrom.bundle.results import BundleCheck, NotLookedAt, Refused, State, Verification
from wherefrom.bundle.scored_again import ScoreAgain
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.files import file_source, printable

__all__ = ["verify"]

_ARCHIVE: Final = "archive"


def verify(
    bundle: str | Path,
    *,
    key: str | Path | None = None,
    images: Sequence[str | Path] = (),
    score_again: ScoreAgain | None = None,
    tolerance: float | None = None,
) -> Verification:
    """Whether a bundle is what it says: files, signature, and the decision taken again from its scores. No torch.

    Nothing of the bundle is unpacked to the disk, and nothing in it is run. A check that fails is no exception but a
    row of the answer: see `Verification.verified`. A bundle that nobody signed can be verified too: then it only says
    of itself who wrote it, see `Verification.signed_by`.

    Args:
        bundle: of `write_bundle`.
        key: a file with the public key (Ed25519, PEM) that must have signed; None asks for no signature.
        images: files that must be images of the bundle, byte by byte.
        score_again: asks the models again, for a comparison with the scores of the bundle, of the images that are in
            it or were given; None does not. `wherefrom verify --replay MODEL` has one.
        tolerance: how far scores may lie apart then, relative; None is 0.001, and 0.05 for searches and for what is
            stored as JPEG in between, see `docs/explanation/searching.md`.

    Returns:
        The checks with their reasons, and what the bundle says where none failed.

    Raises:
        UsageError: when the bundle, the key or an image is not there or cannot be read, or the key is none.
        MissingExtra: when a signature is to be checked and the extra `sign` is not installed.
    """
    asked = _asked(key, images, score_again, tolerance)
    path = Path(bundle)
    try:
        with opened_archive(path) as archive:
            count = len(archive.entries)
            first = BundleCheck(name=_ARCHIVE, state=State.PASSED, reason=f"a zip of {count} regular files")
            content = Content(archive)
            return _together(path, (first, *_checks(content, asked)), content, asked)
    except Refused as error:
        refused = BundleCheck(name=_ARCHIVE, state=State.REFUSED, reason=str(error))
        others = (_not_after(policy.name, _ARCHIVE) for policy in POLICIES)
        return Verification(bundle=printable(path), checks=(refused, *others), signed_by=None, images={}, verdicts=())
    except OSError as error:
        raise UsageError(f"cannot read {printable(path)}: {error.strerror or error}") from error


def _asked(
    key: str | Path | None,
    images: Sequence[str | Path],
    score_again: ScoreAgain | None,
    tolerance: float | None,
) -> Asked:
    """What a person brings, read."""
    if tolerance is not None and not 0 < tolerance < 1:
        raise UsageError(f"tolerance={tolerance}, need a number above 0 and below 1")
    found = {}
    for image in images:
        source = file_source(image)
        try:
            found[source.name] = source.read()
        except ImageError as error:
            raise UsageError(f"cannot read the image {source.name}: {error}") from error
    if key is None:
        known = None
    else:
        from wherefrom.bundle.signing import public_key

        known = public_key(Path(key))
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    return Asked(key=known, images=found, digests=digests, score_again=score_again, tolerance=tolerance)


def _checks(content: Content, asked: Asked) -> Iterator[BundleCheck]:
    """All checks but that of the archive; one that needs another is made where that did not fail."""
    failed: set[str] = set()
    for policy in POLICIES:
        before = next((name for name in policy.needs if name in failed), None)
        check = _looked(policy, content, asked) if before is None else _not_after(policy.name, before)
        if before is not None or check.state is State.REFUSED:
            failed.add(policy.name)
        yield check


def _looked(policy: Policy, content: Content, asked: Asked) -> BundleCheck:
    """One check, made."""
    try:
        return BundleCheck(name=policy.name, state=State.PASSED, reason=policy.look(content, asked))
    except Refused as error:
        return BundleCheck(name=policy.name, state=State.REFUSED, reason=str(error))
    except NotLookedAt as error:
        return BundleCheck(name=policy.name, state=State.NOT_LOOKED_AT, reason=str(error))
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        # A bundle may hold what no code of ours ever wrote: that ends the check, and not the program.
        reason = (
            f"what is there cannot be checked, expected what `write_bundle` writes: {type(error).__name__}: {error}"
        )
        return BundleCheck(name=policy.name, state=State.REFUSED, reason=reason)


def _not_after(name: str, failed: str) -> BundleCheck:
    reason = f"not after the check {failed!r} failed"
    return BundleCheck(name=name, state=State.NOT_LOOKED_AT, reason=reason)


def _together(path: Path, checks: tuple[BundleCheck, ...], content: Content, asked: Asked) -> Verification:
    """The answer; what a refused bundle says is left out."""
    found = Verification(bundle=printable(path), checks=checks, signed_by=None, images={}, verdicts=())
    if not found.verified:
        return found
    return replace(
        found,
        signed_by=None if asked.key is None else asked.key.keyid,
        images={entry.name: entry.file_digest or "" for entry in content.predicate.images},
        verdicts=tuple(content.predicate.verdicts),
    )
