"""What can be read: a file, an archive's member or bytes; opened without ever waiting, bounded before it is read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

from wherefrom.core.errors import ImageError, UsageError

__all__ = ["MAX_BYTES", "Cell", "Locator", "Source", "file_source", "printable", "way_to_raise"]

Cell: TypeAlias = str | int | float | bool | None
"""A cell of a manifest."""

MAX_BYTES = 256 * 1024 * 1024
"""The largest file that is read unless asked otherwise, in bytes."""


class Locator(Protocol):
    """Where the bytes of an image are that is in no file of this machine: small, equal by value, and can be pickled."""

    def read(self, max_bytes: int) -> bytes:
        """All bytes of the image.

        Args:
            max_bytes: the limit, checked before they are fetched where their number is known by then.

        Raises:
            ImageError: when they cannot be had, or are over the limit.
        """
        ...

    def __str__(self) -> str:
        """The address, for a person."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One image that can be read: a file, a member of an archive, bytes in memory, or bytes elsewhere.

    Attributes:
        name: how the user named it; unique among the images of a run.
        path: the file, or the archive.
        span: offset and length in `path` of an archive's member; None for a whole file.
        data: the bytes themselves, for what is in no file.
        locator: where the bytes are, for what is in no file of this machine, or in a cell of a table.
        in_memory: an image in memory as it was read, or why it cannot be; its name tells it from others.
        tile: the first column, the first row and the side of the tile that is meant; None for the whole image.
        member: the archive's member by its name, for what is in one.
        columns: what a manifest says of it beside path and name, by column.
    """

    name: str
    path: Path | None = None
    span: tuple[int, int] | None = None
    data: bytes | None = field(default=None, repr=False)
    locator: Locator | None = None
    in_memory: Any = field(default=None, repr=False, compare=False)
    tile: tuple[int, int, int] | None = None
    member: str | None = field(default=None, repr=False)
    columns: Mapping[str, Cell] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a source of nothing, or of two things."""
        if sum(part is not None for part in (self.path, self.data, self.locator, self.in_memory)) != 1:
            raise UsageError(f"the source {self.name!r} needs a path or data, and not both")

    @property
    def address(self) -> str | None:
        """Where it lies, for a person: a path, `ARCHIVE/MEMBER`, an address; None for what is in memory."""
        place = self.locator if self.path is None else printable(self.path)
        return None if place is None else str(place) if self.member is None else f"{place}/{self.member}"

    def read(self, max_bytes: int = MAX_BYTES) -> bytes:
        """All bytes; the limit is checked before any is read. Never waits for a pipe or a device.

        Raises:
            ImageError: when there is no such file, it is no regular file, may not be read, is empty or over the limit.
        """
        if self.in_memory is not None:
            raise ImageError("it is in memory as pixels, and is no file")
        if self.data is not None:
            return _bounded(self.data, max_bytes)
        if self.locator is not None:
            return _bounded(self.locator.read(max_bytes), max_bytes)
        assert self.path is not None
        try:
            with _open_regular(self.path) as file:
                return _read(file, self.span, max_bytes)
        except (OSError, ValueError) as error:
            raise ImageError(_reason(self.path, error)) from error


def file_source(image: Source | str | Path | bytes) -> Source:
    """A source for a file: a path is named by itself, the bytes of a file by their digest; a source is left as it is.

    Args:
        image: a path, the bytes of a file, or a source.

    Raises:
        UsageError: when it is none of these.
    """
    if isinstance(image, Source):
        return image
    if isinstance(image, bytes):
        return Source(name=f"bytes:{hashlib.sha256(image).hexdigest()[:16]}", data=image)
    if isinstance(image, str | Path):
        return Source(name=printable(image), path=Path(image))
    raise UsageError(f"{type(image).__name__} is no file: give a path, the bytes of a file, or a source")


def printable(path: str | Path) -> str:
    """A path as text that can be written as UTF-8: bytes of a file's name that are none are escaped."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file without ever blocking: pipes and devices are told by their kind and not opened."""
    _check_kind(path.stat().st_mode)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    try:
        _check_kind(os.fstat(file.fileno()).st_mode)  # what was a file a moment ago may be a pipe now
    except ImageError:
        file.close()
        raise
    return file


def _check_kind(mode: int) -> None:
    """Refuse what is no regular file, by its kind."""
    kinds = {
        stat.S_IFDIR: "a folder, not a file",
        stat.S_IFIFO: "a named pipe, not a file: write it to a file first",
        stat.S_IFSOCK: "a socket, not a file",
        stat.S_IFCHR: "a character device, not a file",
        stat.S_IFBLK: "a block device, not a file",
    }
    if not stat.S_ISREG(mode):
        raise ImageError(kinds.get(stat.S_IFMT(mode), "not a regular file"))


def _read(file: BinaryIO, span: tuple[int, int] | None, max_bytes: int) -> bytes:
    """A whole file, or a span of it, once its length is known to be within the limit."""
    offset, length = span or (0, os.fstat(file.fileno()).st_size)
    _check_length(length, max_bytes)
    file.seek(offset)
    data = file.read(length if span else length + 1)
    if span is None and len(data) > length:  # it grew, or hides its length as files of the kernel do
        data += file.read(max_bytes + 1 - len(data))
    if span and len(data) < length:
        raise ImageError(f"the archive ends inside this member: {len(data):,} of {length:,} bytes are there")
    return _bounded(data, max_bytes)


def way_to_raise(limit: str, needed: int) -> str:
    """The way to raise a limit, on the command line and in Python.

    Args:
        limit: its name, as `max_bytes`.
        needed: the least value under which this file is read.
    """
    flag = limit.replace("_", "-")
    return f"to read it raise the limit, by --{flag} {needed} or in Python by limits=Limits({limit}={needed})"


def _check_length(length: int, max_bytes: int) -> None:
    if length > max_bytes:
        raise ImageError(
            f"{length:,} bytes are over the limit of {max_bytes:,} bytes: {way_to_raise('max_bytes', length)}"
        )


def _bounded(data: bytes, max_bytes: int) -> bytes:
    """The bytes, if there are any and not too many."""
    _check_length(len(data), max_bytes)
    if not data:
        raise ImageError("the file is empty (0 bytes)")
    return data


def _reason(path: Path, error: OSError | ValueError) -> str:
    """Why the system will not open or read a file, in words."""
    if isinstance(error, FileNotFoundError):
        if path.is_symlink():
            return f"a dangling link: its target {printable(path.readlink())!r} does not exist"
        return "no such file"
    if isinstance(error, PermissionError):
        return "permission denied: this user may not read the file"
    if isinstance(error, OSError):
        return f"the file cannot be read: {error.strerror or error}"
    return f"not a possible path: {error}"
