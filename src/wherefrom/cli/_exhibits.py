"""The demo's images: belongings, pools of non-belongings, and a mixed folder of held-out ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wherefrom.cli._progress import Show
from wherefrom.core.errors import UsageError
from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS, save_scaled, save_tiles
from wherefrom.images.labels import text_of
from wherefrom.images.write import is_there
from wherefrom.making import Made, draws, made_folder, round_trips, slug

__all__ = ["Counts", "Exhibits", "Tiles", "make_exhibits", "make_small_exhibits", "make_tiles"]

_SEED: Final = 2025
_SIDE: Final = 32  # pixels, where a model has no size of its own


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many images each part makes.

    Attributes:
        belonging: draws of the model, to profile with.
        pool: images of each pool of non-belongings, to profile with.
        tests: images of each kind to test with.
    """

    belonging: int
    pool: int
    tests: int

    @property
    def held_out(self) -> range:
        """Numbers of the draws to test with: of none that a profile is made from."""
        start = max(self.belonging, self.pool)
        return range(start, start + self.tests)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tiles:
    """Square tiles of photos, which both parts use; no photo is on both sides.

    Attributes:
        profile: to profile with.
        test: to test with; they lie in the mixed folder of the first part.
        size: pixels a side.
    """

    profile: tuple[Path, ...]
    test: tuple[Path, ...]
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Exhibits:
    """The images of one part of the demo.

    Attributes:
        belonging: draws of the model, to profile with.
        pools: what it did not make, to profile with, by name.
        kinds: the mixed folder by kind.
        tested: the kind that belongs, then those that do not; the kinds left over are no evidence.
        other: the other model's name.
    """

    belonging: tuple[Path, ...]
    pools: Mapping[str, tuple[Path, ...]]
    kinds: Mapping[str, tuple[Path, ...]]
    tested: tuple[str, ...]
    other: str

    @property
    def mixed(self) -> tuple[Path, ...]:
        """All of the mixed folder, by name."""
        return tuple(sorted(path for paths in self.kinds.values() for path in paths))

    @property
    def every(self) -> tuple[Path, ...]:
        """All images, of the profile and of the mixed folder."""
        pools = (path for paths in self.pools.values() for path in paths)
        return (*self.belonging, *pools, *self.mixed)


def make_tiles(out: Path, *, counts: Counts, size: int) -> Tiles:
    """Cut the photos into tiles, or keep the tiles that are there.

    Args:
        out: the demo's folder.
        counts: how many are wanted of each side; there may be fewer.
        size: pixels a side.

    Raises:
        UsageError: when the folder holds images that were made otherwise.
    """
    profile, mixed = made_folder(out / "profile" / "photos"), made_folder(out / "mixed")
    return Tiles(
        profile=tuple(save_tiles(PROFILE_PHOTOS, profile, size=size, count=counts.pool)),
        test=tuple(save_tiles(TEST_PHOTOS, mixed, size=size, count=counts.tests, stem="photo-")),
        size=size,
    )


def make_exhibits(ours: Any, theirs: Any, *, out: Path, tiles: Tiles, counts: Counts, show: Show) -> Exhibits:
    """Make the images of the first part, or keep those that are there: all of the tiles' size.

    Args:
        ours: the model that is profiled.
        theirs: the other one.
        out: the demo's folder.
        tiles: the photos.
        counts: how many images of each kind.
        show: draws the progress.

    Raises:
        UsageError: when the folder holds images that were made otherwise.
    """
    name, other = _names(ours, theirs)
    place, mixed = made_folder(out / "profile"), made_folder(out / "mixed")
    studio = _Studio(size=(tiles.size, tiles.size), show=show)
    known, later = range(counts.belonging), counts.held_out
    belonging = studio.draw(ours, made_folder(place / "belonging"), known, name)
    drawn = range(counts.pool // 2)  # half of the other model's images, and photos that it has passed the other half
    pools = {
        "photos": tiles.profile,
        other: (
            *studio.draw(theirs, made_folder(place / f"{other}-draws"), drawn, other),
            *studio.pass_through(theirs, tiles.profile[len(drawn) :], made_folder(place / f"{other}-photos"), "photo"),
        ),
    }
    kinds = {
        f"draws of {name}": studio.draw(ours, mixed, later, name),
        "photos": tiles.test,
        f"draws of {other}": studio.draw(theirs, mixed, later, other),
        f"photos through {other}": studio.pass_through(theirs, tiles.test, mixed, other),
    }
    tested = tuple(kinds)
    kinds |= {
        "flat": (_flat(mixed / "flat.png", tiles.size),),
        "damaged": (_damaged(mixed / "damaged.png", belonging[0]),),
    }
    return Exhibits(belonging=belonging, pools=pools, kinds=kinds, tested=tested, other=theirs.card.name)


def make_small_exhibits(ours: Any, theirs: Any, *, out: Path, tiles: Tiles, counts: Counts, show: Show) -> Exhibits:
    """Make the images of the second part, or keep those that are there: all of the generator's own size.

    Args:
        ours: the generator that is profiled.
        theirs: another model, which makes images of that size too.
        out: the part's folder.
        tiles: the photos, which are scaled down.
        counts: how many images of each kind.
        show: draws the progress.

    Raises:
        UsageError: when the folder holds images that were made otherwise.
    """
    size = ours.size or (_SIDE, _SIDE)
    name, other = _names(ours, theirs)
    place, mixed = made_folder(out / "profile"), made_folder(out / "mixed")
    studio = _Studio(size=size, show=show)
    known, later = range(counts.belonging), counts.held_out
    belonging = studio.draw(ours, made_folder(place / "belonging"), known, name)
    pools = {
        "scaled-photos": tuple(save_scaled(tiles.profile, made_folder(place / "scaled-photos"), size=size)),
        f"{other}-draws": studio.draw(theirs, made_folder(place / f"{other}-draws"), range(counts.pool), other),
    }
    kinds = {
        f"draws of {name}": studio.draw(ours, mixed, later, name),
        "scaled photos": tuple(save_scaled(tiles.test, mixed, size=size)),
        f"draws of {other}": studio.draw(theirs, mixed, later, other),
    }
    return Exhibits(belonging=belonging, pools=pools, kinds=kinds, tested=tuple(kinds), other=theirs.card.name)


def _names(ours: Any, theirs: Any) -> tuple[str, str]:
    """A name for each of two models, as a part of a file's name.

    Raises:
        UsageError: when they are one.
    """
    if ours.card.facts["decoder"] == theirs.card.facts["decoder"]:
        raise UsageError(f"{ours.card.name} and {theirs.card.name} have one decoder: name two that differ")
    name, other = slug(ours.card.name), slug(theirs.card.name)
    return name, f"{other}-2" if other == name else other


@dataclass(frozen=True, kw_only=True, slots=True)
class _Studio:
    """Where models make images of one size, `(height, width)`."""

    size: tuple[int, int]
    show: Show

    def draw(self, model: Any, folder: Path, places: range, stem: str) -> tuple[Path, ...]:
        """New images of a model."""
        with self.show(f"drawing with {stem}") as report:
            images = draws(
                model,
                folder=folder,
                places=places,
                seed=_SEED,
                size=self.size,
                batch=getattr(model, "width", 1),
                stem=f"{stem}-draw",
                report=report,
            )
        return _paths(images)

    def pass_through(self, model: Any, photos: tuple[Path, ...], folder: Path, stem: str) -> tuple[Path, ...]:
        """Photos passed once through a model."""
        with self.show(f"passing photos through {model.card.name}") as report:
            return _paths(round_trips(model, photos, folder=folder, stem=stem, report=report))


def _paths(images: list[Made]) -> tuple[Path, ...]:
    return tuple(image.path for image in images if image.path is not None)


def _flat(path: Path, size: int) -> Path:
    """An image of one colour, which every autoencoder reproduces: no evidence."""
    import numpy as np

    from wherefrom.images.write import save_png

    text = text_of({"kind": "flat", "size": f"{size}x{size}"})
    if not is_there(path, text, ("kind", "size")):
        save_png(np.full((size, size, 3), 128, dtype=np.uint8), path, text)
    return path


def _damaged(path: Path, whole: Path) -> Path:
    """Half of a file.

    Raises:
        UsageError: when another file is in its place.
    """
    from wherefrom.images.write import save_bytes

    if is_there(path, {}, ()):
        raise UsageError(f"{path} is there and is whole, so it was made otherwise: name another folder, or remove it")
    data = whole.read_bytes()
    save_bytes(data[: len(data) // 2], path)
    return path
