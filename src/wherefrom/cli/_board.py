"""The progress of several jobs at once on stderr: a bar each on a terminal, one line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from wherefrom.core.visible import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["Board", "Now", "board"]

_EVERY: Final = 10.0  # seconds between two lines where stderr is no terminal


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    """What a job does at the moment.

    Attributes:
        label: what is being done.
        words: how far it is.
        done: how many images are done.
        total: how many there will be; None where that is unknown.
    """

    label: str
    words: str = ""
    done: int = 0
    total: int | None = None

    def __str__(self) -> str:
        """As a line has it."""
        return f"{self.label}, {self.words}" if self.words else self.label


class Board(Protocol):
    """Where the progress of several jobs is shown."""

    def update(self, title: str, now: Now) -> None:
        """Take what a job does now.

        Args:
            title: of the job.
            now: what it does.
        """

    def tick(self) -> None:
        """Show it, where it is time."""


@contextmanager
def board(titles: Sequence[str], *, quiet: bool) -> Generator[Board, None, None]:
    """Where the progress of jobs is shown.

    Args:
        titles: of the jobs.
        quiet: whether nothing is shown.
    """
    if quiet:
        yield _Nothing()
    elif sys.stderr.isatty():
        with _bars(titles) as bars:
            yield bars
    else:
        yield _Lines(now={title: Now(label="starting") for title in titles})


class _Nothing:
    """Shows nothing."""

    def update(self, title: str, now: Now) -> None:
        """Forget it."""

    def tick(self) -> None:
        """Nothing to show."""


@dataclass(kw_only=True, slots=True)
class _Lines:
    """A line every ten seconds that says what is being waited for."""

    now: dict[str, Now]
    last: float = field(default_factory=time.monotonic)

    def update(self, title: str, now: Now) -> None:
        """Keep it for the next line."""
        self.now[title] = now

    def tick(self) -> None:
        """Write a line where the last one is old."""
        if time.monotonic() - self.last >= _EVERY:
            self.last = time.monotonic()
            print(visible("; ".join(f"{title}: {now}" for title, now in self.now.items())), file=sys.stderr, flush=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bars:
    """A bar a job."""

    bar: Bar
    tasks: dict[str, TaskID]

    def update(self, title: str, now: Now) -> None:
        """Move the job's bar."""
        self.bar.update(
            self.tasks[title],
            description=visible(f"{title}: {now.label}"),
            completed=now.done,
            total=now.total,
            words=now.words,
        )

    def tick(self) -> None:
        """The bars draw themselves."""


@contextmanager
def _bars(titles: Sequence[str]) -> Generator[_Bars, None, None]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[words]}"))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        tasks = {title: bar.add_task(visible(f"{title}: starting"), total=None, words="") for title in titles}
        yield _Bars(bar=bar, tasks=tasks)
