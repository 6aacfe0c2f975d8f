"""Small images for training, as one array: from parquet files (a column `image` of file bytes) or image files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import typer
from PIL import Image

Pixels = npt.NDArray[np.uint8]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
ORDER = 20151116
"""Seed of the one order in which every run sees the images, so that shares of two runs overlap as their options say."""


def read_images(folder: Path, side: int) -> Pixels:
    """Every image of a folder as RGB `(n, side, side, 3)`; `train.parquet` alone where there is one.

    An image of another size is cropped to its central square and resampled by Lanczos.

    Raises:
        typer.BadParameter: when there is none.
    """
    tables = _tables_of(folder)
    files = _of_tables(tables) if tables else _of_files(folder)
    found = [_fitted(Image.open(io.BytesIO(data)), side) for data in files]
    if not found:
        raise typer.BadParameter(f"no parquet files and no images ({', '.join(sorted(SUFFIXES))}) under {folder}")
    return np.stack(found)


def read_labels(folder: Path) -> npt.NDArray[np.int64]:
    """The class of every image that `read_images` reads there, by its place among the sorted values of column `label`.

    Raises:
        typer.BadParameter: when the tables have no such column, or there are none.
    """
    tables = _tables_of(folder)
    if not tables or any("label" not in pq.read_schema(table).names for table in tables):
        raise typer.BadParameter(f"need parquet files with a column label under {folder}")
    said = [label for table in tables for label in pq.read_table(table, columns=["label"])["label"].to_pylist()]
    numbers = {label: number for number, label in enumerate(sorted(set(said)))}
    return np.array([numbers[label] for label in said], dtype=np.int64)


def share_of(images: Pixels, share: float, start: float) -> Pixels:
    """A share of the images, from a place in an order that is always the same, going round at its end.

    Two shares of one size `s` whose places differ by `d` have `(s - d) / s` of their images in common.

    Raises:
        typer.BadParameter: when a number is out of range, or no image is left.
    """
    if not 0 < share <= 1 or not 0 <= start < 1:
        raise typer.BadParameter(f"subset {share:g} from {start:g}: need 0 < subset <= 1 and 0 <= start < 1")
    count, total = round(share * len(images)), len(images)
    if not count:
        raise typer.BadParameter(f"subset {share:g} of {total} images is none")
    order = np.random.default_rng(ORDER).permutation(total)
    return images[order[(round(start * total) + np.arange(count)) % total]]


def _tables_of(folder: Path) -> list[Path]:
    train = folder / "train.parquet"
    return [train] if train.is_file() else sorted(folder.glob("*.parquet"))


def _of_tables(tables: list[Path]) -> Iterator[bytes]:
    for table in tables:
        for image in pq.read_table(table, columns=["image"])["image"].to_pylist():
            yield image["bytes"] if isinstance(image, dict) else image


def _of_files(folder: Path) -> Iterator[bytes]:
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        yield path.read_bytes()


def _fitted(image: Image.Image, side: int) -> Pixels:
    rgb = image.convert("RGB")
    if rgb.size != (side, side):
        edge = min(rgb.size)
        left, top = ((length - edge) // 2 for length in rgb.size)
        square = (left, top, left + edge, top + edge)
        rgb = rgb.crop(square).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(rgb)
