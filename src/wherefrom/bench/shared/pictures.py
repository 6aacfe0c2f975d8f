"""Real images for tables, as 8-bit PNG of one size: of a data set, of a folder, or what is installed anyway."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as parquet
from PIL import Image

from wherefrom.bench.shared.setting import FEWEST
from wherefrom.core.errors import UsageError
from wherefrom.images.convert import Pixels
from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS, save_scaled, save_tiles
from wherefrom.images.sources import SUFFIXES
from wherefrom.images.write import save_png

__all__ = ["CIFAR", "embedded", "listed", "of_parquet", "of_photos", "tiled"]

CIFAR: Final = 32
"""Pixels a side of CIFAR-10's images."""
_ZOOM: Final = 4 / 3
"""A photo is reduced until its shorter side is at most so many times the size, then its centre is cut out."""
_TILE: Final = 128
"""Pixels a side of a tile that is scaled down to a smaller size."""


def of_parquet(table: Path, folder: Path, count: int) -> list[Path]:
    """The first images of a Parquet table with a column `image` of file bytes, as they are.

    Args:
        table: the file.
        folder: where they go.
        count: how many.

    Raises:
        UsageError: when there is no such table, or it has too few rows or another column.
    """
    if not table.is_file():
        raise UsageError(f"{table} is no file: give a folder with {table.name}")
    paths = [folder / f"{place:05}.png" for place in range(count)]
    if all(path.exists() for path in paths):
        return paths
    try:
        column = parquet.read_table(table, columns=["image"]).column("image")
    except (KeyError, OSError, ValueError) as error:
        raise UsageError(f"{table} has no column `image` that can be read: {error}") from error
    if len(column) < count:
        raise _too_few(f"{table} has {len(column)} images, need {count}", len(column))
    for path, cell in zip(paths, column.slice(0, count).to_pylist(), strict=True):
        with Image.open(io.BytesIO(cell["bytes"] if isinstance(cell, dict) else cell)) as image:
            save_png(np.asarray(image.convert("RGB")), path)
    return paths


def of_photos(source: Path, folder: Path, size: int, count: int) -> list[Path]:
    """Photos of a folder in an order that mixes its sub-folders, reduced by Lanczos, never enlarged, centres cropped.

    Args:
        source: the folder of photos.
        folder: where they go.
        size: pixels a side.
        count: how many.

    Raises:
        UsageError: when too few are large enough, or a file cannot be read.
    """
    paths = [folder / f"{place:05}.png" for place in range(count)]
    if all(path.exists() for path in paths):
        return paths
    every = listed(source)
    cut = 0
    for place in np.random.default_rng(0).permutation(len(every)):
        if cut == count:
            return paths
        if _fitting(every[place], size):
            save_png(_cut(_photo(every[place]), size), paths[cut])
            cut += 1
    if cut < count:
        raise _too_few(f"{source} has {cut} photos of at least {size} px, need {count}", cut // 2)
    return paths


def tiled(source: Path, folder: Path, size: int, count: int, *, profiled: bool) -> list[Path]:
    """Tiles of the photos of a folder, nothing resampled, for sizes that few photos have once.

    Every other photo of the mixed order, and all tiles of it, is for profiles, the others are to be judged.

    Args:
        source: the folder of photos.
        folder: where they go.
        size: pixels a side.
        count: how many.
        profiled: whether they are for profiles.

    Raises:
        UsageError: when too few tiles fit, or a file cannot be read.
    """
    place = folder / f"tiles-{'profile' if profiled else 'judged'}"
    place.mkdir(exist_ok=True)
    paths = [place / f"{number:05}.png" for number in range(count)]
    if all(path.exists() for path in paths):
        return paths
    large = [photo for photo in listed(source) if _fitting(photo, size)]
    order = np.random.default_rng(0).permutation(len(large))[0 if profiled else 1 :: 2]
    cut = 0
    for photo in (large[number] for number in order):
        pixels = np.asarray(_photo(photo))
        for top, left in product(*(range(0, side - size + 1, size) for side in pixels.shape[:2])):
            if cut == count:
                return paths
            save_png(pixels[top : top + size, left : left + size], paths[cut])
            cut += 1
    if cut < count:
        raise _too_few(f"{source} has {cut} tiles of {size} px of one half of its photos, need {count}", cut)
    return paths


def _too_few(problem: str, enough_for: int) -> UsageError:
    return UsageError(
        f"{problem}: {f'use --count {enough_for}' if enough_for >= FEWEST else 'give a folder with more'}"
    )


def listed(source: Path) -> list[Path]:
    """The images in a folder and below it, in order.

    Raises:
        UsageError: when it is no folder.
    """
    if not source.is_dir():
        raise UsageError(f"{source} is no folder: give one with photos")
    return sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES)


def _fitting(photo: Path, size: int) -> bool:
    with _opened(photo) as image:
        return min(image.size) >= size


def _photo(photo: Path) -> Image.Image:
    with _opened(photo) as image:
        return image.convert("RGB")


@contextmanager
def _opened(photo: Path) -> Iterator[Image.Image]:
    """An image of the folder that was given.

    Raises:
        UsageError: when the file cannot be read.
    """
    try:
        with Image.open(photo) as image:
            yield image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError(f"{photo} cannot be read as an image: take it out of the folder ({error})") from error


def _cut(image: Image.Image, size: int) -> Pixels:
    scale = min(1.0, size * _ZOOM / min(image.size))
    small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    left, top = (small.width - size) // 2, (small.height - size) // 2
    return np.asarray(small.crop((left, top, left + size, top + size)))


def enlarged(images: Sequence[Path], folder: Path, scale: int, how: str) -> list[Path]:
    """Images enlarged by a filter of Pillow.

    Args:
        images: files.
        folder: where they go.
        scale: how many times larger the sides become.
        how: the filter's name, as `bicubic`.
    """
    paths = [folder / f"{place:05}.png" for place in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        if not path.exists():
            small = _photo(image)
            large = small.resize((small.width * scale, small.height * scale), Image.Resampling[how.upper()])
            save_png(np.asarray(large), path)
    return paths


def embedded(folder: Path, size: int, count: int, *, profiled: bool) -> list[Path]:
    """Tiles of photos that come with scikit-image and with this package; small sizes are tiles of 128 px scaled down.

    Args:
        folder: where they go.
        size: pixels a side.
        count: how many.
        profiled: whether they are for profiles.
    """
    photos, part = (PROFILE_PHOTOS, "profile") if profiled else (TEST_PHOTOS, "test")
    place = folder / part
    place.mkdir(exist_ok=True)
    if size >= _TILE:
        return save_tiles(photos, place, size=size, count=count)
    large = folder / f"{part}-{_TILE}"
    large.mkdir(exist_ok=True)
    return save_scaled(save_tiles(photos, large, size=_TILE, count=count), place, size=(size, size))
