"""Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from wherefrom.core.visible import visible

if TYPE_CHECKING:
    from wherefrom.scoring.progress import Progress

__all__ = ["Report", "Show", "shown", "words"]

Report: TypeAlias = "Callable[[Progress], None]"
Show: TypeAlias = "Callable[[str], AbstractContextManager[Report | None]]"
"""What draws the progress of one run under a label."""
_EVERY: Final = 30.0  # seconds between two lines where stderr is no terminal


@contextmanager
def shown(label: str, *, quiet: bool = False) -> Generator[Report | None, None, None]:
    """What draws the progress of one run; None when it is not wanted.

    Args:
        label: what is being done.
        quiet: whether nothing is drawn.
    """
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(label) as report:
            yield report
    else:
        yield _lines(label)


@contextmanager
def _bar(label: str) -> Generator[Report, None, None]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[said]}"))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(visible(label), total=None, said="")
        yield lambda now: bar.update(task, completed=now.done, total=now.total, said=words(now))


def _lines(label: str) -> Report:
    """A line every half minute; a run that is over sooner says nothing."""
    last = time.monotonic()

    def report(now: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            print(visible(f"{label}: {words(now)}"), file=sys.stderr, flush=True)

    return report


def words(now: Progress) -> str:
    """How far a run is: `120 of 400, 2 failed, 4.2 images/s, 1:07 left`."""
    parts = [f"{now.done} of {now.total}" if now.total is not None else f"{now.done}"]
    if now.errors:
        parts.append(f"{now.errors} failed")
    if now.cached:
        parts.append(f"{now.cached} from the store")
    if now.search is not None and now.done != now.total:
        parts.append(f"searching {now.search.searching}, step {now.search.step} of {now.search.steps}")
    if now.waiting is not None:
        parts.append(f"waiting for {now.waiting}")
    if now.images_per_second is not None:
        parts.append(f"{now.images_per_second:.3g} images/s")
    if now.seconds_left is not None and now.done != now.total:
        minutes, seconds = divmod(round(now.seconds_left), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return ", ".join(parts)
