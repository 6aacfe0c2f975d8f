"""A service that runs for a browser: a server on this machine alone, and files to ask about."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from tests.unit.service.making import belongings, noise

__all__ = ["BROKEN", "HOSTILE", "OWN", "asked", "running"]

HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.png"
"""A file's name that does something wherever it is taken for HTML, or turns the direction of text."""
OWN = ("own-1.png", "own-2.png")
BROKEN = "broken.png"


def asked(folder: Path) -> Path:
    """A folder with two images of the toy, noise under two names, and a file that is no image."""
    folder.mkdir()
    for name, content in zip(OWN, belongings("a", 2, first=100), strict=True):
        (folder / name).write_bytes(content)
    (folder / "noise.png").write_bytes(noise(1000))
    (folder / HOSTILE).write_bytes(noise(1001))
    (folder / BROKEN).write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return folder


@contextlib.contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The address of a server on a free port of this machine; it has stopped when this ends.

    Only a browser, which is another process, connects to it: this process refuses itself every connection.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
