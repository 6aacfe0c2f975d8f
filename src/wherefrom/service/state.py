"""All parts of one running service, and what its routes have in common: who asks, and how a job is begun."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from fastapi.security import HTTPBearer

from wherefrom.core.clock import now, timestamp
from wherefrom.core.errors import UsageError
from wherefrom.core.shares import check_share
from wherefrom.images.files import Source
from wherefrom.images.read import Limits
from wherefrom.records.profile import Profile
from wherefrom.service import answers
from wherefrom.service.catalogue import chosen, load_profiles
from wherefrom.service.fetching import Fetcher
from wherefrom.service.jobs import Job, Jobs, Question, Shown
from wherefrom.service.metadata import findings_of
from wherefrom.service.metrics import Metrics
from wherefrom.service.problems import Refused
from wherefrom.service.rates import Budget, Rates
from wherefrom.service.settings import Settings
from wherefrom.service.uploads import decoded, form_of, pixel_bytes
from wherefrom.service.waiting import Waiting
from wherefrom.service.worker import Worker
from wherefrom.side_evidence import Finding

__all__ = ["BEARER", "State", "state_of"]

BEARER: Final = HTTPBearer(auto_error=False, description="an API key, where the service asks for one")
_ANYONE: Final = "anyone"
_DECODERS: Final = 2
"""Images that are decoded at a time, beside the worker."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class State:
    """All parts of one running service.

    Attributes:
        settings: of the service.
        profiles: by name.
        waiting: jobs that wait.
        jobs: that can be asked for.
        budget: of memory.
        rates: of requests.
        metrics: what Prometheus is told.
        worker: which answers.
        fetcher: of images by their URL; None where that is switched off.
    """

    settings: Settings
    profiles: Mapping[str, Profile]
    waiting: Waiting
    jobs: Jobs
    budget: Budget
    rates: Rates
    metrics: Metrics
    worker: Worker
    fetcher: Fetcher | None
    _decoders: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_DECODERS))

    def admit(self, request: Request) -> str:
        """Who asks: the name of the key, or `anyone` where no keys are needed; counts the request.

        Requests are counted by key, or by address. Of anyone's job only the identifier is asked, which nobody guesses.

        Raises:
            Refused: when the key is missing or unknown, or it asks too often.
        """
        if not self.settings.keys:
            self.rates.count(request.client.host if request.client else _ANYONE)
            return _ANYONE
        owner = self._named(request.headers.get("authorization", ""))
        request.scope["state"]["owner"] = owner
        self.rates.count(owner)
        return owner

    def _named(self, sent: str) -> str:
        """The name of the key that was sent."""
        scheme, _, key = sent.partition(" ")
        challenge = {"WWW-Authenticate": "Bearer"}
        if scheme.lower() != "bearer" or not key.strip():
            raise Refused(401, "key-missing", "send a key, as `Authorization: Bearer KEY`", headers=challenge)
        owner = self.settings.keys.owner(key.strip())
        if owner is None:
            raise Refused(401, "key-unknown", "this key is not known here: ask whoever runs it", headers=challenge)
        return owner

    async def begin(
        self, request: Request, owner: str, *, profiles: Sequence[str], edit: str | None, shown: Shown | None
    ) -> Job:
        """Read a request's images and let the question about them wait for its turn.

        Args:
            request: with the form.
            owner: who asks.
            profiles: names of the candidates; empty: all.
            edit: what the images went through, where that is known.
            shown: in a report; None for none.

        Raises:
            Refused: when the question cannot be answered, or there is no room.
        """
        names = chosen(self.profiles, profiles, edit)
        images, side_evidence = await self._images(request, metadata=shown is not None and shown.metadata)
        held = pixel_bytes(images)
        self.budget.hold(held)
        job = Job(
            owner=owner,
            question=Question(profiles=names, edit=edit),
            images=images,
            side_evidence=side_evidence,
            shown=shown,
            slow=any(self.worker.slow.get(name, False) for name in names),
            released=lambda: self.budget.free(held),
        )
        try:
            self.waiting.put(job)
        except Refused:
            self.budget.free(held)
            raise
        return job

    async def _images(
        self, request: Request, *, metadata: bool
    ) -> tuple[tuple[Source, ...], tuple[tuple[Finding, ...], ...]]:
        """The images of a request, decoded, and what their files say of themselves where that is wanted.

        The bytes of the files are let go here: what waits and runs holds pixels alone.
        """
        limits = self.settings.limits
        form = await form_of(request, limits)
        uploads = form.uploads
        if form.urls:
            if self.fetcher is None:
                raise Refused(403, "urls-off", "images by URL are switched off here: send the files as `images`")
            uploads += tuple([await self.fetcher.fetch(url) for url in form.urls])
        read = Limits(max_bytes=limits.max_image_bytes, max_pixels=limits.max_pixels)
        images = await to_thread.run_sync(decoded, uploads, read, limiter=self._decoders)
        if not metadata:
            return images, ()
        return images, await to_thread.run_sync(findings_of, uploads, read, limiter=self._decoders)

    async def waited(self, job: Job, seconds: float, request: Request | None = None) -> bool:
        """Wait for a job; whether it is over.

        Args:
            job: to wait for.
            seconds: at most.
            request: of the client who waits: when it leaves, the job is cancelled. None: nobody has to stay.
        """
        over = asyncio.ensure_future(asyncio.wrap_future(job.finished))
        waiting: set[asyncio.Future[None]] = {over}
        if request is not None:
            waiting.add(asyncio.ensure_future(_left(request)))
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone = any(one.done() for one in waiting - {over}) and not over.done()
            for one in waiting - {over}:
                one.cancel()
        if gone:
            job.cancel("the client has left")
        return over.done()

    def job_answer(self, job: Job) -> answers.Job:
        """What is said of a job."""
        expires = None
        if job.ended is not None:
            left = self.settings.limits.job_seconds - (self.jobs.clock() - job.ended)
            expires = timestamp(now() + timedelta(seconds=max(0.0, left)))
        return answers.Job(
            id=job.id,
            state=job.state,
            done=job.progress.total if job.decided is not None else job.progress.done,
            total=job.progress.total,
            stage=job.progress.stage if job.ended is None else str(job.state),
            seconds_left=job.progress.seconds_left if job.ended is None else None,
            reason=job.reason,
            expires=expires,
            results=None if job.decided is None else job.decided.answer,
        )


async def _left(request: Request) -> None:
    """Return when the client has closed the connection; the body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def state_of(settings: Settings) -> State:
    """A service that has not started.

    Args:
        settings: of the service.

    Raises:
        UsageError: when a setting is outside its range, or there is no profile.
        ProfileError: when a profile is damaged, or the rule cannot judge by it.
    """
    from wherefrom import rules

    check_share("alpha", settings.alpha)
    check_share("beta", settings.beta)
    rule = rules.load(settings.rule)
    profiles = load_profiles(settings.profiles)
    for profile in profiles.values():
        for condition in profile.conditions.values():
            rule.threshold(condition.statistic, settings.alpha)  # a rule says what it lacks before it is asked
    if settings.feedback is not None and not settings.feedback.parent.is_dir():
        raise UsageError(f"no folder {settings.feedback.parent} for the file of feedback: make it, or name another")
    limits = settings.limits
    waiting = Waiting(most=limits.max_waiting, together=limits.batch_images)
    budget = Budget(limits.max_memory)
    metrics = Metrics(waiting, budget)
    return State(
        settings=settings,
        profiles=profiles,
        waiting=waiting,
        jobs=Jobs(seconds=limits.job_seconds, most_bytes=limits.max_kept),
        budget=budget,
        rates=Rates(a_minute=limits.requests_a_minute),
        metrics=metrics,
        worker=Worker(settings=settings, profiles=profiles, waiting=waiting, metrics=metrics),
        fetcher=Fetcher.of(settings) if settings.urls else None,
    )
