"""What an engine works on: a job is what is asked, and where its rows go; a chunk of images becomes a part of the rows.

    images -> those without a row -> chunks -> [engine: Worker.rows] -> parts on the disk -> the ledger

An engine decides where chunks are worked on: in this process, in one process a device, on a cluster. It knows nothing
of what is asked, and nothing of which images are done: that is in the ledger, which the caller of the engine keeps. So
chunks may be finished in any order, and one that was lost with its worker may be given to another.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from wherefrom.engines.folders import Folder
from wherefrom.engines.tasks import Advance, Chunk, OpenedTask, Part, Row, Task
from wherefrom.engines.working import working

__all__ = ["Advance", "Chunk", "Engine", "Job", "OpenedTask", "Part", "Row", "Task"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a worker needs beside its chunks. It can be pickled.

    Attributes:
        task: what is asked.
        folder: where the rows go, which every worker writes to; it is prepared.
        advance: told of images that are settled, as for `OpenedTask.rows`: by the worker where that is in this process,
            else by the engine.
    """

    task: Task
    folder: Folder
    advance: Advance | None = field(default=None, compare=False)

    def open(self, device: str | None = None) -> Callable[[Chunk], Part]:
        """Open the models, once a worker; what is returned asks about a chunk and writes its rows.

        A chunk whose rows are on the disk already is not asked about again.

        Args:
            device: to ask on; None is the task's own.

        Raises:
            UsageError: when the models are not those whose rows are in the folder.
            WherefromError: as `Task.open`; and what is returned, as `OpenedTask.rows`.
        """
        return working(self.task, self.folder, self.advance, device)


class Engine(Protocol):
    """Where chunks are worked on."""

    def parts(self, job: Job, chunks: Iterable[Chunk]) -> Generator[Part, None, None]:
        """The part of every chunk, in any order, each as soon as its rows are on the disk. To be closed, or exhausted.

        Args:
            job: what a worker needs; it carries no chunk.
            chunks: taken only as far ahead as workers need them, for there may be millions of images.

        Raises:
            WherefromError: what no image is to blame for, once every part that is on the disk was yielded.
        """
        ...
