"""Shows `results/claims.json`, which was written before its table was `wherefrom bench claims`."""

from __future__ import annotations

from wherefrom.bench.claims import markdown as show

__all__ = ["show"]


if __name__ == "__main__":
    raise SystemExit("this program is a table now: wherefrom bench claims --photos DIR; see docs/how-to/tables.md")
