"""How far a run is: a value handed to a callback. Who draws it is the caller's business."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wherefrom.inversion.results import Step

__all__ = ["Meter", "Progress"]

_EVERY: Final = 0.1  # seconds between two reports, so that a million kept rows are not a million reports
_WINDOW: Final = 30.0  # seconds that the rate looks back, so that rows found in the store do not make it rosy for long


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        done: rows that are settled: scored, found in the store, or with an error.
        total: rows there will be; None while the images are not counted.
        errors: settled rows with an error.
        cached: settled rows whose numbers were found in the store.
        images_per_second: rows settled per second, over the last half minute; None before there is anything to measure.
        seconds_left: at that rate; None where the total or the rate is unknown.
        search: how far the search of the images under way is; None for a method without one.
        waiting: what other processes are asking about, in words, while nothing else is left; None while work is.
    """

    done: int
    total: int | None
    errors: int
    cached: int
    images_per_second: float | None
    seconds_left: float | None
    search: Step | None = None
    waiting: str | None = None


@dataclass(kw_only=True, slots=True)
class Meter:
    """Counts settled rows and reports them, at most ten times a second.

    Attributes:
        report: who is told; None counts in silence.
        total: rows there will be, where known.
        clock: seconds, monotonic.
    """

    report: Callable[[Progress], None] | None
    total: int | None
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    errors: int = 0
    cached: int = 0
    _marks: deque[tuple[float, int]] = field(init=False, default_factory=deque)
    _reported: float = field(init=False, default=float("-inf"))
    _search: Step | None = field(init=False, default=None)
    _waiting: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._marks.append((self.clock(), 0))

    def add(self, rows: int, *, errors: int = 0, cached: int = 0) -> None:
        """Count rows that were just settled, and report when it is time.

        Args:
            rows: how many.
            errors: of them with an error.
            cached: of them found in the store.
        """
        self.done += rows
        self.errors += errors
        self.cached += cached
        if self.report is not None and self.clock() - self._reported >= _EVERY:
            self.tell()

    def during(self, step: Step) -> None:
        """Note how far a search is, and report when it is time."""
        self._search = step
        if self.report is not None and self.clock() - self._reported >= _EVERY:
            self.tell()

    def wait(self, waiting: str | None) -> None:
        """Note what is waited for, None when it is over, and report when it is time."""
        self._waiting = waiting
        if self.report is not None and self.clock() - self._reported >= _EVERY:
            self.tell()

    def tell(self) -> None:
        """Report now."""
        if self.report is None:
            return
        now = self._reported = self.clock()
        while len(self._marks) > 1 and self._marks[1][0] <= now - _WINDOW:
            self._marks.popleft()
        since, before = self._marks[0]
        self._marks.append((now, self.done))
        rate = (self.done - before) / (now - since) if now > since and self.done > before else None
        seconds_left = None if rate is None or self.total is None else (self.total - self.done) / rate
        self.report(
            Progress(
                done=self.done,
                total=self.total,
                errors=self.errors,
                cached=self.cached,
                images_per_second=rate,
                seconds_left=seconds_left,
                search=self._search,
                waiting=self._waiting,
            )
        )
