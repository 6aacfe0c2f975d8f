"""Photos that come with scikit-image, and two that come with this package, cut into tiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wherefrom.images.convert import Pixels

__all__ = ["PROFILE_PHOTOS", "TEST_PHOTOS", "save_scaled", "save_tiles"]

_SKIMAGE, _OURS = "skimage.data", "wherefrom.images.photos"
PROFILE_PHOTOS: Final = (
    (_SKIMAGE, "motorcycle_left.png"),
    (_OURS, "china.jpg"),
    (_OURS, "flower.jpg"),
    (_SKIMAGE, "ihc.png"),
    (_SKIMAGE, "hubble_deep_field.jpg"),
    (_SKIMAGE, "brick.png"),
    (_SKIMAGE, "coins.png"),
    (_SKIMAGE, "grass.png"),
    (_SKIMAGE, "gravel.png"),
    (_SKIMAGE, "moon.png"),
    (_SKIMAGE, "cell.png"),
    (_SKIMAGE, "retina.jpg"),
)
"""Photos to profile with."""
TEST_PHOTOS: Final = (
    (_SKIMAGE, "astronaut.png"),
    (_SKIMAGE, "coffee.png"),
    (_SKIMAGE, "chelsea.png"),
    (_SKIMAGE, "rocket.jpg"),
    (_SKIMAGE, "camera.png"),
)
"""Photos to test with; none of them is among the others."""
_FLAT: Final = 2.0  # grey levels of standard deviation under which a tile shows nothing


def save_tiles(
    photos: Sequence[tuple[str, str]], folder: Path, *, size: int, count: int, stem: str = "", step: int | None = None
) -> list[Path]:
    """Save tiles of photos as PNG, a photo in turn, at most `count` of them; tiles that show nothing are left out.

    Tiles of one photo are dependent, and more so where they overlap.

    Args:
        photos: package and file name of each.
        folder: where they go.
        size: pixels a side.
        count: at most this many.
        stem: put before each file's name.
        step: pixels from a tile to the next; by default they lie side by side.

    Raises:
        UsageError: when a file of that name was made otherwise.
    """
    turns = zip_longest(*(_tiles(package, name, size, step or size) for package, name in photos))
    tiles = islice((tile for tile in chain.from_iterable(turns) if tile is not None), count)
    paths = []
    for name, pixels in tiles:
        paths.append(folder / f"{stem}{name}.png")
        _put(pixels, paths[-1], {"kind": "tile", "tile": f"{size}x{size} of {name}"})
    return paths


def save_scaled(images: Sequence[Path], folder: Path, *, size: tuple[int, int], stem: str = "") -> list[Path]:
    """Save images resampled to another size as PNG, which say so in their text.

    Args:
        images: files to read.
        folder: where they go.
        size: `(height, width)` in pixels.
        stem: put before each file's name.
    """
    import numpy as np
    from PIL import Image

    from wherefrom.images.read import read_image

    height, width = size
    paths = []
    for image in images:
        pixels = Image.fromarray(read_image(image).pixels)
        scaled = pixels.resize((width, height), Image.Resampling.LANCZOS)
        facts = {"kind": "scaled", "scaled": f"from {pixels.width}x{pixels.height} of {image.name} by Lanczos"}
        paths.append(folder / f"{stem}{image.name}")
        _put(np.asarray(scaled), paths[-1], facts)
    return paths


def _put(pixels: Pixels, path: Path, facts: Mapping[str, str]) -> None:
    """Write a PNG that says what it is, unless it is there."""
    from wherefrom.images.labels import text_of
    from wherefrom.images.write import is_there, save_png

    text = text_of(facts)
    if not is_there(path, text, tuple(facts)):
        save_png(pixels, path, text)


def _tiles(package: str, name: str, size: int, step: int) -> Iterator[tuple[str, Pixels]]:
    """Tiles of one photo with a name each, row by row; grey photos become RGB."""
    from wherefrom.images.read import read_image

    with resources.as_file(resources.files(package) / name) as path:
        pixels = read_image(path).pixels
    height, width, _ = pixels.shape
    for top in range(0, height - size + 1, step):
        for left in range(0, width - size + 1, step):
            tile = pixels[top : top + size, left : left + size]
            if tile.std() >= _FLAT:
                yield f"{name.partition('.')[0]}-{left}-{top}", tile
