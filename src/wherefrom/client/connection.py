"""Requests to one service: with the key, again where it has no room, and with its reason where it refuses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wherefrom.client.problems import ServiceProblem, problem_of
from wherefrom.core.extras import require

if TYPE_CHECKING:
    import httpx2

__all__ = ["Connection"]

_BUSY: Final = (429, 503)


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """A service that requests are sent to.

    Attributes:
        http: what sends them.
        key: that the service wants to see; None sends none.
        patience: seconds to go on asking while the service has no room.
    """

    http: httpx2.Client
    key: str | None
    patience: float

    def request(self, verb: str, path: str, **options: Any) -> httpx2.Response:
        """The answer to a request; where the service has no room, asked for again until patience ends.

        Args:
            verb: as `GET`.
            path: below the service's address.
            **options: of `httpx2.Client.request`.

        Raises:
            ServiceProblem: when there is none, or it says why not.
        """
        end = time.monotonic() + self.patience
        while True:
            try:
                return self.once(verb, path, **options)
            except ServiceProblem as problem:
                wait = 1.0 if problem.wait is None else problem.wait
                if problem.status not in _BUSY or time.monotonic() + wait > end:
                    raise
                time.sleep(wait)

    def once(self, verb: str, path: str, **options: Any) -> httpx2.Response:
        """The same, asked for once.

        Args:
            verb: as for `request`.
            path: as for `request`.
            **options: as for `request`.

        Raises:
            ServiceProblem: when there is no answer, or it says why not.
        """
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        try:
            response = self.http.request(verb, path, headers=headers, **options)
        except require("httpx2", "client").TransportError as error:
            raise ServiceProblem(
                f"{self.http.base_url} does not answer ({error!r}): is the service running?"
            ) from error
        if response.is_error:
            raise problem_of(response)
        return response
