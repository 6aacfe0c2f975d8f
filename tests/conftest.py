"""What holds for every test: no network, one thread, examples that are the same on every run, data or a reason."""

from __future__ import annotations

import os
import socket
import sys

# Before anything imports numpy or torch: the suite runs in several processes on few cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from tests.shared import SHARED

_REACHES_OUT = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendmsg", "socket.sendto"}
)


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse every look-up and every connection that leaves the process tree; local (AF_UNIX) sockets stay open.

    An audit hook sees what a patched `socket` module would not: names imported before the patch, other ways to connect.
    """
    if event not in _REACHES_OUT:
        return
    first = arguments[0]
    if isinstance(first, socket.socket) and first.family == getattr(socket, "AF_UNIX", None):
        return
    raise RuntimeError(f"the tests may not reach the network: {event} to {arguments[1:] or arguments}")


sys.addaudithook(_refuse_network)

settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests of real data where there is none."""
    if SHARED.is_dir():
        return
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason=f"no folder {SHARED}: set WHEREFROM_DATA to one that has the data"))
