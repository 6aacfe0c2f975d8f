"""Rows at an address: the same run as in a folder of this machine, on the file system that fsspec keeps in memory."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.dataset as ds
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.unit.engines.lengths import Lengths, images
from tests.unit.engines.test_running import NAMES, Stop, Stopping
from wherefrom.core.errors import StoreError, UsageError
from wherefrom.engines import parts
from wherefrom.engines.folders import LocalFolder, RemoteFolder, folder_of
from wherefrom.engines.running import run_job


@pytest.fixture
def address() -> Iterator[str]:
    """An address in memory under which nothing is."""
    name = uuid.uuid4().hex
    yield f"memory://{name}/out"
    system = fsspec.filesystem("memory")
    if system.exists(f"/{name}"):
        system.rm(f"/{name}", recursive=True)


def names_at(address: str, status: str | None = None) -> list[str]:
    """The names in the rows at an address, sorted; of one status or of both."""
    system, place = fsspec.core.url_to_fs(f"{address}/rows")
    table = ds.dataset(place, filesystem=system, partitioning="hive").to_table()
    pairs = zip(table["name"].to_pylist(), table["status"].to_pylist(), strict=True)
    return sorted(name for name, held in pairs if status in (None, held))


@pytest.mark.parametrize("silent", [False, True])
def test_a_run_that_was_stopped_goes_on_where_its_rows_end(address: str, silent: bool) -> None:
    task = Lengths(bad={"1", "4"})
    with pytest.raises(Stop):
        run_job(task, images(10), folder=address, engine=Stopping(2, silent=silent), images_a_file=3)
    task.bad = {"4"}
    done = run_job(task, images(10), folder=f"{address}/", images_a_file=3)
    assert (done.rows, done.scored, done.failed) == (f"{address}/rows", 9, 1)
    assert (names_at(address), names_at(address, "failed")) == (NAMES, ["4"])
    assert {name: count for name, count in task.asked.items() if count > 1} == {"1": 2, "4": 2}
    assert run_job(task, images(10), folder=address, retry=False).asked == 0


def test_a_stop_between_the_two_files_of_a_chunk_asks_all_of_it_again(address: str) -> None:
    task = Lengths(bad={"1"})
    run_job(task, images(3), folder=address)
    folder = folder_of(address)
    (chunk,) = parts.chunks_in(folder, parts.SCORED)
    folder.remove(parts.name_of(parts.SCORED, chunk))
    run_job(task, images(3), folder=address, retry=False)
    assert task.asked == {"0": 2, "1": 2, "2": 2}
    assert names_at(address) == ["0", "1", "2"]


def test_rows_that_were_removed_are_asked_again_and_nothing_stays_on_this_machine(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run_job(Lengths(), images(2), folder=address)
    fsspec.filesystem("memory").rm(f"{address.removeprefix('memory:/')}/rows", recursive=True)
    assert run_job(Lengths(), images(2), folder=address).asked == 2
    assert not list(tmp_path.iterdir())


def test_another_question_and_other_files_are_refused(address: str) -> None:
    run_job(Lengths(), images(1), folder=address)
    with pytest.raises(UsageError, match="holds rows of another question"):
        run_job(Lengths(question="width"), images(1), folder=address)
    with pytest.raises(UsageError, match="the models of this run are not those whose rows are in memory://"):
        run_job(Lengths(digest="1" * 64), images(2), folder=address)
    with pytest.raises(UsageError, match="its files are not of such a run: name a new folder"):
        run_job(Lengths(), images(1), folder=address.removesuffix("/out"))
    with pytest.raises(UsageError, match="cannot be written to addresses of https://: name a folder of object storage"):
        run_job(Lengths(), images(1), folder="https://example.org/rows")


def test_what_a_provider_raises_says_what_could_not_be_done(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise RuntimeError("no right to write")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "pipe_file", refused)
        with pytest.raises(StoreError, match=r"cannot write memory://.*/job\.json: RuntimeError: no right to write"):
            run_job(Lengths(), images(1), folder=address)
    folder = folder_of(address)
    folder.write("rows/status=failed/x.parquet", b"half a file")
    with pytest.raises(StoreError, match=r"x\.parquet is no whole part of rows .* remove it"):
        parts.is_alone(folder, "rows/status=failed/x.parquet")
    with pytest.raises(StoreError, match=r"cannot remove memory://.*/none: FileNotFoundError"):
        folder.remove("none")


def test_a_folder_is_a_value_and_an_address_of_this_machine_is_a_path(address: str, tmp_path: Path) -> None:
    assert pickle.loads(pickle.dumps(folder_of(address))) == RemoteFolder(address)  # noqa: TID251 - its own
    assert folder_of(f"file://{tmp_path}") == folder_of(tmp_path) == folder_of(str(tmp_path)) == LocalFolder(tmp_path)


def test_a_marker_that_stands_for_a_folder_is_no_file_of_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As some programs leave in object storage: an object whose name is the folder's, with a slash."""
    monkeypatch.setattr(MemoryFileSystem, "ls", lambda _, path, detail: [f"{path}/", f"{path}/a"])
    assert folder_of(address).names() == ["a"]
