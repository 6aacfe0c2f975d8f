"""Folders that another program laid out: shards of img2dataset, and what `datasets` saved to a disk."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.images.collections.archives import list_tar
from wherefrom.images.collections.cells import cells, is_cell
from wherefrom.images.collections.names import is_image
from wherefrom.images.collections.places import Lister, Listing, LocalPlace
from wherefrom.images.collections.tables import list_arrow, list_parquet
from wherefrom.images.files import Cell, Source, printable

__all__ = ["layout_of"]

_STATS: Final = re.compile(r"(\d{5,})_stats\.json")
_KEY: Final = "key"


def layout_of(folder: Path) -> Lister | None:
    """Who lists a folder that another program laid out; None for a folder of images.

    Args:
        folder: which is there.
    """
    if (folder / "dataset_dict.json").is_file():
        return _splits
    if (folder / "state.json").is_file() and (folder / "dataset_info.json").is_file():
        return _saved
    with os.scandir(folder) as entries:
        shards = any(_STATS.fullmatch(entry.name) for entry in entries)
    return _shards if shards else None


def _splits(place: LocalPlace, listing: Listing) -> Iterator[Source]:
    """All splits that `datasets` saved, in the order in which it wrote them."""
    for name in _json(place.path / "dataset_dict.json").get("splits", ()):
        yield from _saved(LocalPlace(place.path / _plain_name(place, name)), listing)


def _saved(place: LocalPlace, listing: Listing) -> Iterator[Source]:
    """The Arrow files of one split that `datasets` saved."""
    for each in _json(place.path / "state.json").get("_data_files", ()):
        name = each.get("filename") if isinstance(each, dict) else None
        yield from list_arrow(LocalPlace(place.path / _plain_name(place, name)), listing)


def _plain_name(place: LocalPlace, name: object) -> str:
    """A name in this folder: what it lists may come from outside, and leads nowhere else."""
    if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
        raise UsageError(f"{place} lists {name!r}, which is no name of a file in it")
    return name


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{printable(path)} cannot be read: {error}") from error
    return value if isinstance(value, dict) else {}


def _shards(place: LocalPlace, listing: Listing) -> Iterator[Source]:
    """Shards of img2dataset, whether it wrote archives, tables or folders; an image has the columns of its row."""
    numbers = sorted(match[1] for name in os.listdir(place.path) if (match := _STATS.fullmatch(name)))  # noqa: PTH208
    for number in numbers:
        archive, folder, table = (place.path / f"{number}{kind}" for kind in (".tar", "", ".parquet"))
        if archive.is_file():
            yield from _with_rows(list_tar(LocalPlace(archive), listing), table)
        elif folder.is_dir():
            yield from _with_rows(_files(folder), table)
        elif table.is_file():
            yield from list_parquet(LocalPlace(table), listing)
        else:
            listing.on_message(f"{place} has no shard {number}, of which only the statistics are there")


def _files(folder: Path) -> Iterator[Source]:
    for name in sorted(os.listdir(folder)):  # noqa: PTH208  (names, not paths)
        if is_image(name) and not name.startswith("."):
            yield Source(name=printable(folder / name), path=folder / name)


def _with_rows(images: Iterator[Source], table: Path) -> Iterator[Source]:
    """Images with the row of a shard's table that has their key: the name without folder and suffix."""
    rows = _rows_by_key(table) if table.is_file() else {}
    for image in images:
        base = Path(image.member or str(image.path)).name
        given = rows.get(base.partition(".")[0])
        yield image if given is None else replace(image, columns=given)


def _rows_by_key(table: Path) -> Mapping[str, dict[str, Cell]]:
    """The rows of one shard by their key; a shard has ten thousand rows or so."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(table) as file:
            columns = [each.name for each in file.schema_arrow if is_cell(each.type)]
            rows = file.read(columns=columns).to_pylist() if _KEY in columns else []
    except pa.ArrowException as error:
        raise UsageError(f"{printable(table)} cannot be read: {error}") from error
    return {str(row[_KEY]): dict(cells(row)) for row in rows}
