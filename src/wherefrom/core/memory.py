"""What a process does with memory that it has freed: a setting of the whole process, so only its owner makes it."""

from __future__ import annotations

import ctypes
import functools
import gc
import threading
from typing import Final

__all__ = ["UNCOLLECTED", "keep_freed_memory"]

_KEEP: Final = ((-1, 2**31 - 1), (-3, 2**30))  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's <malloc.h>, in bytes


@functools.cache
def keep_freed_memory() -> bool:
    """Let this process keep the memory it frees, where its C library can be told to; whether it was told.

    The command line does so by itself. A program of your own that asks models on a CPU may call it once, at its start;
    it holds for the whole process, and no number depends on it.

    By default glibc hands every large tensor back to the kernel at once, which then clears the next one anew, page by
    page: 5 to 16 % of the processor time of Stable Diffusion's autoencoder in bfloat16 at 512 px, from run to run. The
    price is a peak that can be higher where sizes are mixed, as gaps are not always filled: 1.45 instead of 1.07 GB
    over sizes up to 448 px.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library than glibc
        return False
    return all(set_option(option, size) == 1 for option, size in _KEEP)


class _Uncollected:
    """In which Python looks for no cycles among objects that nobody needs: for imports, whose many objects all stay.

    Threads may be in it together; the last that leaves ends it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._enabled = False

    def __enter__(self) -> None:
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._enabled = gc.isenabled()
                gc.disable()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._enabled:
                gc.enable()


UNCOLLECTED: Final = _Uncollected()
"""`with UNCOLLECTED:` diffusers is imported in less processor time."""
