"""Where a list of images lies, and what lies beside it: files of this machine here, others in `addresses.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

from wherefrom.core.errors import UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images.files import Cell, Source, printable

__all__ = ["Lister", "Listing", "LocalPlace", "Place", "Told"]

Told: TypeAlias = Callable[[str], None]
"""Told what is left out, and why; a sentence each."""


def _nobody(_: str) -> None:
    """Where nobody listens."""


class Place(Protocol):
    """A file that lists or holds images, wherever it is. Small, equal by value, and can be pickled."""

    def __str__(self) -> str:
        """Its path or address, as it may be shown."""
        ...

    def __hash__(self) -> int:
        """By value."""
        ...

    @property
    def suffix(self) -> str:
        """Of its name, in lower case, as `.tar`."""
        ...

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Its bytes, to be read and sought in.

        Raises:
            OSError: when it cannot be opened.
        """
        ...

    def beside(self, text: str) -> Place:
        """What a path in this file stands for.

        Args:
            text: relative to the folder of this file, or from the root.
        """
        ...

    def source(
        self, *, name: str, columns: Mapping[str, Cell], span: tuple[int, int] | None = None, member: str | None = None
    ) -> Source:
        """The image that is this file, or a part of it.

        Args:
            name: of the image.
            columns: what is said of it.
            span: offset and length of an archive's member.
            member: its name in the archive.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """A file of this machine.

    Attributes:
        path: as it was named.
    """

    path: Path

    def __str__(self) -> str:
        """The path as text that can be written as UTF-8."""
        return printable(self.path)

    @property
    def suffix(self) -> str:
        """Of its name, in lower case."""
        return self.path.suffix.lower()

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Its bytes.

        Raises:
            OSError: when it cannot be opened.
        """
        return self.path.open("rb")

    def beside(self, text: str) -> LocalPlace:
        """A path relative to this file's folder, or from the root."""
        return LocalPlace(self.path.parent / text)

    def source(
        self, *, name: str, columns: Mapping[str, Cell], span: tuple[int, int] | None = None, member: str | None = None
    ) -> Source:
        """The image that is this file, or a part of it; arguments as for `Place`."""
        return Source(name=name, path=self.path, span=span, member=member, columns=columns)


@dataclass(frozen=True, slots=True)
class Listing:
    """How things are listed.

    Attributes:
        on_message: what is left out, and why.
        follow: schemes of addresses that paths in a manifest may have, as `s3`; by default they are files alone.
        column: of a table that holds images; None is the only one there is.
        strict: whether a row that names no image, or a list that breaks off, is an error of the whole; else it is an
            image that cannot be read, with that reason, and what comes after it is listed.
    """

    on_message: Told = _nobody
    follow: frozenset[str] = field(default_factory=frozenset)
    column: str | None = None
    strict: bool = True

    def unreadable(self, name: str, error: Exception) -> Source:
        """What stands for an image that cannot even be named, where that is no error of the whole.

        Args:
            name: of the row or list.
            error: why.

        Raises:
            UsageError: where it is one.
        """
        if self.strict and isinstance(error, UsageError):
            raise error
        if self.strict:
            raise UsageError(f"{name} cannot be read: {error}") from error
        return Source(name=name, in_memory=ImageFacts(name=name, error=str(error)))


Lister: TypeAlias = Callable[[Any, Listing], Iterator[Source]]
"""Lists the images of one place, as they are asked for."""
