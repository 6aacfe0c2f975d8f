"""An image by its URL, from public addresses alone: checked where the connection is made, so no name can be changed."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urljoin

from wherefrom.core.extras import require
from wherefrom.core.visible import visible
from wherefrom.service.addresses import Address, checked_url, is_public
from wherefrom.service.problems import Refused
from wherefrom.service.settings import Settings
from wherefrom.service.uploads import Upload

__all__ = ["Fetcher", "Guard", "Resolve", "resolved"]

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]
"""The addresses of a host."""
_REDIRECTS: Final = 3
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_HEADERS: Final = [("User-Agent", "wherefrom"), ("Accept", "image/*"), ("Accept-Encoding", "identity")]


async def resolved(host: str, port: int) -> Sequence[Address]:
    """The addresses of a host, as the system finds them.

    Args:
        host: a name or an address.
        port: that will be asked.

    Raises:
        OSError: when it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


class Guard:
    """How connections are made: a host is looked up once, all its addresses are checked, and one of them is connected.

    So a name that leads to another address a moment later leads nowhere, and every redirect passes here too. It is a
    network backend of httpcore, which speaks TLS over the connection under the host's own name.
    """

    def __init__(self, backend: Any, resolve: Resolve = resolved) -> None:
        self._backend = backend
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """A connection to a host of the public internet; arguments as httpcore gives them.

        Raises:
            Refused: when the host has no address, or one that is not public.
        """
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise _failed(f"its host {visible(host)} has no address") from error
        if not addresses or not all(is_public(address) for address in addresses):
            detail = f"the host {visible(host)} is not of the public internet, and is not asked"
            raise Refused(422, "url-refused", f"an image's URL is not fetched: {detail}")
        return await self._backend.connect_tcp(
            str(addresses[0]), port, timeout=timeout, local_address=local_address, socket_options=socket_options
        )

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> Any:
        """No socket of this machine is ever connected.

        Raises:
            Refused: always.
        """
        raise Refused(422, "url-refused", f"an image's URL is not fetched: {visible(path)} is of this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks for between attempts."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fetcher:
    """Fetches images by their URL.

    Attributes:
        backend: which connects.
        max_bytes: of an image.
        seconds: in which an image must have arrived.
        plain_http: whether a URL may be of `http`.
    """

    backend: Guard
    max_bytes: int
    seconds: float = 15.0
    plain_http: bool = False

    @staticmethod
    def of(settings: Settings) -> Fetcher:
        """The fetcher of a service.

        Args:
            settings: with its limits.

        Raises:
            MissingExtra: when httpcore is not installed.
        """
        httpcore = require("httpcore", "service")
        most = settings.limits.max_image_bytes
        return Fetcher(backend=Guard(httpcore.AnyIOBackend()), max_bytes=most, plain_http=settings.plain_http)

    async def fetch(self, url: str) -> Upload:
        """An image.

        Args:
            url: as it was typed.

        Raises:
            Refused: when it may not be fetched, or cannot be.
        """
        httpcore = require("httpcore", "service")
        try:
            async with (
                asyncio.timeout(self.seconds),
                httpcore.AsyncConnectionPool(
                    ssl_context=ssl.create_default_context(), network_backend=self.backend
                ) as pool,
            ):
                return await self._followed(pool, url)
        except TimeoutError as error:
            raise _failed(f"it did not arrive within {self.seconds:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise _failed(f"the connection failed ({type(error).__name__})") from error

    async def _followed(self, pool: Any, url: str) -> Upload:
        """An image, after at most three redirects, of which none leaves TLS."""
        for _ in range(_REDIRECTS + 1):
            parts = checked_url(url, plain_http=self.plain_http)
            async with pool.stream("GET", url, headers=[*_HEADERS, ("Host", parts.netloc)]) as answer:
                if answer.status not in _MOVED:
                    return Upload(name=_name(parts.path), data=await self._body(answer))
                location = _header(answer, b"location")
            if location is None:
                raise _failed(f"it answers {answer.status} without saying where to")
            there = urljoin(url, location)
            if parts.scheme == "https" and not there.startswith("https:"):
                raise _failed("it leads away from https")
            url = there
        raise _failed(f"it leads to more than {_REDIRECTS} other addresses")

    async def _body(self, answer: Any) -> bytes:
        """What was answered, as far as it is small enough."""
        if answer.status != 200:
            raise _failed(f"its host answers {answer.status}")
        if (_header(answer, b"content-encoding") or "identity").lower() != "identity":
            raise _failed("it is compressed, although that was not asked for")
        data = bytearray()
        async for chunk in answer.aiter_stream():
            data += chunk
            if len(data) > self.max_bytes:
                detail = f"it has more than {self.max_bytes:,} bytes, which are allowed"
                raise Refused(413, "image-too-large", f"an image's URL is not fetched: {detail}")
        return bytes(data)


def _header(answer: Any, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in answer.headers if key.lower() == name), None)


def _name(path: str) -> str:
    """The last part of a path, as an image's name."""
    return visible(PurePosixPath(unquote(path, errors="replace")).name)[:200] or "image"


def _failed(reason: str) -> Refused:
    return Refused(
        422, "url-failed", f"an image's URL cannot be fetched: {reason}; or send the file itself as `images`"
    )
