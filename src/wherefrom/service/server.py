"""The service as a process: uvicorn around the application, stopped gracefully, ended when its models cannot open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.extras import require
from wherefrom.service.settings import Settings

__all__ = ["Listening", "serve"]

_HEADERS = 16 * 1024
"""Bytes of a request's head, at most."""
_CONNECTIONS = 1000
"""Connections at a time, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """Where a service listens.

    Attributes:
        host: the address; only this machine's own unless another is asked for.
        port: 0 for any that is free.
        socket: a Unix socket in place of both; None for none.
        proxies: addresses of proxies that are believed when they say who asks, separated by commas.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    socket: Path | None = None
    proxies: str = "127.0.0.1"


def serve(settings: Settings, listening: Listening, *, told: Callable[[str], None]) -> None:
    """Serve until the process is told to stop (SIGTERM, SIGINT); what runs then is finished or handed back.

    Args:
        settings: of the service.
        listening: where.
        told: where it listens, once it does.

    Raises:
        MissingExtra: when the extra `service` is not installed.
        UsageError: when a setting is outside its range, or it cannot listen there.
        ModelError: when the models of its profiles cannot be opened.
    """
    uvicorn = require("uvicorn", "service")
    from wherefrom.service import create_app

    logging.getLogger("wherefrom.service").setLevel(logging.INFO)
    app = create_app(settings)
    worker = app.state.service.worker
    config = uvicorn.Config(
        app,
        host=listening.host,
        port=listening.port,
        uds=None if listening.socket is None else str(listening.socket),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=listening.proxies,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=int(settings.limits.stop_seconds) + 5,
        h11_max_incomplete_event_size=_HEADERS,
    )
    server = _server(uvicorn, config, worker.hand_back, lambda place: told(f"serving on {place}"))
    worker.failed = lambda _: setattr(server, "should_exit", True)
    try:
        server.run()
    except SystemExit as stop:  # uvicorn has logged why
        raise UsageError(f"cannot listen on {_place(listening)}: it is taken, or not allowed") from stop
    if worker.error is not None:
        raise ModelError(f"the models cannot be opened: {worker.error}")


def _place(listening: Listening) -> str:
    return str(listening.socket or f"{listening.host}:{listening.port}")


def _server(uvicorn: Any, config: Any, stopping: Callable[[], None], started: Callable[[str], None]) -> Any:
    """Uvicorn's server, which says where it listens and hands back what waits as soon as it is told to stop."""

    class Server(uvicorn.Server):  # type: ignore[misc]
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            for server in getattr(self, "servers", ()):
                for one in server.sockets:
                    name = one.getsockname()
                    started(str(name) if isinstance(name, str) else f"http://{_bracketed(name[0])}:{name[1]}")

        def handle_exit(self, sig: int, frame: Any) -> None:
            super().handle_exit(sig, frame)
            stopping()

    return Server(config)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
