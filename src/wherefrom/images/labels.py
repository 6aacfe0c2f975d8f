"""What a file made here says of itself, and whether one that is there says the same."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.version import VERSION

__all__ = ["DESCRIPTION", "is_there", "origin_of", "slug", "text_of"]

DESCRIPTION: Final = 270
"""The EXIF tag for a text about the image."""
_KEY: Final = "wherefrom:"
_LONGEST: Final = 40  # characters of a kind; the text comes from outside
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_HEAD: Final = 65536  # bytes in which a file's text stands


def slug(name: str) -> str:
    """A model's name as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name.removeprefix("zoo:")).strip("-.") or "model"


def text_of(facts: Mapping[str, str]) -> dict[str, str]:
    """Facts as a PNG's text: each under `wherefrom:NAME`, with this program as `Software`."""
    return {"Software": f"wherefrom {VERSION}", **{f"{_KEY}{key}": value for key, value in facts.items()}}


def _said(image: Any) -> dict[str, str]:
    """What an open image says of itself, whether or not this program wrote it."""
    said = {str(key): str(value) for key, value in image.info.items()}
    text = image.info.get("comment") or image.getexif().get(DESCRIPTION)
    try:
        facts = json.loads(text or "null")
    except (TypeError, ValueError, RecursionError):
        return said
    return said | facts if isinstance(facts, dict) else said


def origin_of(image: Any) -> tuple[str | None, str | None]:
    """How an open image says that it was made, and by which decoder; None where it does not say.

    Of an edit that says what was edited, it is that: a round trip stays one.
    """
    try:
        said = _said(image)
    except Exception:  # noqa: BLE001  (metadata from outside; no way of being broken changes a pixel)
        return None, None
    kind, decoder = said.get(_KEY + "of") or said.get(_KEY + "kind"), said.get(_KEY + "decoder")
    known = isinstance(kind, str) and kind.isprintable() and 0 < len(kind) <= _LONGEST
    named = isinstance(decoder, str) and _DIGEST.fullmatch(decoder) is not None
    return (kind if known else None), (decoder if known and named else None)


def _begun(path: Path) -> bool:
    """Whether this program began a file that is not whole: a PNG and a JPEG say so before their pixels."""
    try:
        with path.open("rb") as file:
            return path.is_file() and _KEY.encode() in file.read(_HEAD)
    except OSError:
        return False


def is_there(path: Path, text: Mapping[str, str], same: Sequence[str]) -> bool:
    """Whether a file is there, whole, and made in this way.

    Args:
        path: the file.
        text: what it would say if it was made now, as `text_of` gives it: a PNG in its text, a JPEG in its comment and
            a WebP in its EXIF description, these two as a JSON object.
        same: names of the facts that have to be the same, absent ones too.

    Raises:
        UsageError: when it is whole and was made otherwise, or does not say that this program began it.
    """
    from PIL import Image

    from wherefrom.images.read import read_image

    if not os.path.lexists(path):
        return False
    try:
        read_image(path)
    except ImageError as error:
        if _begun(path):
            return False
        raise UsageError(
            f"{path} is there and is no file that was made here ({error}): name another folder, or remove it"
        ) from error
    with Image.open(path) as image:
        said = _said(image)
    for name in same:
        there, here = said.get(_KEY + name), text.get(_KEY + name)
        if there != here:
            raise UsageError(
                f"{path} is there and was made otherwise ({name} {there or 'not known'},"
                f" here {here or 'none'}): name another folder, or remove it"
            )
    return True
