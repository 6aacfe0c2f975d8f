"""What computes scores, in one digest: our own source and the releases of what it computes with.

A score that is kept may be used again only by a program that would compute the same. Whether it would is not left to a
number that somebody has to raise: a changed line of what computes changes the digest, also one that changes no number.
It is the same on every machine, from a wheel, an editable install or a copy of the source.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

__all__ = ["CODECS", "COMPUTING", "RELEASES", "codec_releases", "computing_digest", "computing_files", "release_of"]

COMPUTING: Final = (
    *(f"core/{name}.py" for name in ("arrays", "seeds", "tensors", "units")),
    *(
        f"images/{name}.py"
        for name in ("batches", "convert", "embedded", "fit", "formats", "jpeg_tables", "opening", "read")
    ),
    *(f"images/{name}.py" for name in ("jpeg_marks", "jpeg_whole", "png_chunks", "tiff_stored", "whole")),
    *("images/edits", "images/operators.py", "images/turning.py", "measures/jpeg_grid.py"),
    *(f"measures/{name}.py" for name in ("bands", "distances", "jpeg_cells", "recolour", "texture")),
    *("inversion", "methods", "models"),
    "scoring/evaluating.py",
)
"""Files and whole folders of this package between pixels and scores."""
RELEASES: Final = ("diffusers", "lpips", "numpy", "pillow", "scipy", "torch")
"""Packages whose release can change a score."""
CODECS: Final = ("libjpeg_turbo", "webp", "avif")
"""Libraries behind Pillow whose release can change what a file with loss holds, as Pillow names them."""
_PACKAGE: Final = Path(__file__).resolve().parents[1]


def computing_files(package: Path = _PACKAGE) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that computes, in order; line ends as on Unix.

    Args:
        package: the folder of this package.
    """
    for part in COMPUTING:
        place = package / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield path.relative_to(package).as_posix(), path.read_bytes().replace(b"\r\n", b"\n")


@functools.cache
def computing_digest() -> str:
    """SHA-256 over the source of what computes and the releases it computes with, hexadecimal."""
    whole = hashlib.sha256()
    try:
        for name, content in computing_files():
            whole.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    except OSError:  # installed without its source, as from a zip: its release must do
        whole.update(f"wherefrom {release_of('wherefrom')}\n".encode())
    for name in RELEASES:
        whole.update(f"{name} {release_of(name)}\n".encode())
    whole.update(codec_releases().encode())
    return whole.hexdigest()


@functools.cache
def codec_releases() -> str:
    """The releases of the libraries that write and read files with loss, as `libjpeg_turbo 3.1.0, webp 1.5.0`."""
    from PIL import features

    return ", ".join(f"{name} {features.version(name)}" for name in CODECS if features.check(name))


def release_of(name: str) -> str:
    """The release of a package without the build's own mark, as `2.9.0` of `2.9.0+cpu`; `none` where it is absent."""
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return "none"
