"""A file is there whole or not at all, and what is in it was on the disk before it took its place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from wherefrom.core.files import replacing, write_bytes, write_json, write_text


def half_written(path: Path) -> None:
    with replacing(path) as place:
        place.write_text("half of the n")
        raise ZeroDivisionError


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        half_written(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_names_of_the_old_file_keep_its_content(tmp_path: Path) -> None:
    path, link = tmp_path / "a.png", tmp_path / "b.png"
    path.write_bytes(b"old")
    link.hardlink_to(path)
    write_bytes(path, b"new")
    assert (path.read_bytes(), link.read_bytes()) == (b"new", b"old")


def test_the_content_is_on_the_disk_before_it_takes_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    synced: list[tuple[bytes, str]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        sync(descriptor)
        synced.append((os.pread(descriptor, 10, 0), path.read_text()))

    monkeypatch.setattr(os, "fsync", watched)
    write_text(path, "new")
    assert synced == [(b"new", "old")]
    assert path.read_text() == "new"


def test_what_cannot_be_synced_does_not_take_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output error"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_has_unix_line_ends_and_json_no_nan(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "é\nb\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\nb\n".encode()
    write_json(tmp_path / "a.json", {"name": "é", "of": [1, 2]}, indent=None)
    assert (tmp_path / "a.json").read_text() == '{"name":"\\u00e9","of":[1,2]}\n'
    write_json(tmp_path / "a.json", {"of": [1]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"of": [1]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert json.loads((tmp_path / "a.json").read_text()) == {"of": [1]}


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "absent" / "a.txt", "text")
