"""How many processors there are to share."""

from __future__ import annotations

import os

__all__ = ["usable"]


def usable() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
