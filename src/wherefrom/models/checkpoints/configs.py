"""Configurations beside weights, which are JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wherefrom.core.errors import ModelError

__all__ = ["read_json"]


def read_json(path: Path) -> Mapping[str, Any]:
    """A configuration in UTF-8, 16 or 32; a byte order mark, as Windows puts before it, does not matter.

    Raises:
        ModelError: when the file is not JSON or holds no object.
    """
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}): fetch or copy it again") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path} holds {type(data).__name__}, need an object: fetch or copy it again")
    return data
