"""Where relative paths begin: the same path names another file in another folder, which no run may take for done."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from wherefrom.core.errors import StoreError, UsageError
from wherefrom.engines.folders import Folder, LocalFolder
from wherefrom.images.collections.addresses import scheme_of
from wherefrom.images.files import Source, printable

__all__ = ["same_beginning"]

_FILE: Final = "paths-begin-in"
"""The file that says where the relative paths of a job begin; there once an image of such a path was listed."""


def same_beginning(folder: Folder, images: Iterable[Source]) -> Iterator[Source]:
    """The images as they come, once it is sure that their paths mean the files that they meant in earlier runs.

    What is remembered is the way from the rows to the folder that paths begin in, so that both may be moved together;
    of rows in object storage it is the folder's whole path.

    Args:
        folder: of the job.
        images: of this run.

    Raises:
        UsageError: when a path is relative, and relative paths of an earlier run began in another folder.
        StoreError: when the folder cannot be read or written.
    """
    known = False
    for image in images:
        if not known and _is_relative(image):
            _check(folder, image)
            known = True
        yield image


def _is_relative(image: Source) -> bool:
    place = image.address
    return place is not None and scheme_of(place) is None and not Path(place).is_absolute()


def _check(folder: Folder, image: Source) -> None:
    """Write down where relative paths begin, or compare it with what is written."""
    here = printable(_way_here(folder))
    if not folder.exists(_FILE):
        folder.write(_FILE, here.encode())
        return
    try:
        with folder.open(_FILE) as file:
            there = file.read().decode()
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder}/{_FILE} cannot be read ({error}): name another folder") from error
    if there != here:
        start = os.path.normpath(folder.path.resolve() / there) if isinstance(folder, LocalFolder) else there
        raise UsageError(
            f"{folder} has rows of images whose paths begin in {start}, and {image.address} of this run begins in"
            f" {printable(Path.cwd())}, where it may be another image: start the run in {start}, name images by their"
            " whole paths, or name another folder for the rows"
        )


def _way_here(folder: Folder) -> str:
    """The folder that relative paths begin in, as seen from the rows where they are on this machine."""
    here = os.path.realpath(Path.cwd())
    if not isinstance(folder, LocalFolder):
        return here
    try:
        return os.path.relpath(here, folder.path.resolve())
    except ValueError:  # two drives of Windows
        return here
