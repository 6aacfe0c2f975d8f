"""Shows `results/claims.json`, which was written before its table was `wherefrom bench claims`."""

from __future__ import annotations

from wherefrom.bench.claims import markdown as show

__all__ = ["show"]
