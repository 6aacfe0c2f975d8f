"""A place that takes no file is refused before a model is asked, and what could not be written is kept elsewhere."""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call, save_noise
from tests.cli.test_outputs import asks_nothing
from wherefrom.candidates.opening import Opening, open_candidates
from wherefrom.cli import run
from wherefrom.core.errors import NoSuchModel
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.records.files import load_profile, load_table


def _takes_nothing(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """As a read-only or a full disk, of which root too is told nothing before it writes."""
    usual = Path.open

    def refuse(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        if set(mode) & set("wxa+") and path.parent.name == folder:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return usual(path, mode, *more, **named)

    monkeypatch.setattr(Path, "open", refuse)


def test_a_read_only_place_is_refused_before_a_model_is_opened(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save_noise(tmp_path / "in", [1])
    asks_nothing(monkeypatch)
    _takes_nothing(monkeypatch, "closed")
    for typed in (
        ["score", "in", "--model", "toy", "--out", "closed/o.csv"],
        ["attribute", "in", "--profile", str(made.profile), "--alpha", "0.1", "--out", "closed/o.jsonl"],
        ["profile", "--model", "toy", "--belonging", "in", "--out", "closed/p.json"],
        ["generate", "--model", "toy", "--from", "in", "--out-dir", "closed"],
        ["edit", "in", "--edit", "jpeg:75", "--out-dir", "closed"],
    ):
        done = call(capsys, *typed)
        assert (done.code, done.out) == (2, ""), typed
        assert "Read-only file system" in done.err, typed
        assert "cannot write" in done.err, typed
    assert not list((tmp_path / "closed").iterdir())


@pytest.mark.parametrize("command", ["score", "attribute", "profile"])
def test_what_cannot_be_written_in_the_end_is_kept(
    command: str, made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that was full by then."""
    typed = {
        "score": ["score", made.held, "--model", "toy", "--out", "full/o.jsonl"],
        "attribute": ["attribute", made.held, "--profile", made.profile, "--alpha", 0.1, "--out", "full/o.jsonl"],
        "profile": ["profile", "--model", "toy", "--belonging", made.belonging, "--out", "full/o.json"],
    }[command]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    usual = os.fsync

    def full(number: int) -> None:
        name = Path(f"/proc/self/fd/{number}").readlink()
        if name.parent.name == "full" and name.suffix != ".partial":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        usual(number)

    monkeypatch.setattr(os, "fsync", full)
    done = call(capsys, *typed)
    assert done.code == 2
    (kept,) = (tmp_path / "temporary").glob("*/o.*")
    assert f"No space left on device: what was to be written there is kept in {kept}" in done.err
    assert not list((tmp_path / "full").iterdir())
    if command == "score":
        assert len(load_table(kept)) == len(list(Path(made.held).iterdir()))
    elif command == "profile":
        assert load_profile(kept).model.name == "toy"
    else:
        assert all(json.loads(line)["outcome"] for line in kept.read_text().splitlines())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_a_character_gets_its_number(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_noise(tmp_path / "in", [1])
    (tmp_path / "in" / "noise-001.png").rename(tmp_path / "in" / "зима-\U0001f600.png")
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    for typed in (["score", "in", "--model", "toy"], ["score", "in", "--model", "toy", "--json"]):
        assert run(typed) == 0
    assert run(["score", "зима", "--model", "toy"]) == 2
    monkeypatch.undo()
    for stream in streams.values():
        stream.flush()
        said = stream.buffer.getvalue()
        assert rb"\u0437\u0438\u043c\u0430" in said


def test_a_mark_of_byte_order_before_a_profile_is_passed_over(made: Any, tmp_path: Path) -> None:
    place = tmp_path / "p.json"
    place.write_bytes(codecs.BOM_UTF8 + Path(made.profile).read_bytes())
    assert load_profile(place).digest == load_profile(made.profile).digest
    config = tmp_path / "config.json"
    config.write_bytes(codecs.BOM_UTF8 + b'{"a": 1}')
    assert read_json(config) == {"a": 1}


def test_a_model_that_moved_is_named_with_the_option_that_says_where_it_is(made: Any, tmp_path: Path) -> None:
    profile = load_profile(made.profile)
    moved = replace(profile, model=replace(profile.model, notes={"source": str(tmp_path / "vae")}))
    with pytest.raises(NoSuchModel, match=r"vae does not exist.* Profile ours was made .* by --model PATH"):
        open_candidates({"ours": moved})
    with pytest.raises(NoSuchModel) as caught:
        open_candidates({"ours": moved}, Opening(models=(str(tmp_path / "other"),)))
    assert "--model" not in str(caught.value)
