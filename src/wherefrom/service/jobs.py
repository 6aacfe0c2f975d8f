"""Jobs: a question about some images, how far it is, and what came of it. All of it in memory."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from wherefrom.images.files import Source
from wherefrom.service.answers import Attributions, JobState
from wherefrom.side_evidence import Finding

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.records.verdict import Attribution, Verdict

__all__ = ["Cancelled", "Decided", "Job", "Jobs", "Progress", "Question", "Shown"]


_NUMBERS: Final = 2**16
"""Bytes that the numbers of one image take, about."""


class Cancelled(BaseException):
    """Stops a run from inside its progress; no `Exception`, so that nobody takes it for an image's failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked about images. Images of one question can be asked about together.

    Attributes:
        profiles: names of the candidates.
        edit: what the images went through, where that is known.
    """

    profiles: tuple[str, ...]
    edit: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a report shows beside numbers.

    Attributes:
        pictures: whether it shows the image, and what decoders make of it.
        maps: whether it shows where the evidence lies.
        metadata: whether it tells what the files say of themselves.
    """

    pictures: bool = True
    maps: bool = False
    metadata: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        done: images that are scored under one candidate.
        total: images of the job.
        stage: what is done, in words.
        seconds_left: of this stage; None where it is not known.
    """

    done: int = 0
    total: int = 0
    stage: str = "waits for its turn"
    seconds_left: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Decided:
    """What came of a job.

    Attributes:
        answer: as clients get it.
        found: verdicts of the only profile, or attributions among several.
        candidates: with the scores of the images and without their models.
        when: it was decided.
        pages: of the report, one an image; empty where none was asked for beforehand.
        maps: PNGs, by the image's place and the profile's name.
    """

    answer: Attributions
    found: Sequence[Verdict | Attribution]
    candidates: tuple[Candidate, ...]
    when: datetime
    pages: tuple[bytes, ...] = ()
    maps: Mapping[tuple[int, str], bytes] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Bytes that it takes in memory, about."""
        return _NUMBERS * len(self.found) + sum(map(len, self.pages)) + sum(map(len, self.maps.values()))


@dataclass(kw_only=True, slots=True, eq=False)
class Job:
    """A question about some images.

    Attributes:
        owner: name of the key that asked, or the address.
        question: that is asked.
        images: decoded, by names that are unique in the job; none once it is finished.
        side_evidence: what the file of each image says of itself, for the report; empty where it is not told, and once
            the job is finished.
        shown: in a report; None: no report is made beforehand.
        slow: whether a method of it searches.
        released: called once when the images are no longer needed.
        id: by which it is asked for.
        state: where it is.
        progress: how far it is.
        reason: why it failed or was cancelled.
        fault: whether it failed through a fault of the service.
        decided: what came of it.
        cancelled: set when nobody wants the answer any more.
        finished: done when it is over, however it ended.
        ended: when that was, by the monotonic clock.
    """

    owner: str
    question: Question
    images: tuple[Source, ...] = field(repr=False)
    side_evidence: tuple[tuple[Finding, ...], ...] = field(default=(), repr=False)
    shown: Shown | None = None
    slow: bool = False
    released: Callable[[], None] = field(default=lambda: None, repr=False)
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: JobState = JobState.QUEUED
    progress: Progress = Progress()
    reason: str | None = None
    fault: bool = False
    decided: Decided | None = field(default=None, repr=False)
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    finished: Future[None] = field(default_factory=Future, repr=False)
    ended: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        """Say how many images there are."""
        self.progress = Progress(total=len(self.images))

    def start(self) -> bool:
        """Begin to work on it; False where it is over already."""
        with self._lock:
            if self.state is not JobState.QUEUED or self.cancelled.is_set():
                return False
            self.state = JobState.RUNNING
            return True

    def end(self, state: JobState, *, reason: str | None = None, decided: Decided | None = None) -> bool:
        """Finish it, and let its images go; False where it was over already.

        Args:
            state: in which it ends.
            reason: why it failed or was cancelled.
            decided: what came of it.
        """
        with self._lock:
            if self.ended is not None:
                return False
            self.state, self.reason, self.decided, self.ended = state, reason, decided, time.monotonic()
            self.images, self.side_evidence = (), ()
        self.released()
        self.finished.set_result(None)
        return True

    def cancel(self, reason: str) -> None:
        """Let it end without an answer: at once where it waits, soon where it runs.

        Args:
            reason: why.
        """
        self.cancelled.set()
        if self.state is JobState.QUEUED:
            self.end(JobState.CANCELLED, reason=reason)
        elif self.ended is None:
            self.reason = reason


@dataclass(kw_only=True, slots=True)
class Jobs:
    """The jobs that can be asked for: those under way, and finished ones for a while.

    Attributes:
        seconds: for which a finished job is kept.
        most_bytes: of finished jobs' reports that are kept.
        clock: seconds, monotonic.
    """

    seconds: float
    most_bytes: int
    clock: Callable[[], float] = time.monotonic
    _jobs: dict[str, Job] = field(init=False, default_factory=dict)

    def add(self, job: Job) -> None:
        """Make a job one that can be asked for."""
        self.forget_old()
        self._jobs[job.id] = job

    def find(self, name: str, owner: str) -> Job | None:
        """The job of that identifier, where it is the owner's.

        Args:
            name: the identifier.
            owner: who asks.
        """
        self.forget_old()
        job = self._jobs.get(name)
        return job if job is not None and job.owner == owner else None

    def forget(self, job: Job) -> None:
        """Let a job go, with all that came of it."""
        self._jobs.pop(job.id, None)

    def forget_old(self) -> None:
        """Let finished jobs go that are over their time, or over the memory that all may take, the oldest first."""
        now, held = self.clock(), 0
        ended = [job for job in self._jobs.values() if job.ended is not None]
        for job in sorted(ended, key=_ended, reverse=True):
            held += 0 if job.decided is None else job.decided.kept
            if now - _ended(job) > self.seconds or held > self.most_bytes:
                self.forget(job)


def _ended(job: Job) -> float:
    return job.ended or 0.0
