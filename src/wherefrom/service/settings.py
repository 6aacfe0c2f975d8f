"""What a service is set to: profiles, bounds on error rates, limits on requests, and what is switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wherefrom.core.errors import UsageError
from wherefrom.service.keys import Keys

__all__ = ["RequestLimits", "Settings"]

_MIB = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLimits:
    """What one request, one client and all of them together may take.

    Attributes:
        max_image_bytes: of one image's file.
        max_request_bytes: of one request's body.
        max_head_bytes: of one request's address and headers.
        max_pixels: width times height of one image, checked before it is decoded.
        max_images: in one request.
        max_waiting: images that wait for the worker, over all requests; one request more is answered by 429.
        max_memory: bytes of request bodies and decoded images held at a time, over all requests.
        max_kept: bytes of finished jobs' reports held at a time; the oldest job is forgotten first.
        requests_a_minute: of one key, or of one address where there are no keys; None for no limit.
        upload_seconds: in which a request's body must have arrived.
        wait_seconds: for which a request for attributions is held open; it is answered by a job after that.
        job_seconds: for which a finished job is kept in memory.
        stop_seconds: that running work has to finish when the service stops.
        batch_images: of several waiting requests that are asked about together.
    """

    max_image_bytes: int = 20 * _MIB
    max_request_bytes: int = 64 * _MIB
    max_head_bytes: int = 16 * 1024
    max_pixels: int = 25_000_000
    max_images: int = 16
    max_waiting: int = 64
    max_memory: int = 1024 * _MIB
    max_kept: int = 256 * _MIB
    requests_a_minute: int | None = 120
    upload_seconds: float = 60.0
    wait_seconds: float = 30.0
    job_seconds: float = 900.0
    stop_seconds: float = 20.0
    batch_images: int = 32

    def __post_init__(self) -> None:
        """Refuse limits under which no request can be answered.

        Raises:
            UsageError: when a limit is too small, or the queue cannot hold one whole request.
        """
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise UsageError(f"{name}={value}, need more than 0")
        if self.max_waiting < self.max_images:
            raise UsageError(
                f"max_waiting={self.max_waiting} images, but one request may have max_images={self.max_images}:"
                " raise the first, or lower the second"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a service is set to.

    Attributes:
        profiles: the folder whose `.json` files are the profiles; a profile's name is its file's.
        models: where the models of profiles are, by the profile's name; where a profile says, for those not named.
        device: that models are asked on; None is each profile's.
        dtype: that models are asked in; None is each profile's.
        trust: whether code that a profile's model names may be run.
        alpha: the bound on missed belongings.
        beta: the bound on false claims, over all candidates of a request together.
        rule: where to cut.
        batch: images that go through a model at a time; None finds it.
        keys: that clients must have one of; none are asked for where there are none.
        limits: on requests.
        urls: whether images may be named by their URL, which the service then fetches.
        plain_http: whether such a URL may be of `http`, without TLS.
        feedback: the file to which feedback is appended; None switches it off.
        telemetry: whether requests are traced by OpenTelemetry, which its own environment variables direct.
    """

    profiles: Path
    models: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None
    dtype: str | None = None
    trust: bool = False
    alpha: float = 0.05
    beta: float = 0.01
    rule: str = "conformal"
    batch: int | None = None
    keys: Keys = Keys()  # noqa: RUF009  (a frozen value)
    limits: RequestLimits = RequestLimits()
    urls: bool = False
    plain_http: bool = False
    feedback: Path | None = None
    telemetry: bool = False
