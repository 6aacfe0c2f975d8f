"""Where the real decoders and photos lie that tests marked `data` and the benchmarks read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("WHEREFROM_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
"""`$WHEREFROM_DATA`, or `shared/data` beside the repository."""


def shared_data(name: str) -> Path:
    """A file or folder of the data, or a skip that says what is missing.

    Args:
        name: path below `SHARED`, as `autoencoders/taesd`.
    """
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name} in {SHARED}: set WHEREFROM_DATA to a folder that has it")
    return path
