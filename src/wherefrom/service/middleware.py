"""What every request passes: an identifier, a line in the log, a count, limits on its body, headers that protect."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wherefrom.core.visible import visible
from wherefrom.service.metrics import Metrics
from wherefrom.service.problems import Refused, problem_response, request_id
from wherefrom.service.rates import Budget
from wherefrom.service.settings import RequestLimits

__all__ = ["Bodies", "Entry"]

_log: Final = logging.getLogger("wherefrom.service.middleware")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROTECTING: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Of every answer that does not say another; the page and reports have policies of their own."""
_CLIENT_LEFT: Final = 499
"""What the log and the counts have of a request whose client left before its answer; no client ever sees it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The outermost layer: identifier, log, count, headers, and an answer whatever fails inside.

    The log has neither keys nor queries nor names of images.
    """

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = str(uuid.uuid4())
        start, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id(scope)
                for name, value in _PROTECTING.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            status = _CLIENT_LEFT
        except Exception:
            _log.exception("request %s failed", request_id(scope))
            if status:
                raise
            detail = "the service failed, and its log says how: name the request's identifier to whoever runs it"
            await problem_response(Refused(500, "service-failed", detail), scope)(scope, receive, noted)
        finally:
            self._note(scope, status, time.perf_counter() - start)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """A count, and a line in the log."""
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        status = status or _CLIENT_LEFT
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self.metrics.request(route, method, status, seconds)
        owner = visible(scope["state"].get("owner", "-"))
        line = "%s %s %d %.0f ms, key %s, request %s"
        _log.info(line, method, route, status, 1000 * seconds, owner, request_id(scope))


@dataclass(frozen=True, slots=True)
class Bodies:
    """The layer that bounds heads and bodies: their size, the time of bodies, and the memory of all together."""

    app: ASGIApp
    limits: RequestLimits
    budget: Budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with a body that stops where it is too much."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _head(scope) > self.limits.max_head_bytes:
            detail = (
                f"the head of a request may have {self.limits.max_head_bytes:,} bytes: send fewer or shorter headers"
            )
            await problem_response(Refused(431, "head-too-large", detail), scope)(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and int(told[:20]) > self.limits.max_request_bytes:
            await problem_response(self._too_large(), scope)(scope, receive, send)
            return
        body = _Body(receive=receive, limits=self.limits, budget=self.budget, refused=self._too_large())
        try:
            await self.app(scope, body, send)
        finally:
            self.budget.free(body.held)

    def _too_large(self) -> Refused:
        most = self.limits.max_request_bytes
        return Refused(413, "body-too-large", f"a request may have {most:,} bytes: send fewer images, or smaller ones")


def _head(scope: Scope) -> int:
    """Bytes of a request's address and headers."""
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    return headers + len(scope["path"]) + len(scope["query_string"])


@dataclass(kw_only=True, slots=True)
class _Body:
    """A request's body as it comes in, counted.

    Attributes:
        receive: the next part.
        limits: on size and time.
        budget: of memory.
        refused: what is raised when it is too large.
        held: bytes that came.
        complete: whether all came.
    """

    receive: Receive
    limits: RequestLimits
    budget: Budget
    refused: Refused
    held: int = 0
    complete: bool = False
    _start: float | None = None

    async def __call__(self) -> Message:
        """The next part.

        Raises:
            Refused: when it is too large, too slow, or memory is full.
        """
        if self.complete:
            return await self.receive()
        clock = asyncio.get_running_loop().time
        self._start = clock() if self._start is None else self._start
        try:
            async with asyncio.timeout_at(self._start + self.limits.upload_seconds):
                message: Message = await self.receive()
        except TimeoutError:
            seconds = self.limits.upload_seconds
            detail = f"the body did not arrive within {seconds:g} s: send fewer images at a time"
            raise Refused(408, "upload-too-slow", detail, headers={"Connection": "close"}) from None
        if message["type"] != "http.request":
            return message
        count = len(message.get("body", b""))
        if self.held + count > self.limits.max_request_bytes:
            raise self.refused
        self.budget.hold(count)
        self.held += count
        self.complete = not message.get("more_body", False)
        return message
