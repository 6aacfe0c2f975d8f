"""What stands beside an image's numbers in a file, with which it is a manifest too: path, and what was said."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from wherefrom.images.sources import Cell, Source, printable

__all__ = ["Beside", "beside"]

Beside: TypeAlias = Mapping[str, Mapping[str, Cell]]
"""By the image's name: `path`, and the columns of its manifest."""


def beside(images: Iterable[Source], folder: Path) -> Beside:
    """What a file in a folder says of each image: `path` as that folder sees it, and the columns of its manifest.

    Args:
        images: what was read.
        folder: where the file will be.
    """
    return {image.name: {"path": _path(image, folder), **image.columns} for image in images}


def _path(image: Source, folder: Path) -> str | None:
    """The image's path, relative to the folder where that is the same file; None for what is in no file."""
    if image.path is None:
        return None
    path = os.path.relpath(image.path, folder)
    if os.path.realpath(folder / path) != os.path.realpath(image.path):  # `..` out of a link leads elsewhere
        path = str(image.path.absolute())
    return printable(path if image.member is None else f"{path}/{image.member}")
