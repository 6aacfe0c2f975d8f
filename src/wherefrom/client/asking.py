"""The client: each method is one request to the service, and answers are the service's own models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar

from pydantic import BaseModel

from wherefrom.client.connection import Connection
from wherefrom.client.problems import ServiceProblem
from wherefrom.core.errors import UsageError
from wherefrom.core.extras import require
from wherefrom.service.answers import (
    Attributions,
    Feedback,
    ImageAnswer,
    Job,
    JobState,
    Model,
    Models,
    Profile,
    Profiles,
    Received,
    Service,
)

if TYPE_CHECKING:
    import httpx2

__all__ = ["Client", "Image"]

Image: TypeAlias = str | Path | tuple[str, bytes]
"""An image to send: the path of its file, or a name and the file's bytes."""
_Answer = TypeVar("_Answer", bound=BaseModel)
_LONGEST_WAIT: Final = 20
"""Seconds for which one request may wait for a job to go on."""
_TIMEOUT: Final = 120.0
"""Seconds for one request: an upload takes its time."""
_ACCEPTED: Final = 202
_RUNNING: Final = (JobState.QUEUED, JobState.RUNNING)


class Client:
    """A service that answers by `wherefrom serve`, asked over HTTP.

    Example:
        >>> from wherefrom.client import Client
        >>> with Client("http://127.0.0.1:8000") as service:  # doctest: +SKIP
        ...     for image in service.attribute(["suspect.png"]).images:
        ...         print(image.answer)
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        patience: float = 60.0,
        http: httpx2.Client | None = None,
    ) -> None:
        """A client of one service.

        Args:
            address: of the service, with the prefix of a proxy where there is one.
            key: that the service wants to see; None sends none.
            patience: seconds to go on asking a service that has no room now, as often as it says.
            http: what sends requests, where proxies or certificates need more than the default; then the address is
                its `base_url`, and `address` is not used.

        Raises:
            MissingExtra: when httpx2 is not installed.
        """
        if http is None:
            http = require("httpx2", "client").Client(base_url=address, timeout=_TIMEOUT)
        self._connection = Connection(http=http, key=key, patience=patience)

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._connection.http.close()

    def service(self) -> Service:
        """What the service is: its version, limits, and what is switched on."""
        return self._get("v1/service", Service)

    def profiles(self) -> list[Profile]:
        """The candidates that images can be asked about."""
        return self._get("v1/profiles", Profiles).profiles

    def models(self) -> list[Model]:
        """The models of these candidates."""
        return self._get("v1/models", Models).models

    def attribute(
        self, images: Sequence[Image] = (), *, urls: Sequence[str] = (), profiles: Sequence[str] = ()
    ) -> Attributions:
        """What is said of a few images: as many as one request may have. Waits, however long it takes.

        Args:
            images: to send.
            urls: addresses of images that the service fetches, where that is switched on.
            profiles: names of the candidates; none for all.

        Raises:
            ServiceProblem: when the service does not answer that.
            UsageError: when there are neither images nor addresses.
        """
        response = self._ask("v1/attributions", images, urls=urls, query={"profile": list(profiles)})
        if response.status_code != _ACCEPTED:
            return Attributions.model_validate_json(response.content)
        job = self.finish(Job.model_validate_json(response.content))
        self.forget(job)
        assert job.results is not None  # finish() raises where there are none
        return job.results

    def attribute_all(self, images: Iterable[Image], *, profiles: Sequence[str] = ()) -> Iterator[ImageAnswer]:
        """What is said of any number of images, in their order, with as many in each request as the service takes.

        Args:
            images: to send; each file is read when its request is made.
            profiles: names of the candidates; none for all.

        Raises:
            ServiceProblem: when the service does not answer one of the requests.
        """
        limits = self.service().limits
        # Names and separators of the form take some of the room.
        room = limits.max_request_bytes * 0.95
        waiting: list[tuple[str, bytes]] = []
        for name, content in map(_read, images):
            held = sum(len(one) for _, one in waiting)
            if waiting and (len(waiting) == limits.max_images or held + len(content) > room):
                yield from self.attribute(waiting, profiles=profiles).images
                waiting = []
            waiting.append((name, content))
        if waiting:
            yield from self.attribute(waiting, profiles=profiles).images

    def start(
        self,
        images: Sequence[Image] = (),
        *,
        urls: Sequence[str] = (),
        profiles: Sequence[str] = (),
        pictures: bool = True,
        map: bool = False,  # noqa: A002  (as the service calls it)
        metadata: bool = True,
    ) -> Job:
        """Start a job, which also leaves a report, a bundle and, where wanted, maps.

        Args:
            images: as for `attribute`.
            urls: as for `attribute`.
            profiles: as for `attribute`.
            pictures: whether reports show the images.
            map: whether to map where in each image the evidence lies, which takes longer.
            metadata: whether reports tell what the files say of themselves, as camera, program and C2PA manifest.

        Raises:
            ServiceProblem: when the service does not take it.
            UsageError: when there are neither images nor addresses.
        """
        query = {"profile": list(profiles), "pictures": pictures, "map": map, "metadata": metadata}
        return Job.model_validate_json(self._ask("v1/jobs", images, urls=urls, query=query).content)

    def job(self, job: Job | str, *, wait: float = 0.0) -> Job:
        """How far a job is.

        Args:
            job: as it was started, or its `id`.
            wait: seconds to wait for it to end.

        Raises:
            ServiceProblem: when the service no longer has it.
        """
        return self._get(f"v1/jobs/{_id(job)}", Job, wait=wait)

    def finish(self, job: Job | str, *, progress: Callable[[Job], None] | None = None) -> Job:
        """Wait until a job is done.

        Args:
            job: as for `job`.
            progress: called with what is known of it, now and then.

        Raises:
            ServiceProblem: when it failed or was cancelled, or the service no longer has it.
        """
        current = self.job(job)
        while current.state in _RUNNING:
            if progress is not None:
                progress(current)
            current = self.job(current, wait=_LONGEST_WAIT)
        if current.state is not JobState.DONE:
            raise ServiceProblem(f"the job is {current.state}: {current.reason}")
        return current

    def report(self, job: Job | str, *, image: int | None = None) -> bytes:
        """The report of a job that is done: an HTML page, of several images a ZIP archive of pages.

        Args:
            job: as for `job`.
            image: the place of one image in the job, from 0; None for all.

        Raises:
            ServiceProblem: when there is no such report, or not yet.
        """
        query = {} if image is None else {"image": image}
        return self._connection.request("GET", f"v1/jobs/{_id(job)}/report", params=query).content

    def bundle(self, job: Job | str) -> bytes:
        """All that the answers of a job rest on, as a ZIP archive that `wherefrom verify` decides again."""
        return self._connection.request("GET", f"v1/jobs/{_id(job)}/bundle").content

    def map(self, job: Job | str, *, profile: str, image: int = 0) -> bytes:
        """A map over an image, as PNG.

        Args:
            job: as for `job`, started with `map=True`.
            profile: name of the candidate.
            image: the image's place in the job, from 0.

        Raises:
            ServiceProblem: when there is no such map.
        """
        return self._connection.request(
            "GET", f"v1/jobs/{_id(job)}/map", params={"image": image, "profile": profile}
        ).content

    def forget(self, job: Job | str) -> None:
        """Stop a job where it waits or runs, and let the service forget it."""
        self._connection.request("DELETE", f"v1/jobs/{_id(job)}")

    def feedback(
        self, message: str, *, file_digest: str | None = None, profile: str | None = None, contact: str | None = None
    ) -> Received:
        """Tell the service's provider about an answer.

        Args:
            message: in words.
            file_digest: SHA-256 of the image's file.
            profile: name of the candidate that it is about.
            contact: how to reach you, only if you want an answer.

        Raises:
            ServiceProblem: when the service takes no feedback.
        """
        told = Feedback(message=message, file_digest=file_digest, profile=profile, contact=contact)
        answer = self._connection.request("POST", "v1/feedback", json=told.model_dump(exclude_none=True))
        return Received.model_validate_json(answer.content)

    def ready(self) -> bool:
        """Whether the service has opened its models. Asks once, and does not wait."""
        try:
            self._connection.once("GET", "readyz")
        except ServiceProblem:
            return False
        return True

    def _ask(
        self, path: str, images: Sequence[Image], *, urls: Sequence[str], query: dict[str, Any]
    ) -> httpx2.Response:
        """Send images in a form."""
        parts: list[tuple[str, tuple[str | None, bytes]]] = [("images", _read(image)) for image in images]
        parts += [("urls", (None, url.encode())) for url in urls]
        if not parts:
            raise UsageError("there is no image to ask about: give paths, pairs of a name and bytes, or urls=")
        return self._connection.request("POST", path, files=parts, params=query)

    def _get(self, path: str, kind: type[_Answer], **query: Any) -> _Answer:
        return kind.model_validate_json(self._connection.request("GET", path, params=query).content)


def _id(job: Job | str) -> str:
    return job.id if isinstance(job, Job) else job


def _read(image: Image) -> tuple[str, bytes]:
    """An image's name and bytes."""
    if isinstance(image, tuple):
        return image
    return str(image), Path(image).read_bytes()
