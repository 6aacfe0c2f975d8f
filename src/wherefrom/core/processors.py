"""How many processors there are to share, and what this process does with those it is given."""

from __future__ import annotations

import math
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["share_processors", "usable"]

_LIMITS: Final = ("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
"""What the kernel allows this container (cgroups v2 and v1): microseconds of processor time in a period, and, in the
same file or in the one beside it, the period. See `Documentation/admin-guide/cgroup-v2.rst` of Linux, "CPU"."""
_WAITING: Final = "OMP_WAIT_POLICY"
_THREADS: Final = "OMP_NUM_THREADS"


def usable() -> int:
    """Processors that this process may run on, or as many as its container's share of time comes to, if fewer."""
    listed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(listed, _allowed() or listed)


def _allowed() -> int | None:
    """Processors that the container's share of time comes to, rounded up; None where there is no limit."""
    for name in _LIMITS:
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, *period = Path(name).read_text().split()
            if int(quota) > 0:
                length = period[0] if period else Path(name).with_name("cpu.cfs_period_us").read_text()
                return math.ceil(int(quota) / int(length))
    return None


def share_processors() -> bool:
    """Make torch's threads fit for a machine that does other things too; whether it was in time, before torch.

    Threads that wait for each other sleep in place of spinning, and there are no more of them than a container may
    use at once. The command line does so by itself. A program of your own may call it once, before it imports torch;
    it holds for the whole process, and what the environment says (`OMP_WAIT_POLICY`, `OMP_NUM_THREADS`) stays. The
    number of threads can change the last bits of a loss; how they wait changes no number.

    By default a thread that has finished its share of a layer spins until the others have theirs. Where another
    program has the processor of one of those, it spins in vain, layer after layer: see `benchmarks/crowded.py`.
    """
    os.environ.setdefault(_WAITING, "PASSIVE")
    allowed = _allowed()
    if allowed is not None and usable() == allowed:
        os.environ.setdefault(_THREADS, str(allowed))
    return "torch" not in sys.modules
