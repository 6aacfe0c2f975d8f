"""What can be known of images before a model is asked about them: which are alike, and which no profile covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from wherefrom.cli._output import note
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.cli._work import Work
    from wherefrom.core.facts import ImageFacts
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Source

__all__ = ["Pools", "Twin", "leave_out", "leave_out_twins", "refuse_twins", "tell_outside", "twins", "where"]

Pools: TypeAlias = "dict[str | None, tuple[Source, ...]]"
"""Images by the pool's name; the belongings under None."""
_NAMED: Final = 5  # images that are named one by one


@dataclass(frozen=True, kw_only=True, slots=True)
class Twin:
    """An image whose pixels are those of another one of its group.

    Attributes:
        group: number of the group, from 1.
        pool: where it is; None for the belongings.
        name: the image's name.
        leaves: whether it is left out by `--leave-out-duplicates`: all of a group that is on both sides, as such an
            image is known to be neither; else all but the first of its pool.
    """

    group: int
    pool: str | None
    name: str
    leaves: bool


def where(pool: str | None) -> str:
    """A pool as a message names it."""
    return "belongings" if pool is None else f"pool {pool}"


def twins(pools: Pools, *, model: Any = None, limits: Limits | None = None) -> tuple[Twin, ...]:
    """The images of equal pixels, group by group. Two pools may share images; the belongings share them with none.

    Args:
        pools: the images; none is asked about.
        model: whose crop decides which pixels are scored; None compares whole images.
        limits: on bytes and pixels of a file; None: the reader's own.
    """
    seen: dict[str, list[tuple[str | None, str]]] = {}
    for pool, images in pools.items():
        for name, digest in _digests(images, model, limits):
            seen.setdefault(digest, []).append((pool, name))
    groups = [same_pixels for same_pixels in seen.values() if _clash(same_pixels)]
    return tuple(twin for number, same_pixels in enumerate(groups, start=1) for twin in _twins(number, same_pixels))


def _clash(same_pixels: Sequence[tuple[str | None, str]]) -> bool:
    places = [pool for pool, _ in same_pixels]
    return len(set(places)) < len(places) or (None in places and len(places) > 1)


def _twins(number: int, same_pixels: Sequence[tuple[str | None, str]]) -> Iterator[Twin]:
    places = {pool for pool, _ in same_pixels}
    both = None in places and len(places) > 1
    first: set[str | None] = set()
    for pool, name in same_pixels:
        yield Twin(group=number, pool=pool, name=name, leaves=both or pool in first)
        first.add(pool)


def _digests(images: Sequence[Source], model: Any, limits: Limits | None) -> Iterator[tuple[str, str]]:
    """Names and digests of the pixels that would be scored; what cannot be read has its reason in the scores."""
    if model is None:
        from wherefrom.images.batches import read_ahead
        from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord

        with closing(read_ahead(images, limits=limits or DEFAULT_LIMITS)) as records:
            for image, record in zip(images, records, strict=True):
                if isinstance(record, ImageRecord):
                    yield image.name, str(record.facts.pixel_digest)
        return
    for facts, digest, _ in _arrived(images, model, limits):
        if digest is not None:
            yield facts.name, digest


def _arrived(
    images: Sequence[Source], model: Any, limits: Limits | None
) -> Iterator[tuple[ImageFacts, str | None, tuple[int, int] | None]]:
    """Facts, digest and size of what would be scored of each image; neither of an image that cannot be."""
    from wherefrom.images.read import DEFAULT_LIMITS
    from wherefrom.scoring.reading import images_for_model

    with closing(images_for_model(images, model=model, workers=2, limits=limits or DEFAULT_LIMITS)) as incoming:
        for facts, item in incoming:
            yield facts, None if item is None else item.digest, None if item is None else item.size


def refuse_twins(copies: Sequence[Twin]) -> None:
    """Refuse images that are there twice, before any is asked about.

    Raises:
        ProfileError: naming the first groups and the ways out.
    """
    if not copies:
        return
    groups = [
        [twin for twin in copies if twin.group == number] for number in range(1, min(copies[-1].group, _NAMED) + 1)
    ]
    equal = "; ".join(" and ".join(f"{twin.name} in {where(twin.pool)}" for twin in group[:3]) for group in groups)
    more = f"; and {copies[-1].group - _NAMED} more groups" if copies[-1].group > _NAMED else ""
    raise ProfileError(
        f"{len(copies)} images have the pixels of another one: {equal}{more}. `wherefrom duplicates` lists all;"
        " leave them out by --leave-out NAME, or by --leave-out-duplicates"
    )


def leave_out(pools: Pools, names: Iterable[str]) -> Pools:
    """The images without those of these names.

    Args:
        pools: the images.
        names: of those to leave out, as the command shows them.

    Raises:
        UsageError: when there is no image of a name, or none is left in a pool.
    """
    gone = set(names)
    known = {image.name for images in pools.values() for image in images}
    for name in sorted(gone - known):
        hint = did_you_mean(name, sorted(known))
        raise UsageError(f"--leave-out {name}: no image of that name (names are as the command shows them){hint}")
    return _without(pools, {(pool, name) for pool in pools for name in gone})


def leave_out_twins(pools: Pools, copies: Sequence[Twin]) -> Pools:
    """The images without those that `Twin.leaves` says.

    Args:
        pools: the images.
        copies: of `twins`.

    Raises:
        UsageError: when none is left in a pool.
    """
    return _without(pools, {(twin.pool, twin.name) for twin in copies if twin.leaves})


def _without(pools: Pools, gone: set[tuple[str | None, str]]) -> Pools:
    remaining: Pools = {
        pool: tuple(image for image in images if (pool, image.name) not in gone) for pool, images in pools.items()
    }
    for pool, images in remaining.items():
        count = len(pools[pool]) - len(images)
        if not images:
            raise UsageError(f"all {count} images of the {where(pool)} would be left out: name others")
        if count:
            note(f"left out of the {where(pool)}, as was asked: {count} of {len(pools[pool])} images")
    return remaining


def tell_outside(
    images: Sequence[Source], candidates: Sequence[Candidate], work: Work, *, edit: str | None = None
) -> None:
    """Say which images no verdict will be given on, before a model is asked about them.

    Args:
        images: in question.
        candidates: with their models opened.
        work: how they will be scored; nothing is said where it is quiet.
        edit: the only condition that counts; None: all of a profile.
    """
    from wherefrom.candidates import look
    from wherefrom.images.read import DEFAULT_LIMITS

    if work.quiet:
        return
    for candidate in candidates:
        coverage = look(candidate, images, edit=edit, limits=work.limits or DEFAULT_LIMITS)
        reasons = [f"{each.facts.name}: {each.reason}" for each in coverage if not each.covered]
        if reasons:
            first = "the first is" if len(reasons) > 1 else "it is"
            note(
                f"warning: of {len(images)} images profile {candidate.name} does not cover {len(reasons)}, which will"
                f" be UNDECIDED under it; {first} {reasons[0]}"
            )
