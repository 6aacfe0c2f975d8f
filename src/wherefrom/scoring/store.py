"""What was already asked, kept in one SQLite file: a run resumes after any stop, and several processes may share it.

A row is kept under the digest of the scored pixels and under the `Question`: model, measure and root seed. Numbers are
float64, byte for byte. Errors are not kept: what failed is asked again.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import StoreError
from wherefrom.scoring import _claims

__all__ = ["Question", "Store"]

SCHEMA: Final = 1
_APPLICATION: Final = 0x77667273  # "wfrs", in the file's header: tells a store from another program's database
_TABLES: Final = """
CREATE TABLE questions (id INTEGER PRIMARY KEY, model TEXT NOT NULL, measure TEXT NOT NULL, seed TEXT NOT NULL,
                        columns TEXT NOT NULL, UNIQUE (model, measure, seed));
CREATE TABLE answers (question INTEGER NOT NULL REFERENCES questions, pixels TEXT NOT NULL, numbers BLOB NOT NULL,
                      PRIMARY KEY (question, pixels)) WITHOUT ROWID;
CREATE TABLE claims (model TEXT NOT NULL, measure TEXT NOT NULL, seed TEXT NOT NULL, pixels TEXT NOT NULL,
                     owner TEXT NOT NULL, expires REAL NOT NULL,
                     PRIMARY KEY (model, measure, seed, pixels)) WITHOUT ROWID;
"""
_WAIT: Final = 60.0  # seconds that one process waits for another's transaction; each takes milliseconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of every image of a run.

    Attributes:
        model: digest of the model's card.
        measure: digest of the card of what is asked; methods that ask the same share it.
        seed: the root seed.
    """

    model: str
    measure: str
    seed: int

    @property
    def key(self) -> tuple[str, str, str]:
        """As the store's tables have it; a seed may be larger than SQLite's integers."""
        return (self.model, self.measure, str(self.seed))


class Store:
    """Rows of numbers by pixel digest and question, in one SQLite file. Safe in threads and among processes.

    A process claims what it is about to ask, so that two processes on one store share the work. The claims of a process
    that died are void, at once where its death can be seen and within a minute elsewhere.

    Args:
        path: the file; made with its folder when absent. On a local disk: SQLite's log needs shared memory.

    Raises:
        StoreError: when the file is no store, or of another schema, or cannot be opened or written. Every method may.
    """

    def __init__(self, path: str | Path) -> None:
        self.path: Final = Path(path)
        self._owner: Final = _claims.new_owner()
        self._lock: Final = threading.RLock()
        self._held: Final[set[tuple[str, ...]]] = set()
        self._closed: Final = threading.Event()
        self._pulse: threading.Thread | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder of the store {self.path}: {error}") from error
        with self._explained():
            self._db: Final = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Give back the claims and close the file; a second call does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._pulse is not None:
            self._pulse.join()
        try:
            if self._pulse is not None:
                with suppress(StoreError), self._transaction():  # claims that stay are void once this process is gone
                    self._db.execute("DELETE FROM claims WHERE owner = ?", (self._owner,))
        finally:
            self._db.close()

    def count(self) -> int:
        """How many rows are kept, of all questions."""
        with self._explained():
            return int(self._db.execute("SELECT count(*) FROM answers").fetchone()[0])

    def columns(self, question: Question) -> tuple[str, ...] | None:
        """The names of the numbers in each row of a question, in order; None where nothing was kept yet."""
        with self._explained():
            found = self._db.execute(
                "SELECT columns FROM questions WHERE (model, measure, seed) = (?, ?, ?)", question.key
            ).fetchone()
        return None if found is None else tuple(json.loads(found[0]))

    def find(self, question: Question, pixels: Sequence[str]) -> dict[str, Vector]:
        """The kept rows among these pixel digests."""
        with self._explained():
            found = self._db.execute(
                "SELECT pixels, numbers FROM answers JOIN questions ON question = id"
                " WHERE (model, measure, seed) = (?, ?, ?) AND pixels IN (SELECT value FROM json_each(?))",
                (*question.key, json.dumps(pixels)),
            ).fetchall()
        return {digest: np.frombuffer(numbers, dtype="<f8") for digest, numbers in found}

    def keep(self, question: Question, columns: Sequence[str], rows: Mapping[str, Vector]) -> None:
        """Keep rows by pixel digest, in one transaction, and give back their claims; a row that is there stays.

        Raises:
            StoreError: when the question's rows have other columns.
        """
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO questions (model, measure, seed, columns) VALUES (?, ?, ?, ?)",
                (*question.key, json.dumps(list(columns))),
            )
            kept = self.columns(question)
            if kept != tuple(columns):
                raise StoreError(
                    f"{self.path} has the columns {kept} for this model and measure, got {tuple(columns)}: the method"
                    " changed but its measure card did not; use another store"
                )
            self._db.executemany(
                "INSERT OR IGNORE INTO answers SELECT id, ?, ? FROM questions WHERE (model, measure, seed) = (?, ?, ?)",
                [(digest, np.asarray(row, dtype="<f8").tobytes(), *question.key) for digest, row in rows.items()],
            )
            self._forget(question, rows)

    def claim(self, question: Question, pixels: Iterable[str]) -> frozenset[str]:
        """Claim what is about to be asked: what is neither kept nor claimed by a living other, thread or process."""
        self._beat()
        mine: set[str] = set()
        with self._transaction():
            for digest in dict.fromkeys(pixels):
                key = (*question.key, digest)
                if key in self._held or self.find(question, [digest]) or self._claimed(key):
                    continue
                self._db.execute(
                    "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?)",
                    (*key, self._owner, time.time() + _claims.LEASE),
                )
                mine.add(digest)
            self._held.update((*question.key, digest) for digest in mine)
        return frozenset(mine)

    def release(self, question: Question, pixels: Iterable[str]) -> None:
        """Give back claims without a row, so that another process or a later run may ask."""
        held = [digest for digest in pixels if (*question.key, digest) in self._held]
        if held:
            with self._transaction():
                self._forget(question, held)

    def _claimed(self, key: tuple[str, ...]) -> bool:
        """Whether another open store holds this claim and may still be at work."""
        found = self._db.execute(
            "SELECT owner, expires FROM claims WHERE (model, measure, seed, pixels) = (?, ?, ?, ?)", key
        ).fetchone()
        if found is None or found[0] == self._owner:
            return False
        return bool(found[1] > time.time()) and _claims.may_live(found[0])

    def _forget(self, question: Question, pixels: Iterable[str]) -> None:
        gone = [(*question.key, digest) for digest in pixels]
        statement = "DELETE FROM claims WHERE (model, measure, seed, pixels, owner) = (?, ?, ?, ?, ?)"
        self._db.executemany(statement, [(*key, self._owner) for key in gone])
        self._held.difference_update(gone)

    def _beat(self) -> None:
        """Start the thread that prolongs this store's claims."""
        with self._lock:
            if self._pulse is None and not self._closed.is_set():
                self._pulse = threading.Thread(target=self._renew, name="wherefrom-claims", daemon=True)
                self._pulse.start()

    def _renew(self) -> None:
        """Prolong this process's claims while it lives, for processes that cannot see whether it does."""
        while not self._closed.wait(_claims.LEASE / 3):
            try:
                with self._transaction():
                    self._db.execute(
                        "UPDATE claims SET expires = ? WHERE owner = ?", (time.time() + _claims.LEASE, self._owner)
                    )
            except StoreError:  # a missed beat costs no row; whoever writes rows meets the error itself
                continue

    def _prepare(self) -> None:
        """Make the tables in a new file; refuse a file that is not ours."""
        with self._explained():
            self._db.execute("BEGIN")  # one moment for all three, while another process may make the tables
            (application,) = self._db.execute("PRAGMA application_id").fetchone()
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self._db.execute("COMMIT")
        if application == 0 and tables == 0:
            self._create()
        elif application != _APPLICATION:
            raise StoreError(f"{self.path} is another program's database, not a score store: name another file")
        elif version != SCHEMA:
            raise StoreError(
                f"{self.path} is a score store of schema {version}, this version of wherefrom writes {SCHEMA}:"
                " name another file, or use the version that made it"
            )
        self._write_ahead()

    def _write_ahead(self) -> None:
        """Switch to SQLite's log, so that readers and a writer do not block each other.

        Where another process makes the same switch, SQLite sometimes gives up at once instead of waiting.
        """
        until = time.monotonic() + _WAIT
        while True:
            try:
                with self._explained():
                    self._db.execute("PRAGMA journal_mode = WAL")
                    self._db.execute("PRAGMA synchronous = NORMAL")
                return
            except StoreError as error:
                if "locked" not in str(error.__cause__) or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    def _create(self) -> None:
        with self._transaction():
            if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return  # another process was first
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {SCHEMA}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """One thread at a time, and SQLite's complaints as StoreError with the way out."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreError(f"{self.path}: {error}{_way_out(error)}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, with the write lock from the start."""
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _way_out(error: sqlite3.Error) -> str:
    """What a person can do about one of SQLite's complaints."""
    text = str(error)
    for words, advice in {
        "not a database": ": it is some other file; name another one for the store",
        "malformed": ": the file is damaged; name another one, the images are then asked again",
        "readonly": ": the file or its folder may not be written; name a place that may",
        "unable to open": ": the folder may not be written, or the path is a folder; name a file in one that may",
        "full": ": make room on the disk and run again, the rows so far are kept",
        "disk I/O": ": the disk failed or is full; the rows so far are kept",
        "locked": f": another process held it for {_WAIT:.0f} s; run again when that one is done",
    }.items():
        if words in text:
            return advice
    return ""
