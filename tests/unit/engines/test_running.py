"""A run that may be stopped anywhere: nothing is lost, nothing is there twice, and no other question is mixed in."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from itertools import islice
from pathlib import Path

import pytest

from tests.unit.engines.lengths import Lengths, images, names_in
from wherefrom.core.errors import StoreError, UsageError
from wherefrom.engines import parts
from wherefrom.engines.base import Chunk, Job, Part
from wherefrom.engines.folders import Folder, LocalFolder
from wherefrom.engines.keys import key_of
from wherefrom.engines.ledger import Ledger
from wherefrom.engines.local import Local
from wherefrom.engines.running import run_job
from wherefrom.images.files import Source

NAMES = sorted(map(str, range(10)))


class Stop(BaseException):
    """As when a process is killed: nobody catches it."""


class Stopping:
    """The local engine until so many parts are on the disk; the last one is never told of, where `silent`."""

    def __init__(self, count: int, *, silent: bool) -> None:
        self.count, self.silent = count, silent

    def parts(self, job: Job, chunks: Iterable[Chunk]) -> Generator[Part, None, None]:
        for place, part in enumerate(Local().parts(job, chunks), start=1):
            if place == self.count and self.silent:
                raise Stop
            yield part
            if place == self.count:
                raise Stop


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_a_run_that_was_stopped_goes_on_where_its_rows_end(tmp_path: Path, count: int, silent: bool) -> None:
    task = Lengths(bad={"4"})
    with pytest.raises(Stop):
        run_job(task, images(10), folder=tmp_path, engine=Stopping(count, silent=silent), images_a_file=3)
    done = run_job(task, images(10), folder=tmp_path, images_a_file=3, retry=False)
    assert names_in(tmp_path) == NAMES
    assert task.asked == dict.fromkeys(NAMES, 1)
    assert (done.scored, done.failed, done.asked) == (9, 1, 10 - 3 * count)


def test_a_stop_between_the_two_files_of_a_chunk_asks_all_of_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = parts.write_rows

    def stop_at_scored(folder: Folder, name: str, rows: object, schema: object) -> None:
        if parts.SCORED in name:
            raise Stop
        write(folder, name, rows, schema)

    task = Lengths(bad={"1"})
    with monkeypatch.context() as patched:
        patched.setattr(parts, "write_rows", stop_at_scored)
        with pytest.raises(Stop):
            run_job(task, images(3), folder=tmp_path)
    run_job(task, images(3), folder=tmp_path, retry=False)
    assert names_in(tmp_path) == ["0", "1", "2"]
    assert task.asked == {"0": 2, "1": 2, "2": 2}


def test_a_chunk_that_two_workers_are_given_is_asked_once(tmp_path: Path) -> None:
    class Twice:
        def parts(self, job: Job, chunks: Iterable[Chunk]) -> Generator[Part, None, None]:
            for chunk in chunks:
                first, again = job.open()(chunk), job.open()(chunk)
                assert (set(first.scored), set(first.failed)) == (set(again.scored), set(again.failed))
                yield again

    task = Lengths(bad={"0", "1", "5"})
    run_job(task, images(6), folder=tmp_path, engine=Twice(), images_a_file=2)
    assert task.asked == dict.fromkeys(map(str, range(6)), 1)
    assert names_in(tmp_path) == sorted(map(str, range(6)))


def test_failed_rows_are_asked_again_and_a_success_takes_their_place(tmp_path: Path) -> None:
    task = Lengths(bad={"2", "5", "7"})
    run_job(task, images(10), folder=tmp_path, images_a_file=3)
    assert names_in(tmp_path, "failed") == ["2", "5", "7"]
    task.bad = {"2"}
    done = run_job(task, images(10), folder=tmp_path, images_a_file=3)
    assert (done.asked, done.failed_now, done.scored, done.failed) == (3, 1, 9, 1)
    assert (names_in(tmp_path), names_in(tmp_path, "failed")) == (NAMES, ["2"])
    before = task.asked.total()
    run_job(task, images(10), folder=tmp_path, retry=False)
    assert task.asked.total() == before


def test_a_stored_success_beats_a_failure_that_comes_later(tmp_path: Path) -> None:
    run_job(Lengths(), images(2), folder=tmp_path)
    key = key_of(next(images(1)))
    parts.write_rows(
        LocalFolder(tmp_path),
        parts.name_of(parts.FAILED, "late"),
        [{"key": key, "name": "0", "error": "late"}],
        parts.alone(Lengths().schema),
    )
    done = run_job(Lengths(), images(2), folder=tmp_path)
    assert (done.asked, done.scored, done.failed) == (0, 2, 0)
    assert names_in(tmp_path) == ["0", "1"]


def test_a_ledger_that_is_lost_is_made_anew_from_the_rows(tmp_path: Path) -> None:
    task = Lengths(bad={"3", "8"})
    run_job(task, images(10), folder=tmp_path, images_a_file=4)
    (tmp_path / "ledger.sqlite").unlink()
    (tmp_path / "rows" / parts.SCORED / ".x.partial.parquet").write_bytes(b"half")
    task.bad = {"3"}
    done = run_job(task, images(10), folder=tmp_path, images_a_file=4)
    assert (done.asked, done.scored, done.failed) == (2, 9, 1)
    assert names_in(tmp_path) == NAMES
    assert not list((tmp_path / "rows").rglob(".*"))


def test_an_image_is_its_name_and_place(tmp_path: Path) -> None:
    twice = [Source(name="a", path=Path("a.png")), Source(name="a", path=Path("a.png"))]
    other = [Source(name="a", path=Path("b.png")), Source(name="b", path=Path("a.png")), Source(name="a", data=b"x")]
    task = Lengths()
    assert run_job(task, [*twice, *other], folder=tmp_path, images_a_file=1).asked == 4
    assert run_job(task, [*other, *twice], folder=tmp_path, images_a_file=3).asked == 0


def test_images_are_listed_only_as_they_are_needed(tmp_path: Path) -> None:
    listed = 0

    def listing() -> Iterable[Source]:
        nonlocal listed
        for image in images(10**9):
            listed += 1
            yield image

    with pytest.raises(Stop):
        run_job(Lengths(), listing(), folder=tmp_path, engine=Stopping(2, silent=False), images_a_file=5)
    assert listed <= 2000


def test_another_question_needs_another_folder(tmp_path: Path) -> None:
    run_job(Lengths(), images(1), folder=tmp_path / "a")
    with pytest.raises(UsageError, match=r'holds rows of another question \(question: "length" there, "width" here\)'):
        run_job(Lengths(question="width"), images(1), folder=tmp_path / "a")
    with pytest.raises(UsageError, match="the models of this run are not those whose rows are in"):
        run_job(Lengths(digest="1" * 64), images(2), folder=tmp_path / "a")
    assert names_in(tmp_path / "a") == ["0"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(UsageError, match="its files are not of such a run: name a new folder"):
        run_job(Lengths(), images(1), folder=tmp_path / "other")


def test_another_release_is_another_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_job(Lengths(), images(1), folder=tmp_path)
    monkeypatch.setattr("wherefrom.engines.running.computing_digest", lambda: "f" * 64)
    with pytest.raises(UsageError, match=r"by wherefrom .*the code that computes scores, or a package .*, is another"):
        run_job(Lengths(), images(1), folder=tmp_path)


def test_two_processes_do_not_write_to_one_folder(tmp_path: Path) -> None:
    run_job(Lengths(), images(1), folder=tmp_path)
    open_ledger = Ledger(tmp_path / "ledger.sqlite", LocalFolder(tmp_path))
    with open_ledger, pytest.raises(StoreError, match="another process is writing rows to"):
        run_job(Lengths(), images(1), folder=tmp_path)
    (tmp_path / "ledger.sqlite").write_text("no database, however long it is")
    with pytest.raises(StoreError, match=r"is no ledger .* remove it, and it is made anew"):
        run_job(Lengths(), images(1), folder=tmp_path)


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    run_job(Lengths(), images(1), folder=tmp_path)
    (tmp_path / "ledger.sqlite").unlink()
    (chunk,) = parts.chunks_in(LocalFolder(tmp_path), parts.SCORED)
    part = tmp_path / parts.name_of(parts.SCORED, chunk)
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(StoreError, match=r"is no whole part of rows .* remove it, and its images are asked again"):
        run_job(Lengths(), images(1), folder=tmp_path)
    part.unlink()
    assert run_job(Lengths(), images(1), folder=tmp_path).asked == 1


def test_progress_counts_images_and_failures(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    task = Lengths(bad={"1"})
    run_job(task, islice(images(10), 5), folder=tmp_path, progress=lambda now: told.append((now.done, now.errors)))
    assert told[-1] == (5, 1)


@pytest.mark.parametrize("place", ["{}/rows", "memory://{}/rows"])
def test_a_relative_path_of_another_folder_is_not_taken_for_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monday, tuesday = tmp_path / "monday", tmp_path / "tuesday"
    rows = place.format(tmp_path)
    for day in (monday, tuesday):
        day.mkdir()
    monkeypatch.chdir(monday)
    run_job(Lengths(), images(2), folder=rows)
    monkeypatch.chdir(tuesday)
    with pytest.raises(UsageError, match=rf"begin in {monday}, and 0.png of this run begins in {tuesday}"):
        run_job(Lengths(), images(2), folder=rows)
    whole = [Source(name="0", path=tuesday / "0.png")]
    assert run_job(Lengths(), whole, folder=rows).asked == 1
    monkeypatch.chdir(monday)
    assert run_job(Lengths(), images(3), folder=rows).asked == 1


def test_rows_and_images_that_are_moved_together_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    monkeypatch.chdir(old)
    run_job(Lengths(), images(2), folder="rows")
    old.rename(new)
    monkeypatch.chdir(new)
    assert run_job(Lengths(), images(3), folder="rows").asked == 1
