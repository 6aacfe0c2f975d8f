"""Whatever fails, dies or jumps, nothing is lost, nothing is kept twice, and nobody waits without end or a word."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.unit.scoring.faults import DIGESTS, QUESTION, Faulty, faulty, row_of, work
from tests.unit.scoring.standins import Halver, Loss, pixels_of, record_of
from wherefrom.core.errors import StoreError
from wherefrom.images.read import pixel_digest
from wherefrom.scoring import database, leases, run
from wherefrom.scoring.progress import Progress
from wherefrom.scoring.run import score
from wherefrom.scoring.store import Question, Store

ROOT = Path(__file__).resolve().parents[3]


def whole(path: Path) -> None:
    """All rows are there, each once and right."""
    with Store(path) as store:
        rows = store.find(QUESTION, DIGESTS)
        assert store.count() == len(DIGESTS)
    assert {digest: row.tobytes() for digest, row in rows.items()} == {d: row_of(d).tobytes() for d in DIGESTS}


def kept_in(path: Path) -> int:
    """Rows so far; none where the store could not even be made."""
    with Store(path) as store:
        return store.count()


def refuse(message: str) -> Callable[[], None]:
    """SQLite's complaint, or Ctrl-C; a new one each time, for an error keeps what it interrupted alive."""

    def fault() -> None:
        raise KeyboardInterrupt if message == "ctrl-c" else sqlite3.OperationalError(message)

    return fault


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", ["disk I/O error", "ctrl-c"])
def test_an_error_at_any_statement_loses_nothing_and_leaves_the_store_at_work(
    error: str, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store itself goes on with the next try, and so does another one, as soon as claims run out."""
    monkeypatch.setattr(leases, "LEASE", 0.05)
    monkeypatch.setattr(Store, "_start_heartbeat", lambda _: None)  # a thread's statements would come at any place
    for at in count():
        path = tmp_path / f"{at}.db"
        with faulty(at, after=after, fault=refuse(error)) as made:
            opened: list[Store] = []
            with suppress(StoreError, KeyboardInterrupt):
                opened.append(Store(path))
                work(opened[0])
        reached = any(one.calls > at for one in made)
        for one in made:
            one.at = -1
        before = kept_in(path)
        until = time.monotonic() + 5
        for own in opened:  # the same store, without closing it: a claim that was not written is no claim
            assert own.claim(QUESTION, DIGESTS) == set(DIGESTS) - set(own.find(QUESTION, DIGESTS))
            own.release(QUESTION, DIGESTS)
        with Store(path) as other:
            work(other)
        assert time.monotonic() < until
        for own in opened:
            own.close()
        whole(path)
        assert before <= len(DIGESTS)
        if not reached:
            assert before == len(DIGESTS)
            break
    assert at > 20


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_claims_whose_commit_failed_can_be_claimed_again(after: bool, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with faulty(-1, after=after, fault=refuse("disk I/O error")) as made:
        store = Store(path)
        statements = made[0]
        statements.at = statements.calls + 4  # look, BEGIN, look, INSERT, then COMMIT
        with pytest.raises(StoreError, match="disk I/O"):
            store.claim(QUESTION, DIGESTS)
        assert store.claim(QUESTION, DIGESTS) == set(DIGESTS)
        store.close()


def test_what_could_not_be_given_back_is_not_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that stays open after an error must not keep others waiting for as long as it lives."""
    monkeypatch.setattr(leases, "LEASE", 0.3)
    fault = refuse("disk I/O error")
    with faulty(-1, after=False, fault=fault) as made, Store(tmp_path / "s.db") as store:
        store.claim(QUESTION, DIGESTS)
        made[0].at = made[0].calls
        with pytest.raises(StoreError):
            store.release(QUESTION, DIGESTS)
        with Store(tmp_path / "s.db") as other:
            until = time.monotonic() + 5
            while not other.claim(QUESTION, DIGESTS):
                assert time.monotonic() < until
                time.sleep(0.02)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Every write to a file beyond so many bytes fails, as on a full disk."""
    resource = pytest.importorskip("resource", reason="limits of POSIX")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_error_at_any_write_to_the_files_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database, its log and its shared memory: each fails where it would grow beyond a size."""
    monkeypatch.setattr(Store, "_start_heartbeat", lambda _: None)
    failed = 0
    for size in range(0, 120_000, 2048):
        path = tmp_path / f"{size}.db"
        store: Store | None = None
        try:
            with files_of_at_most(size):
                store = Store(path)
                work(store)
        except StoreError as error:
            failed += str(path) in str(error)
        if store is not None:
            work(store)  # with room again, the same store goes on
            store.close()
        else:
            with Store(path) as later:
                work(later)
        whole(path)
    assert 10 < failed < 59


@pytest.mark.parametrize("name", ["read_text", "readlink"])
def test_a_process_whose_traces_cannot_be_read_is_not_taken_for_dead(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "no")

    with Store(tmp_path / "s.db") as usual, Store(tmp_path / "s.db") as other:
        usual.claim(QUESTION, DIGESTS[:1])
        with monkeypatch.context() as broken:
            broken.setattr(Path, name, fails)
            assert other.claim(QUESTION, DIGESTS[:1]) == set()  # it cannot be seen: it may live
            with Store(tmp_path / "s.db") as blind:
                blind.claim(QUESTION, DIGESTS[1:2])
                broken.undo()
                assert other.claim(QUESTION, DIGESTS[:2]) == set()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match=r"cannot make the folder of the store .*No space left"):
        Store(tmp_path / "new" / "s.db")


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="the death of a process is seen in Linux's /proc")
def test_kill_9_at_any_statement_loses_nothing_and_the_other_process_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.scoring.faults", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert all(int(states) > 20 for states in done.stdout.split())


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0])
def test_a_clock_that_jumps_neither_frees_a_living_claim_nor_holds_a_dead_one(
    jump: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As between hosts: whether the other process lives cannot be seen, only whether its claim changes."""
    monkeypatch.setattr(leases, "_process_namespace", lambda: "")
    monkeypatch.setattr(leases, "LEASE", 0.4)
    now = time.time
    with Store(tmp_path / "s.db") as alive, Store(tmp_path / "s.db") as stopped, Store(tmp_path / "s.db") as other:
        monkeypatch.setattr(stopped, "_start_heartbeat", lambda: None)
        stopped.claim(QUESTION, DIGESTS[:1])
        alive.claim(QUESTION, DIGESTS[1:])
        assert other.claim(QUESTION, DIGESTS) == set()
        monkeypatch.setattr(time, "time", lambda: now() + jump)
        assert other.claim(QUESTION, DIGESTS) == set()
        time.sleep(0.6)
        assert other.claim(QUESTION, DIGESTS) == {DIGESTS[0]}
        monkeypatch.setattr(time, "time", now)
        assert other.claim(QUESTION, DIGESTS) == set()
        time.sleep(0.6)
        assert other.claim(QUESTION, DIGESTS) == set()


def test_a_claim_stamped_in_the_future_is_waited_for_with_a_word_and_not_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(leases, "LEASE", 0.5)
    monkeypatch.setattr(run, "_WORD", 0.1)
    Store(tmp_path / "s.db").close()
    question = Question(model=Halver().card.digest, measure=Loss().measure.digest, seed=0)
    with sqlite3.connect(tmp_path / "s.db") as database:
        owner = "otherhost 0000 pid:[1]|17|99|y"
        claim = (*question.key, pixel_digest(pixels_of(0)), owner, time.time() + 3660)
        database.execute("INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)", claim)
    database.close()
    seen: list[Progress] = []
    start = time.monotonic()
    with caplog.at_level(logging.WARNING):
        table = score(
            [record_of(pixels_of(0))], model=Halver(), method=Loss(), store=tmp_path / "s.db", progress=seen.append
        )
    assert table.scored.all()
    assert time.monotonic() - start < 5
    said = "1 that process 17 on otherhost asks about"
    assert any(f"waiting for images of this run, {said}" in record.getMessage() for record in caplog.records)
    assert said in [report.waiting for report in seen]
    assert seen[-1].waiting is None


def test_a_look_is_one_statement_and_takes_no_lock_however_many_there_are(tmp_path: Path) -> None:
    many = [f"{number:064x}" for number in range(20_000)]
    with Store(tmp_path / "s.db") as one, Store(tmp_path / "s.db") as two:
        one.claim(QUESTION, many)
        statements: list[str] = []
        two._db.connection.set_trace_callback(statements.append)
        one._db.connection.execute("BEGIN IMMEDIATE")  # somebody is writing
        assert two.look(QUESTION, many).held == {leases.owner_in_words(one._owner): 20_000}
        assert two.claim(QUESTION, many) == set()
        one._db.connection.execute("ROLLBACK")
    assert [statement.split()[0] for statement in statements[:2]] == ["SELECT", "SELECT"]


def test_waiting_for_another_process_that_writes_is_said_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "_WORD", 0.05)
    with Store(tmp_path / "s.db") as store:
        writer = sqlite3.connect(tmp_path / "s.db", isolation_level=None, check_same_thread=False)
        writer.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.5, writer.execute, ["ROLLBACK"])
        timer.start()
        assert store.claim(QUESTION, DIGESTS) == set(DIGESTS)
        timer.join()
        assert "another process has been writing to it for" in caplog.text
        monkeypatch.setattr(database, "_WAIT", 0.2)
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked: another process held it for 0 s"):
            store.keep(QUESTION, ("a", "b"), {digest: row_of(digest) for digest in DIGESTS})
        writer.execute("ROLLBACK")
        writer.close()
        store.keep(QUESTION, ("a", "b"), {digest: row_of(digest) for digest in DIGESTS})
    whole(tmp_path / "s.db")


def test_the_stand_in_fails_where_it_is_told(tmp_path: Path) -> None:
    connection = Faulty(sqlite3.connect(tmp_path / "x.db"), 1, after=False, fault=refuse("no"))
    connection.execute("SELECT 1")
    with pytest.raises(sqlite3.OperationalError, match="no"):
        connection.execute("SELECT 1")
    connection.execute("SELECT 1")
    connection.close()
