"""Where results are kept, and where the decoders, generators and photos lie that are measured."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["RESULTS", "SHARED"]

RESULTS: Final = Path(__file__).parent / "results"
SHARED: Final = Path(__file__).parents[2] / "shared" / "data"
