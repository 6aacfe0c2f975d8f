"""A store that fails, or whose process is killed, at a statement of choice; also a program that tries every one."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.scoring import leases
from wherefrom.scoring.store import Question, Store

QUESTION = Question(model="m", measure="q", seed=0)
DIGESTS = [f"{number:064x}" for number in range(6)]
BATCH = 2
_CONNECT = sqlite3.connect


def row_of(digest: str) -> Vector:
    """The only right answer."""
    return np.array([int(digest, 16) / 3, np.nan])


class Faulty:
    """A connection at one of whose statements something happens, once: before it is carried out, or just after."""

    def __init__(self, connection: sqlite3.Connection, at: int, *, after: bool, fault: Callable[[], None]) -> None:
        self.connection, self.at, self.after, self.fault, self.calls = connection, at, after, fault, 0

    def execute(self, *arguments: Any) -> Any:
        return self._run(self.connection.execute, *arguments)

    def executemany(self, *arguments: Any) -> Any:
        return self._run(self.connection.executemany, *arguments)

    def _run(self, what: Callable[..., Any], *arguments: Any) -> Any:
        here = self.calls == self.at
        self.calls += 1
        if here and not self.after:
            self.fault()
        found = what(*arguments)
        if here and self.after:
            self.fault()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@contextmanager
def faulty(at: int, *, after: bool, fault: Callable[[], None]) -> Iterator[list[Faulty]]:
    """Stores that are opened in here are faulty; yields their connections."""
    made: list[Faulty] = []

    def connect(*arguments: Any, **options: Any) -> Faulty:
        made.append(Faulty(_CONNECT(*arguments, **options), at, after=after, fault=fault))
        return made[-1]

    sqlite3.connect = connect  # type: ignore[assignment]
    try:
        yield made
    finally:
        sqlite3.connect = _CONNECT


def work(store: Store, asked: Callable[[str], object] = lambda _: None) -> None:
    """What a run does: claim a batch, ask, keep, give back; until all is kept, waiting where others have claimed."""
    while True:
        found = store.look(QUESTION, DIGESTS)
        if not found.free and not found.held:
            return
        mine = store.claim(QUESTION, sorted(found.free)[:BATCH])
        try:
            store._prolong()
            for digest in sorted(mine):
                asked(digest)
            if mine:
                store.keep(QUESTION, ("a", "b"), {digest: row_of(digest) for digest in mine})
        finally:
            store.release(QUESTION, mine)
        if not mine:
            time.sleep(0.002)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fork(path: Path, log: Path, at: int | None, *, after: bool) -> int:
    """A process that works on the store, and is killed at a statement; its number."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        leases.LEASE = 10**6  # type: ignore[misc]  # no claim runs out in here: only a death that is seen frees one
        with faulty(-1 if at is None else at, after=after, fault=_kill), Store(path) as store, log.open("a") as file:

            def note(digest: str) -> None:
                file.write(f"{digest}\n")
                file.flush()

            work(store, note)
        status = 0
    finally:
        os._exit(status)


def _kill_one_of_two(folder: Path, at: int, *, after: bool) -> bool:
    """Kill one of two processes at a statement; whether it came so far. The other one must then do what is left."""
    path, log = folder / f"{at}-{after}.db", folder / f"{at}-{after}.log"
    until = time.monotonic() + 30
    victim = _fork(path, log, at, after=after)
    while not (ended := os.waitpid(victim, os.WNOHANG))[0] and not (log.exists() and log.stat().st_size):
        time.sleep(0.0005)  # so that the other one cannot do all before
    heir = _fork(path, log, None, after=after)
    killed = os.waitstatus_to_exitcode((ended if ended[0] else os.waitpid(victim, 0))[1])
    while (ended := os.waitpid(heir, os.WNOHANG))[0] == 0:
        if time.monotonic() > until:
            os.kill(heir, signal.SIGKILL)
            os.waitpid(heir, 0)
            raise SystemExit(f"statement {at}: the other process waits without end")
        time.sleep(0.001)
    if killed not in (0, -signal.SIGKILL) or os.waitstatus_to_exitcode(ended[1]) != 0:
        raise SystemExit(f"statement {at}: ended with {killed} and {ended[1]}")
    with Store(path) as store:
        rows = store.find(QUESTION, DIGESTS)
        whole = {digest: row.tobytes() for digest, row in rows.items()} == {d: row_of(d).tobytes() for d in DIGESTS}
    times = log.read_text().split()
    if not whole or store_count(path) != len(DIGESTS) or len(times) > len(DIGESTS) + (BATCH if killed else 0):
        raise SystemExit(f"statement {at}: {len(rows)} rows, asked {len(times)} times")
    return killed != 0


def store_count(path: Path) -> int:
    """How many rows there are."""
    with Store(path) as store:
        return store.count()


def main(folder: str) -> None:
    """Kill at every statement, before and after it."""
    for after in (False, True):
        at = 0
        while _kill_one_of_two(Path(folder), at, after=after):
            at += 1
        sys.stdout.write(f"{at}\n")


if __name__ == "__main__":
    main(sys.argv[1])
