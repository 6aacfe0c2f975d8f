"""The release of this package, for records and files that say what wrote them."""

from __future__ import annotations

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0"
"""As in `pyproject.toml`."""
