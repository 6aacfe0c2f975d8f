"""What a path leads to that cannot be opened as a model, in words."""

from __future__ import annotations

from pathlib import Path

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.content import content_of, other_content
from wherefrom.models.checkpoints.read import shapes_of
from wherefrom.models.checkpoints.recognise import looks_like, looks_like_part

__all__ = ["what_is"]


def what_is(path: Path) -> str:
    """What a file or folder is by its content.

    Args:
        path: that exists.
    """
    if path.is_dir():
        return "a folder"
    try:
        content = content_of(path)
    except ModelError:
        return "an empty file, or one that cannot be read"
    if content is None:
        return other_content(path) or "bytes of no format that is known"
    try:
        shapes = shapes_of(path)
    except ModelError:
        return f"weights ({content}) that cannot be read"
    looks = looks_like(shapes) or looks_like_part(shapes)
    first = ", ".join(sorted(shapes)[:3])
    return f"{len(shapes)} tensors ({content}; {first} ...)" + (f": {looks}" if looks else "")
