"""What an engine works on: a job is what is asked, and where its rows go; a chunk of images becomes a part of the rows.

    images -> those without a row -> chunks -> [engine: Worker.rows] -> parts on the disk -> the ledger

An engine decides where chunks are worked on: in this process, in one process a device, on a cluster. It knows nothing
of what is asked, and nothing of which images are done: that is in the ledger, which the caller of the engine keeps. So
chunks may be finished in any order, and one that was lost with its worker may be given to another.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from wherefrom.images.files import Source

__all__ = ["Chunk", "Engine", "Job", "OpenedTask", "Part", "Row", "Task"]

Row: TypeAlias = Mapping[str, Any]
"""A row of the output by column; the columns are those of the task's schema, and one that is left out is null."""


class OpenedTask(Protocol):
    """A task with its models in memory: what asks."""

    @property
    def digest(self) -> str:
        """Of the cards of its models, kind of device included: what all rows of one folder must have in common."""
        ...

    def rows(self, images: Sequence[Source], advance: Callable[[int, int], None]) -> Iterable[Sequence[Row]]:
        """The rows of each image, in the images' order: one a model and method, at least one an image.

        An image that cannot be read or scored has rows with the column `error`; nothing that is wrong with one image
        is raised.

        Args:
            images: to read and to ask about.
            advance: told of images that are settled since it was told before: how many, and how many of them failed.

        Raises:
            WherefromError: what no image is to blame for.
        """
        ...


class Task(Protocol):
    """What is asked of every image: a value that can be pickled and holds no model. Each worker opens it once."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that changes a row, as JSON can hold it: jobs of one folder have the same."""
        ...

    @property
    def schema(self) -> Any:
        """The `pyarrow.Schema` of the rows."""
        ...

    def open(self, device: str | None = None) -> OpenedTask:
        """Open the models.

        Args:
            device: to ask on, as `cuda:1`; None is the task's own.

        Raises:
            WherefromError: when a model cannot be opened, or is not the one that was profiled.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Images that go to a worker together. It can be pickled: locators travel, and bytes only where there is no file.

    Attributes:
        name: of the files that its rows will be in: a digest of the run and of the images' keys, so that a second
            worker that is given the same chunk writes the same files.
        images: in order.
    """

    name: str
    images: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What came of a chunk; its rows are on the disk. Small, for it travels back to the process that keeps the ledger.

    Attributes:
        name: the chunk's.
        scored: keys of images all of whose rows have no error.
        failed: keys of the others.
    """

    name: str
    scored: tuple[bytes, ...]
    failed: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a worker needs beside its chunks. It can be pickled.

    Attributes:
        task: what is asked.
        rows: the folder for the parts, on a disk that every worker writes to; it exists.
        advance: told of images that are settled, as for `OpenedTask.rows`: by the worker where that is in this process,
            else by the engine.
    """

    task: Task
    rows: Path
    advance: Callable[[int, int], None] | None = field(default=None, compare=False)

    def open(self, device: str | None = None) -> Callable[[Chunk], Part]:
        """Open the models, once a worker; what is returned asks about a chunk and writes its rows.

        A chunk whose rows are on the disk already is not asked about again.

        Args:
            device: to ask on; None is the task's own.

        Raises:
            UsageError: when the models are not those whose rows are in the folder.
            WherefromError: as `Task.open`; and what is returned, as `OpenedTask.rows`.
        """
        from wherefrom.engines.working import working

        return working(self, device)


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
