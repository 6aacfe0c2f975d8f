"""What holds for every test: no network, one thread, examples that are the same on every run, data or a reason."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sys
import tempfile

# Before anything imports numpy or torch: the suite runs in several processes on few cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What is measured once for a decoder is kept in a folder of this process alone, which ends with it.
os.environ["WHEREFROM_CACHE"] = tempfile.mkdtemp(prefix="wherefrom-tests-")

import pytest
from hypothesis import settings

from tests.shared import SHARED

_REACHES_OUT = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendmsg", "socket.sendto"}
)


def _refuse_network(event: str, arguments: tuple[object, ...], refused: frozenset[str] = _REACHES_OUT) -> None:
    """Refuse every look-up and every connection that leaves the process tree; local (AF_UNIX) sockets stay open.

    An audit hook sees what a patched `socket` module would not: names imported before the patch, other ways to connect.
    What is refused is bound here, since the hook outlives the names of this module.
    """
    if event not in refused:
        return
    first = arguments[0]
    if isinstance(first, socket.socket) and first.family == getattr(socket, "AF_UNIX", None):
        return
    raise RuntimeError(f"the tests may not reach the network: {event} to {arguments[1:] or arguments}")


sys.addaudithook(_refuse_network)


def _no_waiting(fd: object) -> None:
    """Files of the tests need not outlast a loss of power, and waiting for the disk takes longer than writing them."""
    del fd


os.fsync = _no_waiting

settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.load_profile("suite")


def pytest_unconfigure() -> None:
    """Remove the folder of kept results."""
    shutil.rmtree(os.environ["WHEREFROM_CACHE"], ignore_errors=True)


def pytest_collection_finish() -> None:
    """Leave what was imported, millions of objects that stay, out of every later search for garbage."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests of real data where there is none."""
    if SHARED.is_dir():
        return
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason=f"no folder {SHARED}: set WHEREFROM_DATA to one that has the data"))
