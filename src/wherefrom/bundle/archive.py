"""A zip archive, written the same from the same files, and read without trusting anything that it says of itself."""

from __future__ import annotations

import hashlib
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wherefrom.bundle.names import check_names
from wherefrom.bundle.results import Refused

__all__ = ["MOST_BYTES", "Archive", "Content", "digest_of", "opened_archive", "write_archive"]

MOST_BYTES: Final = 2 * 1024**3
"""Bytes of all files of an archive together, unpacked."""
MOST_READ: Final = 512 * 1024**2
"""Bytes of a single file that is read into memory, as a profile or scores."""
MOST_FILES: Final = 60_000
RATIO: Final = 100
"""How many times smaller an archive may be than its files ..."""
FREE: Final = 16 * 1024**2
"""... once these have more bytes than this."""
_STILL: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file: the earliest that a zip can say."""
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
"""Flags of an entry that is encrypted, strongly encrypted, or whose header is masked."""
_CHUNK: Final = 1024 * 1024
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What Python's reader raises for a damaged archive."""

Content = bytes | Path
"""What an entry holds: the bytes, or the file that has them."""


def digest_of(content: Content) -> tuple[str, int]:
    """SHA-256, hexadecimal, and number of bytes of a file's content.

    Args:
        content: the bytes, or the file that has them.
    """
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def write_archive(path: Path, files: Mapping[str, Content]) -> None:
    """Write a zip archive: files by name in order, times fixed, so that the same files make the same bytes.

    Args:
        path: of the archive.
        files: by their names.

    Raises:
        OSError: when the archive cannot be written, or a file not read.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _STILL)
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = files[name]
            if isinstance(content, bytes):
                archive.writestr(entry, content)
                continue
            entry.file_size = content.stat().st_size
            with content.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, _CHUNK)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of which the list of files was found safe.

    Attributes:
        entries: of each file by its name.
    """

    _file: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Args:
            name: of a file that is there.

        Raises:
            Refused: when it is damaged, or too large to be read into memory.
        """
        size = self.entries[name].file_size
        if size > MOST_READ:
            raise Refused(f"{name!r} has {size:,} bytes, at most {MOST_READ:,} are read into memory")
        return b"".join(self._chunks(name))

    def digest(self, name: str) -> str:
        """SHA-256 of a file, hexadecimal, however large it is.

        Args:
            name: of a file that is there.

        Raises:
            Refused: when it is damaged.
        """
        whole = hashlib.sha256()
        for chunk in self._chunks(name):
            whole.update(chunk)
        return whole.hexdigest()

    def _chunks(self, name: str) -> Iterator[bytes]:
        entry = self.entries[name]
        try:
            with self._file.open(entry) as file:
                read = 0
                while chunk := file.read(_CHUNK):
                    read += len(chunk)
                    yield chunk
        except _DAMAGE as error:
            raise Refused(f"the archive is damaged at {name!r}, expected an undamaged one: {error}") from error
        if read != entry.file_size:
            raise Refused(f"{name!r} has {read:,} bytes, the archive's list says {entry.file_size:,}")


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """An archive whose list of files is safe to work with; nothing of it is unpacked to the disk.

    Args:
        path: of the archive.

    Raises:
        Refused: when it is no zip archive, or a name, a kind of file or a size in it is not allowed.
        OSError: when it cannot be opened.
    """
    with path.open("rb") as handle:
        try:
            file = zipfile.ZipFile(handle)
        except _DAMAGE as error:
            handle.seek(0)
            start = handle.read(4)
            kind = "a zip archive that is cut off or damaged" if start.startswith(b"PK") else "no zip archive"
            raise Refused(f"the file is {kind}, expected a whole zip archive: {error}") from error
        with file:
            entries = file.infolist()
            _check_entries(entries, path.stat().st_size)
            yield Archive(file, {entry.filename: entry for entry in entries})


def _check_entries(entries: list[zipfile.ZipInfo], packed: int) -> None:
    """Refuse names, kinds and sizes that no bundle has.

    Args:
        entries: as the archive lists them.
        packed: bytes of the archive.

    Raises:
        Refused: with the first that is not allowed.
    """
    if len(entries) > MOST_FILES:
        raise Refused(f"the archive lists {len(entries):,} files, at most {MOST_FILES:,} are allowed")
    wrong = check_names(entry.orig_filename for entry in entries)
    if wrong is not None:
        raise Refused(wrong)
    for entry in entries:
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):  # many programs leave it out for regular files
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "no regular file"
            raise Refused(f"{entry.filename!r} is {kind}, only regular files are allowed")
        if entry.flag_bits & _ENCRYPTED:
            raise Refused(f"{entry.filename!r} is encrypted, only files that everybody can read are allowed")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(f"{entry.filename!r} is packed by method {entry.compress_type}, only 0 and 8 are allowed")
    unpacked = sum(entry.file_size for entry in entries)
    most = min(MOST_BYTES, max(FREE, RATIO * packed))
    if unpacked > most:
        raise Refused(
            f"the files have {unpacked:,} bytes unpacked and {packed:,} packed, at most {most:,} are allowed: it may be"
            " made to fill a disk or memory"
        )
