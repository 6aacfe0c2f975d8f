"""What was already asked, kept in one SQLite file: a run resumes after any stop, and several processes may share it.

A row is kept under the digest of the scored pixels and under the `Question`: model, measure, root seed and the code
that computes. Numbers are float64, byte for byte. Errors are not kept: what failed is asked again.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.computing import computing_digest
from wherefrom.core.errors import StoreError
from wherefrom.scoring import leases
from wherefrom.scoring.database import Database

__all__ = ["Look", "Question", "Store"]

_OPEN: Final = """
SELECT value, owner, expires FROM json_each(?) LEFT JOIN claims
    ON claims.model = ? AND claims.measure = ? AND claims.seed = ? AND claims.pixels = value
    WHERE NOT EXISTS (SELECT 1 FROM answers JOIN questions ON question = id AND answers.pixels = value
        WHERE questions.model = ? AND questions.measure = ? AND questions.seed = ?)
"""
"""Which of some pixels have no row, each with its claim where it has one: one statement, hence one moment."""
_RENEWED: Final = 1e-3  # seconds that a renewal prolongs a claim at least: whoever watches sees it change on any clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of every image of a run.

    Attributes:
        model: digest of the model's card.
        measure: digest of the card of what is asked; methods that ask the same share it.
        seed: the root seed.
        computed: digest of what computes the answer: our own code and the releases it computes with; empty: this one's.
    """

    model: str
    measure: str
    seed: int
    computed: str = ""

    def __post_init__(self) -> None:
        """Take the code that runs."""
        if not self.computed:
            object.__setattr__(self, "computed", computing_digest())

    @property
    def key(self) -> tuple[str, str, str]:
        """As the store's tables have it; a seed may be larger than SQLite's integers."""
        return (self.model, f"{self.measure}:{self.computed}", str(self.seed))


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How it stands with some pixels that have no row yet.

    Attributes:
        free: whose turn is anybody's.
        held: how many each other store has claimed, by the store's owner in words, as `process 4711 on its-host`.
    """

    free: frozenset[str]
    held: Mapping[str, int]

    def __str__(self) -> str:
        """Who holds what, in words."""
        return " and ".join(f"{count} that {owner} asks about" for owner, count in sorted(self.held.items()))


class Store:
    """Rows of numbers by pixel digest and question, in one SQLite file. Safe in threads and among processes.

    A process claims what it is about to ask, so that two processes on one store share the work. The claims of a process
    that died are void, at once where its death can be seen and within a minute elsewhere, whatever the clocks say.

    Args:
        path: the file; made with its folder when absent. On a local disk: SQLite's log needs shared memory.

    Raises:
        StoreError: when the file is no store, or of another schema, or cannot be opened or written. Every method may.
    """

    def __init__(self, path: str | Path) -> None:
        self.path: Final = Path(path)
        self._owner: Final = leases.new_owner()
        self._sightings: Final = leases.Sightings()
        self._lock: Final = threading.RLock()
        self._held: Final[set[tuple[str, ...]]] = set()  # what the file is known to hold for this store
        self._closed: Final = threading.Event()
        self._heartbeat: threading.Thread | None = None
        self._db: Final = Database(self.path)

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
        if self._heartbeat is not None:
            self._heartbeat.join()
        try:
            if self._heartbeat is not None:
                with suppress(StoreError), self._db.transaction() as writing:  # what stays is void: nobody renews it
                    writing.execute("DELETE FROM claims WHERE owner = ?", (self._owner,))
        finally:
            self._db.close()

    def count(self) -> int:
        """How many rows are kept, of all questions."""
        return int(self._db.read("SELECT count(*) FROM answers")[0][0])

    def columns(self, question: Question) -> tuple[str, ...] | None:
        """The names of the numbers in each row of a question, in order; None where nothing was kept yet."""
        rows = self._db.read("SELECT columns FROM questions WHERE (model, measure, seed) = (?, ?, ?)", question.key)
        return tuple(json.loads(rows[0][0])) if rows else None

    def find(self, question: Question, pixels: Sequence[str]) -> dict[str, Vector]:
        """The kept rows among these pixel digests.

        Args:
            question: what was asked of each image.
            pixels: digests.
        """
        rows = self._db.read(
            "SELECT pixels, numbers FROM answers JOIN questions ON question = id"
            " WHERE (model, measure, seed) = (?, ?, ?) AND pixels IN (SELECT value FROM json_each(?))",
            (*question.key, json.dumps(pixels)),
        )
        return {digest: np.frombuffer(numbers, dtype="<f8") for digest, numbers in rows}

    def keep(self, question: Question, columns: Sequence[str], rows: Mapping[str, Vector]) -> None:
        """Keep rows by pixel digest, in one transaction, and give back their claims; a row that is there stays.

        Args:
            question: what was asked of each image.
            columns: the numbers' names, in order.
            rows: numbers by pixel digest, one a column.

        Raises:
            StoreError: when the question's rows have other columns.
        """
        with self._lock:
            with self._db.transaction() as writing:
                writing.execute(
                    "INSERT OR IGNORE INTO questions (model, measure, seed, columns) VALUES (?, ?, ?, ?)",
                    (*question.key, json.dumps(list(columns))),
                )
                kept = self.columns(question)
                if kept != tuple(columns):
                    raise StoreError(
                        f"{self.path} has the columns {kept} for this model and measure, got {tuple(columns)}: the"
                        " method changed but its measure card did not; use another store"
                    )
                writing.executemany(
                    "INSERT OR IGNORE INTO answers SELECT id, ?, ? FROM questions"
                    " WHERE (model, measure, seed) = (?, ?, ?)",
                    [(digest, np.asarray(row, dtype="<f8").tobytes(), *question.key) for digest, row in rows.items()],
                )
                gone = [(*question.key, digest) for digest in rows]
                writing.executemany(_UNCLAIM, [(*key, self._owner) for key in gone])
            self._held.difference_update(gone)

    def look(self, question: Question, pixels: Iterable[str]) -> Look:
        """Which pixels without a row are free, and who has the others. One read, however many; takes no lock.

        Args:
            question: what is asked of each image.
            pixels: digests.
        """
        free, held = set[str](), Counter[str]()
        with self._lock:
            asked = (json.dumps(list(dict.fromkeys(pixels))), *question.key, *question.key)
            rows = self._db.read(_OPEN, asked)
            others = {(owner, expires) for _, owner, expires in rows if owner not in (None, self._owner)}
            living = {claim for claim in others if not self._sightings.void(*claim)}
            self._sightings.forget_old()
            for digest, owner, expires in rows:
                if (*question.key, digest) in self._held:
                    held["this process"] += 1
                elif (owner, expires) in living:
                    held[leases.owner_in_words(owner)] += 1
                else:
                    free.add(digest)
        return Look(free=frozenset(free), held=held)

    def claim(self, question: Question, pixels: Iterable[str]) -> frozenset[str]:
        """Claim what is about to be asked: what is neither kept nor claimed by a living other, thread or process.

        Args:
            question: what is asked of each image.
            pixels: digests.
        """
        self._start_heartbeat()
        wanted = list(dict.fromkeys(pixels))
        with self._lock:
            if not self.look(question, wanted).free:
                return frozenset()
            with self._db.transaction() as writing:
                mine = self.look(question, wanted).free
                until = time.time() + leases.LEASE
                writing.executemany(
                    "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?)",
                    [(*question.key, digest, self._owner, until) for digest in sorted(mine)],
                )
            self._held.update((*question.key, digest) for digest in mine)
        return mine

    def release(self, question: Question, pixels: Iterable[str]) -> None:
        """Give back claims without a row, so that another process or a later run may ask.

        They are given back even where the file cannot be written: what is not renewed is void within a minute.

        Args:
            question: what was asked of each image.
            pixels: digests.
        """
        with self._lock:
            gone = [key for digest in pixels if (key := (*question.key, digest)) in self._held]
            self._held.difference_update(gone)
            if gone:
                with self._db.transaction() as writing:
                    writing.executemany(_UNCLAIM, [(*key, self._owner) for key in gone])

    def _start_heartbeat(self) -> None:
        """Start the thread that prolongs this store's claims."""
        with self._lock:
            if self._heartbeat is None and not self._closed.is_set():
                self._heartbeat = threading.Thread(target=self._renew, name="wherefrom-claims", daemon=True)
                self._heartbeat.start()

    def _renew(self) -> None:
        """Prolong this store's claims while it is open, for processes that cannot see whether its process lives."""
        while not self._closed.wait(leases.LEASE / 3):
            with suppress(StoreError):  # a missed heartbeat costs no row; whoever writes rows meets the error itself
                self._prolong()

    def _prolong(self) -> None:
        with self._lock:
            if self._held:
                with self._db.transaction() as writing:
                    until = time.time() + leases.LEASE
                    writing.executemany(_PROLONG, [(_RENEWED, until, *key, self._owner) for key in sorted(self._held)])


_UNCLAIM: Final = "DELETE FROM claims WHERE (model, measure, seed, pixels, owner) = (?, ?, ?, ?, ?)"
_PROLONG: Final = (
    "UPDATE claims SET expires = max(expires + ?, ?) WHERE (model, measure, seed, pixels, owner) = (?, ?, ?, ?, ?)"
)
