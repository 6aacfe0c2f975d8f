"""Where the files of a job go: a folder of this machine, or an address of object storage, as `s3://bucket/rows`.

Either is a value that can be pickled, so that every worker writes there by itself. A file is there whole or not at all.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Protocol

from wherefrom.core.errors import StoreError, UsageError, WherefromError
from wherefrom.core.files import write_bytes
from wherefrom.images.collections.addresses import reason_of, scheme_of, system_of
from wherefrom.images.files import printable

__all__ = ["ROWS", "Folder", "LocalFolder", "RemoteFolder", "folder_of"]

ROWS: Final = "rows"
"""The folder of the rows in the folder of a job: a dataset with Hive partitions."""
_LEDGER: Final = "ledger.sqlite"
_HERE: Final = frozenset({"file", "local"})
_READ_ONLY: Final = frozenset({"http", "https"})


class Folder(Protocol):
    """Where the files of a job go. A file is named by its path in the folder, with slashes."""

    def __str__(self) -> str:
        """For a person."""
        ...

    @property
    def rows(self) -> Path | str:
        """The folder or address of the rows, as tools for Parquet take it."""
        ...

    def prepare(self) -> None:
        """Make the folder where that is needed.

        Raises:
            StoreError: when it cannot be made.
        """
        ...

    def names(self, under: str = "") -> list[str]:
        """What lies in the folder, or in one of its own, sorted; nothing where there is none.

        Args:
            under: path of a folder in it.

        Raises:
            StoreError: when it cannot be listed.
        """
        ...

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file, to be read and sought in.

        Raises:
            OSError: when it cannot be read.
        """
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all; replaces what is there.

        Args:
            name: of the file.
            data: all of it.

        Raises:
            StoreError: when it cannot be written.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file.

        Raises:
            StoreError: when it cannot be removed.
        """
        ...

    def clear_unfinished(self, under: str) -> None:
        """Remove what a process was writing when it ended. To be called while nobody writes.

        Args:
            under: path of a folder in it.
        """
        ...

    def ledger(self) -> AbstractContextManager[Path]:
        """The file of the ledger, on a disk of this machine."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine, or on a disk that all workers see.

    Attributes:
        path: of the folder.
    """

    path: Path

    def __str__(self) -> str:
        """Its path."""
        return str(self.path)

    @property
    def rows(self) -> Path:
        """The folder of the rows."""
        return self.path / ROWS

    def prepare(self) -> None:
        """Make the folder, and that of the rows.

        Raises:
            StoreError: when it cannot be made.
        """
        try:
            self.rows.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {self.path}: {error.strerror or error}") from error

    def names(self, under: str = "") -> list[str]:
        """What lies in it; see `Folder`."""
        place = self.path / under
        try:
            return sorted(each.name for each in place.iterdir()) if place.is_dir() else []
        except OSError as error:
            raise StoreError(f"cannot list {place}: {error.strerror or error}") from error

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.path / name).exists()

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file; see `Folder`."""
        return (self.path / name).open("rb")

    def write(self, name: str, data: bytes) -> None:
        """Write a file; see `Folder`."""
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, data)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror or error}") from error

    def remove(self, name: str) -> None:
        """Remove a file; see `Folder`."""
        try:
            (self.path / name).unlink()
        except OSError as error:
            raise StoreError(f"cannot remove {self.path / name}: {error.strerror or error}") from error

    def clear_unfinished(self, under: str) -> None:
        """Remove what was not finished, as `wherefrom.core.files` names it."""
        for path in (self.path / under).glob(".*.partial.*"):
            path.unlink(missing_ok=True)

    @contextmanager
    def ledger(self) -> Iterator[Path]:
        """The file of the ledger: it stays beside the rows."""
        yield self.path / _LEDGER


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder in object storage, reached by fsspec. What is written appears when all of it is there.

    The ledger is made anew from the rows whenever a run starts: object storage has no file that can be locked and
    changed, and a ledger kept elsewhere would not know of rows that were removed.

    Attributes:
        url: the address, without a slash at its end.
    """

    url: str

    def __str__(self) -> str:
        """The address."""
        return printable(self.url)

    @property
    def rows(self) -> str:
        """The address of the rows."""
        return f"{self.url}/{ROWS}"

    def prepare(self) -> None:
        """Nothing: object storage has no folders to be made."""

    def names(self, under: str = "") -> list[str]:
        """What lies in it; see `Folder`."""
        with self._explained("list", under):
            system, place = self._at(under)
            try:
                there = system.ls(place, detail=False)
            except FileNotFoundError:
                return []
        own = place.strip("/")
        return sorted({PurePosixPath(each).name for each in there if each.strip("/") != own})

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        with self._explained("look for", name):
            system, place = self._at(name)
            return bool(system.exists(place))

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file, fetched at once, for it holds some hundred rows; see `Folder`."""
        try:
            system, place = self._at(name)
            return io.BytesIO(system.cat_file(place))
        except (OSError, WherefromError):
            raise
        except Exception as error:  # clients of providers have errors of their own
            raise OSError(reason_of(error)) from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file; see `Folder`."""
        with self._explained("write", name):
            system, place = self._at(name)
            try:
                system.pipe_file(place, data)
            except NotImplementedError:
                raise _takes_no_files(scheme_of(self.url)) from None

    def remove(self, name: str) -> None:
        """Remove a file; see `Folder`."""
        with self._explained("remove", name):
            system, place = self._at(name)
            system.rm_file(place)

    def clear_unfinished(self, under: str) -> None:
        """Nothing: of a file that was not written whole there is nothing to be seen."""

    @contextmanager
    def ledger(self) -> Iterator[Path]:
        """The file of the ledger, which is gone when the run ends."""
        with tempfile.TemporaryDirectory(prefix="wherefrom-ledger-") as place:
            yield Path(place) / _LEDGER

    def _at(self, name: str) -> tuple[Any, str]:
        """The file system, which remembers no listing, and the path of a file in it."""
        system, place = system_of(f"{self.url}/{name}" if name else self.url)
        system.invalidate_cache()
        return system, place

    @contextmanager
    def _explained(self, doing: str, name: str) -> Iterator[None]:
        """Whatever a provider's client raises, as an error that says what could not be done."""
        try:
            yield
        except WherefromError:
            raise
        except Exception as error:
            raise StoreError(f"cannot {doing} {f'{self}/{name}'.rstrip('/')}: {reason_of(error)}") from error


def folder_of(place: str | Path) -> Folder:
    """The folder of that path or address.

    Args:
        place: a path, or an address with its scheme.

    Raises:
        UsageError: when it is an address that nothing can be written to.
        MissingExtra: when the package for it is not installed.
    """
    scheme = scheme_of(place) if isinstance(place, str) else None
    if scheme is None:
        return LocalFolder(Path(place))
    if scheme in _READ_ONLY:
        raise _takes_no_files(scheme)
    _, path = system_of(str(place))
    return LocalFolder(Path(path)) if scheme in _HERE else RemoteFolder(str(place).rstrip("/"))


def _takes_no_files(scheme: str | None) -> UsageError:
    way_out = "name a folder of object storage, as s3://bucket/rows"
    return UsageError(f"rows cannot be written to addresses of {scheme}://: {way_out}")
