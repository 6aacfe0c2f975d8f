"""What Prometheus is told of a service: requests, images, what waits, and memory. No names of images."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from wherefrom.service.answers import Attributions
from wherefrom.service.rates import Budget
from wherefrom.service.waiting import Waiting

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """The numbers of one service, in a registry of its own."""

    def __init__(self, waiting: Waiting, budget: Budget) -> None:
        self.registry = CollectorRegistry()
        more: dict[str, Any] = {"registry": self.registry}
        self._requests = Counter("wherefrom_requests", "Requests", ("route", "method", "status"), **more)
        self._seconds = Histogram("wherefrom_request_seconds", "Until the answer", ("route",), buckets=_SECONDS, **more)
        self._outcomes = Counter(
            "wherefrom_outcomes", "Verdicts, by profile and outcome", ("profile", "outcome"), **more
        )
        self._images = Counter("wherefrom_images", "Images that were answered", ("kind",), **more)
        Gauge("wherefrom_waiting_images", "Images that wait", **more).set_function(lambda: waiting.images)
        Gauge("wherefrom_held_bytes", "Bytes of requests in memory", **more).set_function(lambda: budget.held)
        self._ready = Gauge("wherefrom_ready", "Whether the models are opened", **more)
        ProcessCollector(registry=self.registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: its address as OpenAPI writes it, never as it was typed.
            method: of HTTP.
            status: of the answer.
            seconds: until the answer.
        """
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def answered(self, answer: Attributions) -> None:
        """Count what was said of images."""
        for image in answer.images:
            self._images.labels("error" if image.error is not None else image.kind).inc()
            for candidate in image.candidates:
                self._outcomes.labels(candidate.name, candidate.outcome).inc()

    def text(self, *, ready: bool) -> bytes:
        """All numbers, as Prometheus reads them.

        Args:
            ready: whether the models are opened.
        """
        self._ready.set(float(ready))
        return generate_latest(self.registry)
