"""The protocol under the service: a connection on which no request comes is closed, and others are not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from wherefrom.service import server


async def _hello(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers after a while, longer than a head may take."""
    del scope, receive
    await asyncio.sleep(0.2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def _sent(place: Path, *parts: bytes) -> bytes:
    """All that is answered to these bytes, until the connection is closed."""
    config = uvicorn.Config(_hello, http=server.Prompt, log_config=None, lifespan="off", timeout_keep_alive=60)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    listening = await loop.create_unix_server(lambda: server.Prompt(config, state, {}), str(place))
    try:
        reader, writer = await asyncio.open_unix_connection(str(place))
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.02)
        answered = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        await writer.wait_closed()
        return answered
    finally:
        listening.close()


WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "answers"),
    [((), 0), ((b"GET / HT", b"TP/1.1\r\nHo"), 0), ((WHOLE,), 1), ((WHOLE, b"GET / "), 1)],
    ids=["nothing", "half a head", "a request", "a request and half a head"],
)
def test_a_connection_without_a_request_is_closed(
    parts: tuple[bytes, ...], answers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.05)
    answered = asyncio.run(_sent(tmp_path / "s", *parts))
    assert answered.count(b"hello") == answers
