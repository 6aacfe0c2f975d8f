"""What was asked is kept to the bit, once, whoever asked; a store that cannot be used says why."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from wherefrom.core.errors import StoreError
from wherefrom.scoring import leases
from wherefrom.scoring.database import Database
from wherefrom.scoring.store import Question, Store

QUESTION = Question(model="m", measure="q", seed=0)
DIGESTS = [f"{i:064x}" for i in range(1200)]


def fill(store: Store, digests: list[str], question: Question = QUESTION) -> None:
    store.keep(question, ("a", "b"), {digest: np.array([int(digest, 16) / 3, np.nan]) for digest in digests})


def test_rows_come_back_to_the_bit(tmp_path: Path) -> None:
    row = np.array([1 / 3, -0.0, np.nan, 5e-324, 1.7976931348623157e308])
    with Store(tmp_path / "new" / "folder" / "s.db") as store:
        store.keep(QUESTION, ("v", "w", "x", "y", "z"), {DIGESTS[0]: row})
    with Store(tmp_path / "new" / "folder" / "s.db") as store:
        found = store.find(QUESTION, DIGESTS)
        assert list(found) == [DIGESTS[0]]
        assert found[DIGESTS[0]].tobytes() == row.tobytes()
        assert store.columns(QUESTION) == ("v", "w", "x", "y", "z")
        assert store.count() == 1


def test_a_question_is_model_measure_and_seed(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        fill(store, DIGESTS)
        assert len(store.find(QUESTION, DIGESTS)) == store.count() == 1200
        for other in (("n", "q", 0), ("m", "r", 0), ("m", "q", 2**70)):
            question = Question(model=other[0], measure=other[1], seed=other[2])
            assert store.find(question, DIGESTS) == {}
            assert store.columns(question) is None
            fill(store, DIGESTS[:1], question)
        assert store.count() == 1203


def test_the_first_row_stays(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        store.keep(QUESTION, ("a",), {DIGESTS[0]: np.array([1.0])})
        store.keep(QUESTION, ("a",), {DIGESTS[0]: np.array([2.0])})
        assert store.find(QUESTION, DIGESTS[:1])[DIGESTS[0]].tolist() == [1.0]


def test_other_columns_for_the_same_question_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        fill(store, DIGESTS[:1])
        with pytest.raises(StoreError, match="its measure card did not"):
            store.keep(QUESTION, ("a", "c"), {DIGESTS[1]: np.zeros(2)})
        assert store.count() == 1


def test_a_claim_is_one_stores_until_it_is_kept_released_or_closed(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as one, Store(tmp_path / "s.db") as two:
        assert one.claim(QUESTION, DIGESTS[:3]) == frozenset(DIGESTS[:3])
        assert two.claim(QUESTION, DIGESTS[:4]) == {DIGESTS[3]}
        fill(one, DIGESTS[:1])
        one.release(QUESTION, DIGESTS[1:2])
        assert two.claim(QUESTION, DIGESTS[:3]) == {DIGESTS[1]}
        one.close()
        assert two.claim(QUESTION, DIGESTS[:3]) == {DIGESTS[2]}


def test_nobody_releases_what_another_claimed(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as one, Store(tmp_path / "s.db") as two:
        one.claim(QUESTION, DIGESTS[:1])
        two.release(QUESTION, DIGESTS[:1])
        assert two.claim(QUESTION, DIGESTS[:1]) == frozenset()


def test_threads_claim_everything_once(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store, ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: store.claim(QUESTION, DIGESTS[:50]), range(16)))
        assert sorted(digest for part in claimed for digest in part) == DIGESTS[:50]
        list(pool.map(lambda i: fill(store, DIGESTS[i : i + 100]), range(0, 1200, 50)))
        assert store.count() == 1200


def claim_and_die(path: Path) -> None:
    Store(path).claim(QUESTION, DIGESTS[:2])
    os._exit(9)


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="the death of a process is seen in Linux's /proc")
def test_the_claims_of_a_dead_process_are_void_at_once(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=claim_and_die, args=(tmp_path / "s.db",))
    process.start()
    process.join()
    assert process.exitcode == 9
    with Store(tmp_path / "s.db") as store:
        assert store.claim(QUESTION, DIGESTS[:3]) == frozenset(DIGESTS[:3])


def test_a_claim_that_is_not_renewed_expires_and_one_that_is_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE", 0.3)
    with Store(tmp_path / "s.db") as alive, Store(tmp_path / "s.db") as stopped, Store(tmp_path / "s.db") as other:
        monkeypatch.setattr(stopped, "_start_heartbeat", lambda: None)
        alive.claim(QUESTION, DIGESTS[:1])
        stopped.claim(QUESTION, DIGESTS[1:2])
        assert other.claim(QUESTION, DIGESTS[:2]) == frozenset()
        time.sleep(0.9)
        assert other.claim(QUESTION, DIGESTS[:2]) == {DIGESTS[1]}


def test_a_process_that_cannot_be_seen_may_live() -> None:
    world, pid, started, token = leases.new_owner().split("|")
    assert leases.may_live(f"{world}|{pid}|{started}|{token}")
    assert not leases.may_live(f"{world}|{pid}|1{started}|{token}")
    assert leases.may_live(f"elsewhere|{pid}|1{started}|{token}")
    assert leases.may_live(f"|{pid}||{token}")


def open_at(barrier: threading.Barrier, path: Path) -> int:
    barrier.wait()
    with Store(path) as store:
        fill(store, DIGESTS[:20])
        return store.count()


def test_many_open_a_new_store_at_once(tmp_path: Path) -> None:
    for number in range(5):
        barrier = threading.Barrier(6)
        with ThreadPoolExecutor(6) as pool:
            counts = pool.map(open_at, [barrier] * 6, [tmp_path / f"{number}.db"] * 6)
        assert list(counts) == [20] * 6


def test_another_process_may_make_the_tables_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create = Database._create

    def late(database: Database) -> None:
        monkeypatch.setattr(Database, "_create", create)
        with Store(tmp_path / "s.db") as first:
            fill(first, DIGESTS[:3])
        create(database)

    monkeypatch.setattr(Database, "_create", late)
    with Store(tmp_path / "s.db") as store:
        assert store.count() == 3


class Hasty:
    """A connection whose switch to the log fails twice at once, as it may while another process switches."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.failures = 2

    def execute(self, statement: str, *arguments: object) -> sqlite3.Cursor:
        if "journal_mode" in statement and self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database is locked")
        return self.connection.execute(statement, *arguments)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self.connection, name)


def test_opening_waits_where_sqlite_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: Hasty(connect(*args, **options)))
    with Store(tmp_path / "s.db") as store:
        assert store._db.connection.failures == 0  # type: ignore[attr-defined]
        assert store._db.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


PROGRAM = """
import sys, time
from pathlib import Path
from wherefrom.scoring.store import Question, Store
print("ready", flush=True)
start = float(sys.stdin.readline())
for number in range(40):
    time.sleep(max(0, start + number / 50 - time.time()))
    with Store(Path(sys.argv[1]) / f"{number}.db") as store:
        store.claim(Question(model="m", measure="q", seed=0), ["00"])
"""


def test_many_processes_open_a_new_store_at_once(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    start = f"{time.time() + 0.1}\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(start)
        process.stdin.flush()
    results = [process.communicate(timeout=60) for process in processes]
    assert [(process.returncode, errors) for process, (_, errors) in zip(processes, results, strict=True)] == [
        (0, "")
    ] * 4


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        with pytest.raises(StoreError):
            store.keep(QUESTION, ("a",), {DIGESTS[0]: np.zeros(1), object(): np.zeros(1)})  # type: ignore[dict-item]
        assert store.count() == 0
        assert store.columns(QUESTION) is None


def test_files_that_are_no_store_are_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a list of things to buy, none of them a database " * 40)
    with pytest.raises(StoreError, match=r"text: file is not a database: it is some other file"):
        Store(tmp_path / "text")
    with sqlite3.connect(tmp_path / "mail.db") as mail:
        mail.execute("CREATE TABLE letters (body TEXT)")
    mail.close()
    before = (tmp_path / "mail.db").read_bytes()
    with pytest.raises(StoreError, match="another program's database"):
        Store(tmp_path / "mail.db")
    assert (tmp_path / "mail.db").read_bytes() == before
    with pytest.raises(StoreError, match="name a file in one that may"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="cannot make the folder"):
        Store(tmp_path / "text" / "s.db")


def test_another_schema_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "s.db").close()
    with sqlite3.connect(tmp_path / "s.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreError, match="schema 99, this version of wherefrom writes 1"):
        Store(tmp_path / "s.db")


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "s.db").touch()
    with Store(tmp_path / "s.db") as store:
        assert store.count() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_may_not_be_written_is_named(there: bool, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    if there:
        Store(folder / "s.db").close()
        (folder / "s.db").chmod(0o444)
    folder.chmod(0o555)
    program = (
        "import os, sys\n"
        "from wherefrom.core.errors import StoreError\n"
        "from wherefrom.scoring.store import Store\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: Store('s.db')\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True)
    folder.chmod(0o755)
    assert "may not be written" in done.stdout


def test_a_full_disk_is_an_error_and_what_was_kept_stays(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        fill(store, DIGESTS[:10])
        pages = store._db.connection.execute("PRAGMA page_count").fetchone()[0]
        store._db.connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreError, match=r"full: make room on the disk"):
            fill(store, DIGESTS)
        assert store.count() == 10


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.count()


def test_no_torch() -> None:
    program = "import sys, wherefrom.scoring.store, wherefrom.scoring.progress; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
