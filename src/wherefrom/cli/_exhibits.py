"""The demo's images: belongings, pools of non-belongings, and a mixed folder of held-out ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wherefrom.cli._progress import shown
from wherefrom.core.errors import UsageError
from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS, save_scaled, save_tiles
from wherefrom.images.labels import text_of
from wherefrom.images.write import is_there
from wherefrom.making import Made, draws, made_folder, round_trips, slug

__all__ = ["Exhibits", "make_exhibits", "make_small_exhibits"]

_SEED: Final = 2025
_SIDE: Final = 32  # pixels, where a model has no size of its own


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


def make_exhibits(out: Path, ours: Any, theirs: Any, *, count: int, size: int, quiet: bool) -> Exhibits:
    """Make the images of the first part, or keep those that are there.

    Args:
        out: the demo's folder.
        ours: the model that is profiled.
        theirs: the other one.
        count: images of each kind to profile with; a quarter as many to test with.
        size: pixels a side.
        quiet: whether no progress is shown.

    Raises:
        UsageError: when the folder holds images that were made otherwise.
    """
    tests = count // 4
    name, other = _names(ours, theirs)
    place, mixed = made_folder(out / "profile"), made_folder(out / "mixed")
    tiles = save_tiles(PROFILE_PHOTOS, made_folder(place / "photos"), size=size, count=count)
    held = save_tiles(TEST_PHOTOS, mixed, size=size, count=tests, stem="photo-")
    studio = _Studio(size=(size, size), quiet=quiet)
    belonging = studio.draw(ours, made_folder(place / "belonging"), range(count), name)
    pools = {
        "photos": tuple(tiles),
        f"{other}-draws": studio.draw(theirs, made_folder(place / f"{other}-draws"), range(count), other),
        f"{other}-photos": studio.pass_through(theirs, tiles, made_folder(place / f"{other}-photos"), "photo"),
    }
    later = range(count, count + tests)
    kinds = {
        f"draws of {name}": studio.draw(ours, mixed, later, name),
        "photos": tuple(held),
    }
    kinds |= {
        f"draws of {other}": studio.draw(theirs, mixed, later, other),
        f"photos through {other}": studio.pass_through(theirs, kinds["photos"], mixed, other),
    }
    tested = tuple(kinds)
    kinds |= {"flat": (_flat(mixed / "flat.png", size),), "damaged": (_damaged(mixed / "damaged.png", belonging[0]),)}
    return Exhibits(belonging=belonging, pools=pools, kinds=kinds, tested=tested, other=theirs.card.name)


def make_small_exhibits(
    out: Path, ours: Any, theirs: Any, *, known: int, count: int, photographed: Exhibits, quiet: bool
) -> Exhibits:
    """Make the images of the second part, or keep those that are there: all of the generator's own size.

    Args:
        out: the part's folder.
        ours: the generator that is profiled.
        theirs: another model, which makes images of any size.
        known: belongings to profile with.
        count: images of each pool; a quarter as many of each kind to test with.
        photographed: the first part's images, whose photos are scaled down.
        quiet: whether no progress is shown.

    Raises:
        UsageError: when the folder holds images that were made otherwise.
    """
    tests, size = count // 4, ours.size or (_SIDE, _SIDE)
    name, other = _names(ours, theirs)
    place, mixed = made_folder(out / "profile"), made_folder(out / "mixed")
    studio = _Studio(size=size, quiet=quiet)
    belonging = studio.draw(ours, made_folder(place / "belonging"), range(known), name)
    photos, held = photographed.pools["photos"], photographed.kinds["photos"]
    pools = {
        "scaled-photos": tuple(save_scaled(photos, made_folder(place / "scaled-photos"), size=size)),
        f"{other}-draws": studio.draw(theirs, made_folder(place / f"{other}-draws"), range(count), other),
    }
    kinds = {
        f"draws of {name}": studio.draw(ours, mixed, range(known, known + tests), name),
        "scaled photos": tuple(save_scaled(held, mixed, size=size)),
        f"draws of {other}": studio.draw(theirs, mixed, range(count, count + tests), other),
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
    quiet: bool

    def draw(self, model: Any, folder: Path, places: range, stem: str) -> tuple[Path, ...]:
        """New images of a model."""
        with shown(f"drawing with {stem}", quiet=self.quiet) as report:
            made = draws(
                model,
                folder=folder,
                places=places,
                seed=_SEED,
                size=self.size,
                batch=getattr(model, "width", 1),
                stem=f"{stem}-draw",
                report=report,
            )
        return _paths(made)

    def pass_through(
        self, model: Any, photos: list[Path] | tuple[Path, ...], folder: Path, stem: str
    ) -> tuple[Path, ...]:
        """Photos passed once through a model."""
        with shown(f"passing photos through {model.card.name}", quiet=self.quiet) as report:
            return _paths(round_trips(model, photos, folder=folder, stem=stem, report=report))


def _paths(made: list[Made]) -> tuple[Path, ...]:
    return tuple(image.path for image in made if image.path is not None)


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
