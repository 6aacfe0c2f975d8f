"""The bounded queue before the worker: jobs of one question are taken together, those that search after the others."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from wherefrom.service.jobs import Job
from wherefrom.service.problems import Refused

__all__ = ["Waiting"]

_FIRST: Final = 1.0
"""Seconds that an image is thought to take before one was timed."""
_WEIGHT: Final = 0.2
"""Of the latest batch in the time that an image takes."""
_LONGEST: Final = 600.0
"""Seconds after which a client is told to try again, at most."""


@dataclass(kw_only=True, slots=True)
class Waiting:
    """Jobs that wait for the worker.

    Attributes:
        most: images that may wait.
        together: images of one question that are taken at a time, unless one job has more.
    """

    most: int
    together: int
    _quick: deque[Job] = field(init=False, default_factory=deque)
    _slow: deque[Job] = field(init=False, default_factory=deque)
    _changed: threading.Condition = field(init=False, default_factory=threading.Condition)
    _closed: bool = field(init=False, default=False)
    _seconds: float = field(init=False, default=_FIRST)

    @property
    def images(self) -> int:
        """How many images wait."""
        with self._changed:
            return self._count()

    def put(self, job: Job) -> None:
        """Let a job wait for its turn.

        Raises:
            Refused: when there is no room, or the service stops.
        """
        with self._changed:
            if self._closed:
                raise Refused(503, "stopping", "the service stops: send the request again", retry_after=10)
            count, more = self._count(), len(job.images)
            if count + more > self.most:
                raise Refused(
                    429,
                    "queue-full",
                    f"{count} images wait, {more} more do not fit below {self.most}: try again later",
                    retry_after=min(_LONGEST, count * self._seconds),
                )
            (self._slow if job.slow else self._quick).append(job)
            self._changed.notify()

    def take(self) -> list[Job]:
        """The next job and others of its question, started; waits for one. None is left once the queue is closed."""
        with self._changed:
            while True:
                found = self._next(self._quick, self.together) or self._next(self._slow, 0)
                if found or self._closed:
                    return found
                self._changed.wait()

    def timed(self, images: int, seconds: float) -> None:
        """Learn how long images take.

        Args:
            images: of a batch.
            seconds: that it took.
        """
        with self._changed:
            self._seconds += _WEIGHT * (seconds / max(1, images) - self._seconds)

    def close(self) -> list[Job]:
        """Take no more jobs, and hand back those that wait."""
        with self._changed:
            self._closed = True
            left = [*self._quick, *self._slow]
            self._quick.clear()
            self._slow.clear()
            self._changed.notify_all()
            return left

    def _count(self) -> int:
        return sum(len(job.images) for queue in (self._quick, self._slow) for job in queue)

    def _next(self, queue: deque[Job], together: int) -> list[Job]:
        """The first job that is still wanted, and others of its question while these are few images."""
        found: list[Job] = []
        passed: deque[Job] = deque()
        count = 0
        while queue:
            job = queue.popleft()
            fits = not found or (
                job.question == found[0].question
                and job.shown is None
                and found[0].shown is None
                and count + len(job.images) <= together
            )
            if not fits:
                passed.append(job)
            elif job.start():
                found.append(job)
                count += len(job.images)
        queue.extend(passed)
        return found
