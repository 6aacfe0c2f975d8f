"""Who claims an image: a process, named so that another one on the same machine can see whether it still lives."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path
from typing import Final

__all__ = ["LEASE", "may_live", "new_owner"]

LEASE: Final = 60.0
"""Seconds that a claim holds without being renewed."""


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _world() -> str:
    """The set of processes that this one can see: machine, boot and process namespace; empty where that is unknown."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return f"{socket.gethostname()} {_read('/proc/sys/kernel/random/boot_id')} {namespace}".replace("|", " ")


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot: tells it from a later one with its number. Empty when gone."""
    state, *rest = _read(f"/proc/{pid}/stat").rpartition(")")[2].split() or ("X",)
    return rest[18] if state not in ("X", "Z") else ""


def new_owner() -> str:
    """A name for one open store of this process, unlike any other."""
    return f"{_world()}|{os.getpid()}|{_started(os.getpid())}|{uuid.uuid4().hex}"


def may_live(owner: str) -> bool:
    """Whether the process that took this name may still run; False only where its death can be seen."""
    world, pid, started, _ = owner.split("|")
    return not world or world != _world() or _started(int(pid)) == started
