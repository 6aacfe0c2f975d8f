"""What a task is, and what goes to a worker and comes back: values, and two Protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from wherefrom.images.files import Source

__all__ = ["Advance", "Chunk", "OpenedTask", "Part", "Row", "Task"]

Row: TypeAlias = Mapping[str, Any]
"""A row of the output by column; the columns are those of the task's schema, and one that is left out is null."""
Advance: TypeAlias = Callable[[int, int], None]
"""Told of images that are settled since it was told before: how many, and how many of them failed."""


class OpenedTask(Protocol):
    """A task with its models in memory: what asks."""

    @property
    def digest(self) -> str:
        """Of the cards of its models, kind of device included: what all rows of one folder must have in common."""
        ...

    def rows(self, images: Sequence[Source], advance: Advance) -> Iterable[Sequence[Row]]:
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
