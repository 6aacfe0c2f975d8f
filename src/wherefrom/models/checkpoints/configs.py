"""Configurations beside weights, which are JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wherefrom.core.errors import ModelError

__all__ = ["read_json"]


def read_json(path: Path) -> Mapping[str, Any]:
    """A configuration.

    Raises:
        ModelError: when the file is not JSON or holds no object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}): fetch or copy it again") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path} holds {type(data).__name__}, need an object: fetch or copy it again")
    return data
