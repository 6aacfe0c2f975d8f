"""The worker: one thread that opens the models, owns them, and answers the jobs that wait, until it is stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import WherefromError
from wherefrom.images.read import Limits
from wherefrom.records.profile import Profile
from wherefrom.service.answers import JobState
from wherefrom.service.jobs import Cancelled, Job
from wherefrom.service.metrics import Metrics
from wherefrom.service.settings import Settings
from wherefrom.service.waiting import Waiting

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.service.deciding import Deciding

__all__ = ["Worker"]

_log: Final = logging.getLogger(__name__)
_STOPPED: Final = "the service stops: send the request again"


@dataclass(kw_only=True, slots=True, eq=False)
class Worker:
    """One thread that owns the models.

    Attributes:
        settings: of the service.
        profiles: by name.
        waiting: jobs.
        metrics: told of what is done.
        failed: called, from its thread, when the models cannot be opened.
        slow: whether each profile's method searches, once the models are opened.
        ready: set once they are.
        error: why they cannot be opened.
    """

    settings: Settings
    profiles: Mapping[str, Profile]
    waiting: Waiting
    metrics: Metrics
    failed: Callable[[str], None] = field(default=lambda _: None)
    slow: dict[str, bool] = field(init=False, default_factory=dict)
    ready: threading.Event = field(init=False, default_factory=threading.Event)
    error: str | None = field(init=False, default=None)
    _running: tuple[Job, ...] = field(init=False, default=())
    _thread: threading.Thread | None = field(init=False, default=None)

    def start(self) -> None:
        """Open the models and begin to answer, in the background."""
        self._thread = threading.Thread(target=self._run, name="wherefrom-worker", daemon=True)
        self._thread.start()

    def hand_back(self) -> None:
        """Take no more jobs; those that wait end at once, and are told to be sent again."""
        for job in self.waiting.close():
            job.cancel(_STOPPED)

    def stop(self, seconds: float) -> None:
        """Stop: hand back what waits, and let what runs finish.

        Args:
            seconds: that it has to finish; what runs after that is handed back too.
        """
        self.hand_back()
        if self._thread is None:
            return
        self._thread.join(seconds)
        for job in self._running:
            job.cancel(_STOPPED)
        self._thread.join(seconds)
        if self._thread.is_alive():
            for job in self._running:
                job.end(JobState.CANCELLED, reason=_STOPPED)

    def _run(self) -> None:
        """All that the thread does."""
        deciding = self._opened()
        while jobs := self.waiting.take():
            if deciding is None:
                _end(jobs, f"the models cannot be opened: {self.error}")
                continue
            self._running = tuple(jobs)
            start = time.monotonic()
            images = sum(len(job.images) for job in jobs)
            self._answer(jobs, deciding)
            self._running = ()
            self.waiting.timed(images, time.monotonic() - start)

    def _opened(self) -> Deciding | None:
        """The models, opened and asked once; None where that failed, of which `failed` is told."""
        try:
            from wherefrom.service.opening import candidates_of, searches

            candidates = candidates_of(self.profiles, self.settings)
            self.slow.update({each.name: searches(each) for each in candidates})
            deciding = self._deciding(candidates)
        except Exception as error:  # noqa: BLE001  (whatever stops it, the service says so and ends)
            known = isinstance(error, WherefromError)
            self.error = str(error) if known else f"{type(error).__name__}: {error}"
            _log.error("the models cannot be opened: %s", self.error, exc_info=None if known else error)
            self.failed(self.error)
            return None
        self.ready.set()
        return deciding

    def _deciding(self, candidates: Sequence[Candidate]) -> Deciding:
        from wherefrom.service.deciding import Deciding

        limits, settings = self.settings.limits, self.settings
        return Deciding(
            candidates={each.name: each for each in candidates},
            alpha=settings.alpha,
            beta=settings.beta,
            rule=settings.rule,
            batch=settings.batch,
            limits=Limits(max_bytes=limits.max_image_bytes, max_pixels=limits.max_pixels),
        )

    def _answer(self, jobs: Sequence[Job], deciding: Deciding) -> None:
        """Answer jobs together; where that fails, each by itself, so that none fails for another's sake."""
        try:
            for job, decided in deciding.run(jobs):
                job.end(JobState.DONE, decided=decided)
                self.metrics.answered(decided.answer)
        except Cancelled:
            pass
        except Exception as error:  # noqa: BLE001  (the worker outlives whatever one job brings)
            if len(jobs) > 1:
                for job in jobs:
                    if job.ended is None:
                        self._answer([job], deciding)
                return
            _fail(jobs, error)
        for job in jobs:
            job.end(JobState.CANCELLED, reason=job.reason or "cancelled")


def _end(jobs: Sequence[Job], reason: str) -> None:
    for job in jobs:
        job.end(JobState.FAILED, reason=reason)


def _fail(jobs: Sequence[Job], error: Exception) -> None:
    """Why jobs failed; what nobody foresaw is in the log, and clients are not told more than that."""
    if isinstance(error, WherefromError):
        _end(jobs, str(error))
        return
    _log.error("a job failed", exc_info=error)
    for job in jobs:
        job.fault = True
    _end(jobs, "the service failed, and its log says how")
