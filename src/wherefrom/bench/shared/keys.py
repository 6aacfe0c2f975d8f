"""Names of what a run of tables keeps: each says all that it came from, so that nothing is taken for something else."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from wherefrom.bench.shared import pictures
from wherefrom.core.computing import computing_digest, release_of
from wherefrom.core.errors import UsageError

__all__ = ["digest_of", "key_of"]

_LETTERS = 12
_PACKAGES = ("pilgram", "pyarrow", "scikit-image", "scikit-learn")  # beside those of `computing_digest`


def key_of(*came_from: object) -> str:
    """A short name for what was made from all this, by this code and these releases.

    Args:
        came_from: plain values: names, sizes, digests of files and of models.
    """
    made_by = [computing_digest(), *_made_by()]
    return hashlib.sha256(json.dumps([list(map(str, came_from)), made_by]).encode()).hexdigest()[:_LETTERS]


@functools.cache
def _made_by() -> tuple[str, ...]:
    """The code that makes pictures and the releases of what it uses, looked up once: a table has many images."""
    code = hashlib.sha256(Path(pictures.__file__).read_bytes()).hexdigest()
    return (code, *(f"{name} {release_of(name)}" for name in _PACKAGES))


def digest_of(files: Iterable[Path], root: Path | None = None) -> str:
    """SHA-256 over the names and contents of files, hexadecimal.

    Args:
        files: in order.
        root: names are taken from here; None leaves out all but the last part.

    Raises:
        UsageError: when one cannot be read.
    """
    whole = hashlib.sha256()
    for path in files:
        name = path.name if root is None else path.relative_to(root).as_posix()
        try:
            with path.open("rb") as file:
                whole.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    return whole.hexdigest()
