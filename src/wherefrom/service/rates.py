"""How many requests a client may make a minute, and how much memory all clients may take at a time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from wherefrom.service.problems import Refused

__all__ = ["Budget", "Rates"]

_CLIENTS: Final = 10_000
"""Clients that are remembered; the one that asked longest ago is forgotten first."""
_AGAIN: Final = 2.0
"""Seconds after which memory may be free again."""


@dataclass(kw_only=True, slots=True)
class Rates:
    """Requests of each client, as a bucket that fills evenly and holds those of one minute.

    Attributes:
        a_minute: requests; None for no limit.
        clock: seconds, monotonic.
    """

    a_minute: int | None
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(init=False, default_factory=OrderedDict)

    def count(self, client: str) -> None:
        """Count a request.

        Raises:
            Refused: when the client has made too many.
        """
        if self.a_minute is None:
            return
        now = self.clock()
        left, since = self._left.pop(client, (float(self.a_minute), now))
        left = min(float(self.a_minute), left + (now - since) * self.a_minute / 60.0)
        enough = left >= 1.0
        self._left[client] = (left - 1.0 if enough else left, now)
        while len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        if not enough:
            raise Refused(
                429,
                "too-many-requests",
                f"{self.a_minute} requests a minute are allowed: wait, or put several images into one request",
                retry_after=(1.0 - left) * 60.0 / self.a_minute,
            )


@dataclass(slots=True)
class Budget:
    """Bytes that requests hold in memory, all together.

    Attributes:
        total: bytes, at most.
    """

    total: int
    _held: int = field(init=False, default=0)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held

    def hold(self, count: int) -> None:
        """Take some bytes.

        Raises:
            Refused: when so many are not free.
        """
        with self._lock:
            if self._held + count > self.total:
                raise Refused(
                    429,
                    "memory-full",
                    f"requests hold {self._held:,} of {self.total:,} bytes, {count:,} more do not fit: try again later",
                    retry_after=_AGAIN,
                )
            self._held += count

    def free(self, count: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._held -= count
