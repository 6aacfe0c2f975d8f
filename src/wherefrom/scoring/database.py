"""The SQLite file of a store: opened, checked, asked by one thread at a time; waits for other processes are said."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import StoreError

__all__ = ["SCHEMA", "Database"]

_log: Final = logging.getLogger(__name__)
SCHEMA: Final = 1
"""Number of the tables' form."""
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
_WORD: Final = 5.0  # seconds of it after which the wait is logged, and again
_PAUSE: Final = 0.01  # seconds between two tries where SQLite gives up at once instead of waiting


class Database:
    """One SQLite file, safe in threads and among processes.

    Args:
        path: the file; made with its folder when absent.

    Raises:
        StoreError: when the file is no store, or of another schema, or cannot be opened or written. Every method may.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._lock: Final = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder of the store {path}: {error}") from error
        with self._explained():
            self.connection: Final = sqlite3.connect(path, timeout=_WORD, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            with suppress(sqlite3.Error):  # what failed first is what is said
                self._settle()
            self.connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one SELECT, all as they are at one moment. Takes no lock that another process waits for.

        Args:
            statement: in SQL.
            values: of its placeholders, in order.
        """
        with self._explained():
            return self.connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, with the write lock from the start. What holds only once it is written is noted after it."""
        with self._explained():
            self._settle()  # an earlier ROLLBACK may have failed too
            try:
                self._patiently(lambda: self.connection.execute("BEGIN IMMEDIATE"))
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # as above
                    self._settle()
                raise

    def _settle(self) -> None:
        """Undo a transaction that is still open."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """One thread at a time, and SQLite's complaints as StoreError with the way out."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreError(f"{self.path}: {error}{_way_out(error)}") from error

    def _patiently(self, ask: Callable[[], object]) -> None:
        """Try until no other process holds the file, for a minute at most; says every few seconds what it waits for."""
        start = time.monotonic()
        said = _WORD
        while True:
            try:
                ask()
                return
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - start
                if "locked" not in str(error) or waited > _WAIT:
                    raise
            if waited >= said:
                said = waited + _WORD
                _log.warning(
                    "%s: another process has been writing to it for %.0f s; waiting until it is done, %.0f s at most",
                    self.path,
                    waited,
                    _WAIT,
                )
            time.sleep(_PAUSE)

    def _prepare(self) -> None:
        """Make the tables in a new file; refuse a file that is not ours."""
        application = version = tables = 0

        def look() -> None:
            nonlocal application, version, tables
            self._settle()
            self.connection.execute("BEGIN")  # one moment for all three, while another process may make the tables
            (application,) = self.connection.execute("PRAGMA application_id").fetchone()
            (version,) = self.connection.execute("PRAGMA user_version").fetchone()
            (tables,) = self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self.connection.execute("COMMIT")

        with self._explained():
            self._patiently(look)
        if application == 0 and tables == 0:
            self._create()
        elif application != _APPLICATION:
            raise StoreError(f"{self.path} is another program's database, not a score store: name another file")
        elif version != SCHEMA:
            raise StoreError(
                f"{self.path} is a score store of schema {version}, this version of wherefrom writes {SCHEMA}:"
                " name another file, or use the version that made it"
            )
        with self._explained():  # SQLite's log, so that readers and a writer do not block each other
            self._patiently(lambda: self.connection.execute("PRAGMA journal_mode = WAL"))
            self.connection.execute("PRAGMA synchronous = NORMAL")

    def _create(self) -> None:
        with self.transaction() as writing:
            if writing.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return  # another process was first
            for statement in _TABLES.split(";"):
                writing.execute(statement)
            writing.execute(f"PRAGMA application_id = {_APPLICATION}")
            writing.execute(f"PRAGMA user_version = {SCHEMA}")


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
