"""The guard of `conftest.py` refuses what leaves the machine and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import urllib.request
from collections.abc import Callable

import pytest


def _datagram() -> None:
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        sender.sendto(b"x", ("127.0.0.1", 9))


@pytest.mark.parametrize(
    "reach_out",
    [
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: urllib.request.urlopen("http://127.0.0.1/"),
        _datagram,
    ],
    ids=["connect", "look-up", "url", "datagram"],
)
def test_the_network_is_refused(reach_out: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match="may not reach the network"):
        reach_out()


def test_local_sockets_stay_open() -> None:
    left, right = socket.socketpair()
    with contextlib.closing(left), contextlib.closing(right):
        left.send(b"x")
        assert right.recv(1) == b"x"


def test_event_loops_stay_open() -> None:
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"
