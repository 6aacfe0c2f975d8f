"""What a file made here says of itself: facts in a PNG's text, a JPEG's comment or a WebP's EXIF description."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from wherefrom.core.version import VERSION

__all__ = ["DESCRIPTION", "KEY", "facts_of", "origin_of", "slug", "text_of"]

DESCRIPTION: Final = 270
"""The EXIF tag for a text about the image."""
KEY: Final = "wherefrom:"
"""What stands before the name of every fact."""
_LONGEST: Final = 40  # characters of a kind; the text comes from outside
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def slug(name: str) -> str:
    """A model's name as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name.removeprefix("zoo:")).strip("-.") or "model"


def text_of(facts: Mapping[str, str]) -> dict[str, str]:
    """Facts as a PNG's text: each under `wherefrom:NAME`, with this program as `Software`."""
    return {"Software": f"wherefrom {VERSION}", **{f"{KEY}{key}": value for key, value in facts.items()}}


def facts_of(image: Any) -> dict[str, str]:
    """What an open image says of itself, whether or not this program wrote it."""
    entries = {str(key): str(value) for key, value in image.info.items()}
    text = image.info.get("comment") or image.getexif().get(DESCRIPTION)
    try:
        facts = json.loads(text or "null")
    except (TypeError, ValueError, RecursionError):
        return entries
    return entries | facts if isinstance(facts, dict) else entries


def origin_of(image: Any) -> tuple[str | None, str | None]:
    """How an open image says that it was made, and by which decoder; None where it does not say.

    Of an edit that says what was edited, it is that: a round trip stays one.
    """
    try:
        facts = facts_of(image)
    except Exception:  # noqa: BLE001  (metadata from outside; no way of being broken changes a pixel)
        return None, None
    kind, decoder = facts.get(KEY + "of") or facts.get(KEY + "kind"), facts.get(KEY + "decoder")
    known = isinstance(kind, str) and kind.isprintable() and 0 < len(kind) <= _LONGEST
    named = isinstance(decoder, str) and _DIGEST.fullmatch(decoder) is not None
    return (kind if known else None), (decoder if known and named else None)
