"""Who claims an image: a process, named so that another one on the same machine can see whether it still lives.

Clocks of two machines differ, and one machine's clock can jump. So a claim is not judged by a clock alone: its owner
writes to it every few seconds, and who waits for it sees by a stopwatch of its own whether it still changes.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["LEASE", "Sightings", "may_live", "new_owner", "owner_in_words"]

LEASE: Final = 60.0
"""Seconds that a claim holds without being renewed; its owner renews it three times as often."""


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _process_namespace() -> str:
    """The set of processes that this one can see: machine, boot and process namespace; empty where that is unknown."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return f"{socket.gethostname()} {_read('/proc/sys/kernel/random/boot_id')} {namespace}".replace("|", " ")


def _started(pid: int) -> str | None:
    """When a process started, in clock ticks since boot: tells it from a later one with its number.

    None where it is gone, empty where it may be there but cannot be looked at, as a process of another user. Only where
    there is a /proc: elsewhere signal 0 may be no question.
    """
    try:
        os.kill(pid, 0)  # signal 0 asks only whether the process is there
    except ProcessLookupError:
        return None
    except OSError:
        return ""
    state, *rest = _read(f"/proc/{pid}/stat").rpartition(")")[2].split() or ("",)
    if state in ("X", "Z"):
        return None
    return rest[18] if len(rest) > 18 else ""


def new_owner() -> str:
    """A name for one open store of this process, unlike any other."""
    namespace, pid = _process_namespace(), os.getpid()
    started = _started(pid) if namespace else ""
    return f"{namespace}|{pid}|{started or ''}|{uuid.uuid4().hex}"


def may_live(owner: str) -> bool:
    """Whether the process that took this name may still run; False only where its death can be seen."""
    namespace, pid, started, _ = owner.split("|")
    if not namespace or not started or namespace != _process_namespace():
        return True
    return _started(int(pid)) in (started, "")


def owner_in_words(owner: str) -> str:
    """As a person knows the process: `process 4711 on its-host`."""
    namespace, pid, *_ = owner.split("|")
    host = namespace.partition(" ")[0]
    return f"process {pid} on {host}" if host else f"process {pid}"


@dataclass(slots=True)
class Sightings:
    """Since when claims have been seen as they are, by a stopwatch that no jump of a clock moves.

    Attributes:
        clock: seconds, monotonic.
    """

    clock: Callable[[], float] = time.monotonic
    _first: dict[tuple[str, float], float] = field(init=False, default_factory=dict)
    _last: dict[tuple[str, float], float] = field(init=False, default_factory=dict)

    def void(self, owner: str, expires: float) -> bool:
        """Whether a claim need not be waited for any more.

        Its owner is seen to be dead, or has not renewed it for as long as it holds; half as long suffices where it has
        also expired by the clock.

        Args:
            owner: who claimed.
            expires: when, by its owner's clock; every renewal changes it.
        """
        now, sight = self.clock(), (owner, expires)
        unchanged = now - self._first.setdefault(sight, now)
        self._last[sight] = now
        enough = LEASE / 2 if expires <= time.time() else LEASE
        return unchanged >= enough or not may_live(owner)

    def forget_old(self) -> None:
        """Forget what was not seen for long, so that memory does not grow with the run."""
        now = self.clock()
        for sight in [sight for sight, last in self._last.items() if now - last > 2 * LEASE]:
            del self._first[sight], self._last[sight]
