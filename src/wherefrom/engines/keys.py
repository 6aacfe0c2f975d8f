"""What tells images of a run apart, and by which it is known whether one is done: its name, and where it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from wherefrom.images.files import Source

__all__ = ["LENGTH", "chunk_name", "key_of"]

LENGTH = 16
"""Bytes of a key: two of a billion images have one key with a probability under 1e-20."""


def key_of(image: Source) -> bytes:
    """The key of an image: a digest of its name and of where it lies, or of its bytes where it is in memory.

    A file that was replaced by another under its name is not told apart: that would take to read it.

    Args:
        image: as it was listed.
    """
    digest = hashlib.blake2b(digest_size=LENGTH)
    for part in (image.name, image.address or ""):
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    if image.data is not None:
        digest.update(hashlib.sha256(image.data).digest())
    return digest.digest()


def chunk_name(run: str, keys: Iterable[bytes]) -> str:
    """The name of a chunk's files: other images or another run, another name.

    Args:
        run: drawn at random at the start.
        keys: of the chunk's images, in order.
    """
    digest = hashlib.blake2b(run.encode(), digest_size=LENGTH)
    for key in keys:
        digest.update(key)
    return digest.hexdigest()
