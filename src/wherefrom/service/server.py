"""The service as a process: uvicorn around the application, stopped gracefully, ended when its models cannot open."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.visible import visible
from wherefrom.service import create_app
from wherefrom.service.settings import Settings
from wherefrom.service.worker import Worker

__all__ = ["HEAD_SECONDS", "Listening", "Prompt", "serve"]

HEAD_SECONDS: Final = 20.0
"""In which the head of a request must have come."""
_BUSY: Final = object()

_CONNECTIONS: Final = 1000
"""Connections at a time, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """Where a service listens.

    Attributes:
        host: the address; only this machine's own unless another is asked for.
        port: 0 for any that is free.
        socket: a Unix socket in place of both; None for none.
        proxies: addresses of proxies that are believed when they say who asks, separated by commas. Whoever reaches a
            Unix socket is believed.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    socket: Path | None = None
    proxies: str = "127.0.0.1"

    def __str__(self) -> str:
        """As a person names it."""
        return str(self.socket or f"{self.host}:{self.port}")


class Prompt(H11Protocol):
    """Uvicorn's protocol, which closes a connection whose next request does not get as far as the end of its head.

    Without that, connections that say little or nothing are held for ever, until there are no more to be had.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self.loop.call_later(HEAD_SECONDS, self._watch, self.cycle)

    def _watch(self, before: object) -> None:
        """Close the connection where no head has come since the last look, and look again later."""
        if self.transport.is_closing():
            return
        no_head = self.conn.their_state is h11.IDLE
        if no_head and before is self.cycle:
            self.transport.close()
        else:
            self.loop.call_later(HEAD_SECONDS, self._watch, self.cycle if no_head else _BUSY)


class _Server(uvicorn.Server):
    """Uvicorn's server, which says where it listens, and hands back what waits as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, worker: Worker, told: Callable[[str], None]) -> None:
        super().__init__(config)
        self._worker = worker
        self._told = told
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        for server in getattr(self, "servers", ()):
            for one in server.sockets:
                self._told(f"serving on {_address(one.getsockname())}")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; asked again by Ctrl-C, at once. Uvicorn would raise the signal again when all is done.

        A signal interrupts whatever holds a lock, so jobs are handed back by the event loop.
        """
        del frame
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._worker.hand_back)


def serve(
    settings: Settings, listening: Listening, *, told: Callable[[str], None], log: logging.Handler | None = None
) -> None:
    """Serve until the process is told to stop (SIGTERM, SIGINT); what runs then is finished or handed back.

    Args:
        settings: of the service.
        listening: where.
        told: where it listens, once it does.
        log: which gets a line a request; None for none.

    Raises:
        MissingExtra: when the extra `service` is not installed.
        UsageError: when a setting is outside its range, or it cannot listen there.
        ModelError: when the models of its profiles cannot be opened.
    """
    app = create_app(settings)
    worker: Worker = app.state.service.worker
    server = _Server(_config(app, settings, listening), worker, told)
    worker.failed = lambda _: setattr(server, "should_exit", True)
    _log_to(log)
    try:
        server.run()
    except SystemExit as stop:  # uvicorn has logged why
        raise UsageError(f"cannot listen on {listening}: it is taken, or not allowed") from stop
    if worker.error is not None:
        raise ModelError(f"the models cannot be opened: {worker.error}")


def _config(app: object, settings: Settings, listening: Listening) -> uvicorn.Config:
    """How uvicorn serves: one process, HTTP alone, bounded heads and connections, and no log of its own."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=listening.host,
        port=listening.port,
        uds=None if listening.socket is None else str(listening.socket),
        http=Prompt,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=listening.proxies if listening.socket is None else "*",
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=int(settings.limits.stop_seconds) + 5,
        h11_max_incomplete_event_size=settings.limits.max_head_bytes,
    )


def _log_to(handler: logging.Handler | None) -> None:
    """Have requests logged, each as one line in which nothing acts on a terminal."""
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # which warns of every form that is none
    if handler is None:
        return
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("wherefrom.service.middleware")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _Line(logging.Formatter):
    """A record as one line; of an error every line of its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return "\n".join(visible(line) for line in super().format(record).splitlines())


def _address(name: object) -> str:
    """What a socket is bound to, as a person reaches it."""
    if not isinstance(name, tuple):
        return str(name)
    host, port = str(name[0]), name[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
