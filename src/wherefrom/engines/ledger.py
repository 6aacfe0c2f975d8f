"""The ledger: which images are done, in one SQLite file beside the rows. The rows are the truth, and it is their index.

It is written after the rows are on the disk. So what a stop left out of it is read from the rows at the next start,
before anything is asked; and a ledger that was lost is made anew. It is looked into for some images at a time, and
takes no memory that grows with their number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, Self

from wherefrom.core.errors import StoreError
from wherefrom.engines import parts
from wherefrom.engines.folders import Folder
from wherefrom.engines.keys import key_of
from wherefrom.engines.tasks import Part
from wherefrom.images.files import Source

__all__ = ["Ledger"]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS parts (number INTEGER PRIMARY KEY, status TEXT NOT NULL, name TEXT NOT NULL,
                                  UNIQUE (status, name));
CREATE TABLE IF NOT EXISTS images (key BLOB PRIMARY KEY, failed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TEMPORARY TABLE seen (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TEMPORARY TABLE looked (place INTEGER PRIMARY KEY, key BLOB NOT NULL);
"""
"""`images.failed` is 0 for an image that is done, else the number of the part that says last why it failed."""
_OPEN: Final = """
SELECT min(place) FROM looked LEFT JOIN images USING (key)
WHERE (images.key IS NULL OR (images.failed AND ?)) AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.key = looked.key)
GROUP BY looked.key ORDER BY 1
"""
_DONE: Final = "INSERT INTO images VALUES (?, 0) ON CONFLICT DO UPDATE SET failed = 0"
_FAILED: Final = "INSERT INTO images VALUES (?, ?) ON CONFLICT DO UPDATE SET failed = excluded.failed WHERE failed"
_AT_ONCE: Final = 1000  # images that are looked for together


class Ledger:
    """Which images have rows in a folder. One process at a time has it open.

    Args:
        path: of the file; made when absent.
        folder: of the job, with the rows.

    Raises:
        StoreError: when another process has it open, or it is no ledger. Every method may.
    """

    def __init__(self, path: Path, folder: Folder) -> None:
        self._path: Final = path
        self._folder: Final = folder
        with self._explained():
            self._db: Final = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            with self._explained():
                self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._db.execute("BEGIN EXCLUSIVE")
                self._db.execute("COMMIT")  # which, so locked, gives nothing back until the file is closed
                self._db.executescript(_TABLES)
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        """The ledger itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._db.close()

    def counts(self) -> tuple[int, int]:
        """How many images are done, and how many have failed."""
        with self._explained():
            done, failed = self._db.execute(
                "SELECT count(*) FILTER (WHERE NOT failed), count(*) FILTER (WHERE failed) FROM images"
            ).fetchone()
        return int(done), int(failed)

    def take(self, part: Part) -> None:
        """Enter a part whose rows are on the disk. A success stays one, whatever failed before or after.

        Args:
            part: of a chunk; one that is known already changes nothing.
        """
        with self._explained(), self._transaction():
            if part.scored:
                self._number(parts.SCORED, part.name)
                self._db.executemany(_DONE, ((key,) for key in part.scored))
            if part.failed:
                number = self._number(parts.FAILED, part.name)
                self._db.executemany(_FAILED, ((key, number) for key in part.failed))

    def undone(self, images: Iterable[Source], *, retry: bool = True) -> Iterator[tuple[bytes, Source]]:
        """The images that are to be asked about, each once, with their keys; listed as they are asked for.

        Args:
            images: of the job.
            retry: whether those that failed in an earlier run are among them.
        """
        remaining = iter(images)
        while some := list(islice(remaining, _AT_ONCE)):
            keys = [key_of(image) for image in some]
            for place in self._open(keys, retry=retry):
                yield keys[place], some[place]

    def absorb(self) -> int:
        """Enter the parts that a stop left out, or all where the ledger is new; returns how many there were."""
        known = self._known()
        fresh = 0
        for status in (parts.FAILED, parts.SCORED):
            for chunk in parts.chunks_in(self._folder, status):
                if (status, chunk) in known:
                    continue
                name = parts.name_of(status, chunk)
                if status == parts.FAILED and self._is_half(chunk):
                    self._folder.remove(name)  # the stop came between its two files: all of its images are asked again
                    continue
                self._enter(chunk, status, parts.keys_in(self._folder, name))
                fresh += 1
        return fresh

    def tidy(self) -> None:
        """Take out of the failed rows those of images that were asked again since, so that an image is there once."""
        with self._explained():
            numbered = self._db.execute(
                "SELECT number, name FROM parts WHERE status = ? ORDER BY number", (parts.FAILED,)
            ).fetchall()
        for number, chunk in numbered:
            name = parts.name_of(parts.FAILED, chunk)
            if self._folder.exists(name):
                self._tidy_part(name, number)

    def _is_half(self, chunk: str) -> bool:
        """Whether the scored rows that belong to a chunk's failed ones are missing."""
        if self._folder.exists(parts.name_of(parts.SCORED, chunk)):
            return False
        return not parts.is_alone(self._folder, parts.name_of(parts.FAILED, chunk))

    def _tidy_part(self, name: str, number: int) -> None:
        there = parts.keys_in(self._folder, name)
        held = {key for key in there if self._failed_in(key) == number}
        if not held.issuperset(there):
            parts.keep_only(self._folder, name, held)

    def _failed_in(self, key: bytes) -> int:
        """The number of the part that says last why an image failed; 0 for one that is done."""
        with self._explained():
            found = self._db.execute("SELECT failed FROM images WHERE key = ?", (key,)).fetchone()
        return int(found[0]) if found else 0

    def _enter(self, name: str, status: str, keys: Sequence[bytes]) -> None:
        """Enter one file of a part."""
        with self._explained(), self._transaction():
            number = self._number(status, name)
            if status == parts.FAILED:
                self._db.executemany(_FAILED, ((key, number) for key in keys))
            else:
                self._db.executemany(_DONE, ((key,) for key in keys))

    def _known(self) -> set[tuple[str, str]]:
        with self._explained():
            return set(self._db.execute("SELECT status, name FROM parts").fetchall())

    def _number(self, status: str, name: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO parts (status, name) VALUES (?, ?)", (status, name))
        found = self._db.execute("SELECT number FROM parts WHERE (status, name) = (?, ?)", (status, name)).fetchone()
        return int(found[0])

    def _open(self, keys: Sequence[bytes], *, retry: bool) -> list[int]:
        """Places of the keys that are to be asked about, and were not named before in this run."""
        with self._explained(), self._transaction():
            self._db.executemany("INSERT INTO looked VALUES (?, ?)", enumerate(keys))
            places = [int(place) for (place,) in self._db.execute(_OPEN, (retry,)).fetchall()]
            self._db.execute("INSERT OR IGNORE INTO seen SELECT key FROM looked")
            self._db.execute("DELETE FROM looked")
        return places

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the database as one of the ledger's, with the way out."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StoreError(
                    f"another process is writing rows to {self._path.parent}: wait for it, or name another folder"
                ) from error
            raise StoreError(f"the ledger {self._path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._path} is no ledger ({error}): remove it, and it is made anew from the rows"
            ) from error
