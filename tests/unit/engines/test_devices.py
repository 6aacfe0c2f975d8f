"""One process a device: every chunk once, whatever becomes of a process. Each test starts two, which takes a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.engines.counting_task import chunks_of, job_of
from wherefrom.core.errors import ModelError, UsageError, WherefromError
from wherefrom.engines.base import Chunk, Part
from wherefrom.engines.devices import Devices

TWO = Devices(devices=("first", "second"))


def noted(folder: Path) -> dict[str, list[str]]:
    """What each process was asked about, by its device."""
    files = [path for path in (folder / "notes").iterdir() if path.name != "broke"]
    return {path.name: path.read_text().split() for path in files}


def test_chunks_are_shared_and_every_image_is_settled_once(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    chunks, taken = chunks_of(8, 2), 0

    def counted() -> Iterator[Chunk]:
        nonlocal taken
        for chunk in chunks:
            taken += 1
            yield chunk

    job = job_of(tmp_path, advance=lambda settled, failed: told.append((settled, failed)), seconds=0.05)
    found = []
    for part in TWO.parts(job, counted()):
        found.append(part)
        assert taken <= len(found) + 2
    assert sorted(part.name for part in found) == sorted(chunk.name for chunk in chunks)
    assert sum(len(part.failed) for part in found) == 1
    by_process = noted(tmp_path)
    assert sorted(name.partition("-")[2] for name in by_process) == ["first", "second"]
    assert sorted(int(name) for names in by_process.values() for name in names) == list(range(1, 9))
    assert (sum(settled for settled, _ in told), sum(failed for _, failed in told)) == (8, 1)


def test_a_process_that_ends_is_started_again_with_its_chunk(tmp_path: Path) -> None:
    chunks = chunks_of(6, 2)
    found = list(TWO.parts(job_of(tmp_path, breaks="4"), chunks))
    assert sorted(part.name for part in found) == sorted(chunk.name for chunk in chunks)
    assert len(noted(tmp_path)) == 3


def test_what_no_image_is_to_blame_for_ends_the_run_after_what_is_there(tmp_path: Path) -> None:
    found: list[Part] = []
    with pytest.raises(ModelError, match="cannot be asked about 3"):
        found.extend(TWO.parts(job_of(tmp_path, refused="3", seconds=0.05), chunks_of(40, 2)))
    assert 1 <= len(found) < 19
    with pytest.raises(ModelError, match="no device 'nowhere'"):
        list(Devices(devices=("nowhere",)).parts(job_of(tmp_path), chunks_of(2, 2)))


def test_images_that_end_every_process_are_not_given_to_a_fourth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wherefrom.engines.devices._ENDS", 1)
    with pytest.raises(WherefromError, match=r"ended over the same 2 images, the last with exit code 9"):
        list(Devices(devices=("only",)).parts(job_of(tmp_path, breaks="1"), chunks_of(2, 2)))


def test_devices_have_names() -> None:
    for none in ((), ("cuda:0", "")):
        with pytest.raises(UsageError, match="name none"):
            Devices(devices=none)
