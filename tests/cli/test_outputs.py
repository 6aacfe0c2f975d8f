"""No command replaces what it reads, nor a file that it did not make itself in that form."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call, save_noise
from wherefrom.cli import _forms as forms

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)


def asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was opened before the outputs were checked")

    monkeypatch.setattr("wherefrom.models.load.load_model", refuse)


def snapshot(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder, and where every link points to."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def place(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a profile, images, a manifest, an archive, a store and a foreign file, where the test stands."""
    shutil.copy(made.profile, tmp_path / "p.json")
    shutil.copytree(made.held, tmp_path / "in")
    shutil.copy(made.held / "noise-100.png", tmp_path / "one.png")
    (tmp_path / "mx.csv").write_text("path,label\none.png,x\n")
    (tmp_path / "own.json").write_text('{"my": "notes"}')
    (tmp_path / "own.csv").write_text("a,b\n1,2\n")
    (tmp_path / "own.png").write_bytes((tmp_path / "one.png").read_bytes())
    (tmp_path / "link.json").symlink_to("p.json")
    os.link(tmp_path / "p.json", tmp_path / "hard.json")
    (tmp_path / "lost.json").symlink_to("nowhere.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


IN_ITS_PLACE = [
    (["attribute", "one.png", "--profile", "p.json", "--out", "p.json"], "that this command reads"),
    (["attribute", "one.png", "--profile", "p.json", "--out", "./in/../p.json"], "that this command reads"),
    (["attribute", "one.png", "--profile", "p.json", "--out", "link.json"], "that this command reads"),
    (["attribute", "one.png", "--profile", "link.json", "--out", "p.json"], "that this command reads"),
    (["attribute", "one.png", "--profile", "p.json", "--out", "hard.json"], "that this command reads"),
    (["attribute", "one.png", "--profile", "p.json", "--figure", "one.png"], "that this command reads"),
    (["attribute", "in", "--profile", "p.json", "--figure", "in/noise-100.png"], "that this command reads"),
    (["attribute", "in", "--profile", "p.json", "--figure", "in/new.png"], "read as an image the next time"),
    (["attribute", "i*", "--profile", "p.json", "--figure", "in/new.png"], "read as an image the next time"),
    (["attribute", "one.png", "--profile", "p.json", "--out", "v.csv", "--store", "v.csv"], "that this command reads"),
    (["attribute", "one.png", "--profile", "p.json", "--store", "p.json"], "that this command reads"),
    (["attribute", "one.png", "--profile", "p.json", "--store", "one.png"], "that this command reads"),
    (["score", "mx.csv", "--model", "toy", "--out", "mx.csv"], "that this command reads"),
    (["score", "m*.csv", "--model", "toy", "--out", "mx.csv"], "that this command reads"),
]
FOREIGN = [
    (["attribute", "one.png", "--profile", "p.json", "--out", "own.json"], "no table of verdicts"),
    (["attribute", "one.png", "--profile", "p.json", "--out", "own.csv"], "no table of verdicts"),
    (["attribute", "one.png", "--profile", "p.json", "--out", "lost.json"], "a link to what is not there"),
    (["attribute", "one.png", "--profile", "p.json", "--figure", "own.png"], "no figure"),
    (["score", "one.png", "--model", "toy", "--out", "mx.csv"], "no table of scores"),
    (["score", "one.png", "--model", "toy", "--out", "p.json"], "no table of scores"),
    (["profile", "--model", "toy", "--belonging", "in", "--out", "own.json"], "no profile"),
    (["bench", "ronan-2", "--out-dir", "tables"], "no table of `wherefrom bench`"),
    (["demo", "--out-dir", "demo"], "no notes of `wherefrom demo`"),
    (["models", "convert", "own.json", "weights.safetensors"], "no converted generator"),
]


@pytest.mark.parametrize(("typed", "said"), [*IN_ITS_PLACE, *FOREIGN], ids=lambda value: " ".join(value)[:60])
def test_what_would_be_lost_is_refused_before_a_model_is_opened(
    typed: list[str], said: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asks_nothing(monkeypatch)
    for name in ("tables/ronan_2.json", "demo/README.md", "weights.safetensors"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text("mine")
    before = snapshot(place)
    done = call(capsys, *typed)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert snapshot(place) == before


@pytest.mark.parametrize("typed", [case[0] for case in IN_ITS_PLACE], ids=" ".join)
def test_an_input_is_not_replaced_by_force_either(
    typed: list[str], place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asks_nothing(monkeypatch)
    before = snapshot(place)
    assert call(capsys, *typed, "--force").code == 2
    assert snapshot(place) == before


def test_its_own_file_is_replaced_and_a_foreign_one_by_force(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["attribute", "one.png", "--profile", "p.json", *BOUNDS]
    for suffix, drawn in (("csv", ""), ("json", "svg"), ("jsonl", ""), ("parquet", "pdf")):
        figure = ["--figure", f"f.{drawn}"] if drawn else []
        for _ in range(2):
            assert call(capsys, *given, "--out", f"v.{suffix}", *figure).code == 0
        scored = ["score", "one.png", "--model", "toy"]
        for _ in range(2):
            assert call(capsys, *scored, "--out", f"s.{suffix}").code == 0
        refused = call(capsys, *scored, "--out", f"v.{suffix}")
        assert (refused.code, "no table of scores" in refused.err) == (2, True), "verdicts are no scores"
    for _ in range(2):
        assert call(capsys, "profile", "toy", "--method", "aedr", "--belonging", "in", "--out", "new.json").code == 0
    assert call(capsys, *given, "--out", "own.json", "--figure", "own.png", "--force").code == 0
    assert json.loads(Path("own.json").read_text())[0]["wherefrom"] == "verdict"
    assert call(capsys, *given, "--out", "own.json", "--figure", "own.png").code == 0


def test_a_table_that_was_worked_on_and_one_set_read_only_are_no_longer_replaced(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["score", "one.png", "--model", "toy", "--out", "s.csv"]
    assert call(capsys, *given).code == 0
    text = Path("s.csv").read_text()
    Path("s.csv").chmod(0o444)
    done = call(capsys, *given)
    assert (done.code, "read-only" in done.err) == (2, True)
    Path("s.csv").chmod(0o644)
    header, row = text.splitlines()
    for changed in (f"{header},my label\n{row},good\n", f"{header}\n{row[: -len('table')]}mine\n"):
        Path("s.csv").write_text(changed)
        assert call(capsys, *given).code == 2
        assert Path("s.csv").read_text() == changed


def test_what_appears_while_the_model_is_asked_is_left(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wherefrom.models.toy import Toy

    encode = Toy.encode

    def meanwhile(self: Toy, images: Any) -> Any:
        Path("late.csv").write_text("somebody else's")
        return encode(self, images)

    monkeypatch.setattr(Toy, "encode", meanwhile)
    assert call(capsys, "score", "one.png", "--model", "toy", "--out", "late.csv").code == 2
    assert Path("late.csv").read_text() == "somebody else's"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["edit", "in", "--edit", "jpeg:75", "--out-dir", "in"], "lies in in"),
        (["edit", "in", "--edit", "jpeg:75", "--out-dir", "in/deep/../edited"], "lies in in"),
        (["edit", "./i*", "--edit", "jpeg:75", "--out-dir", "in/edited"], "read as inputs the next time"),
        (["generate", "--model", "toy", "--from", "in", "--out-dir", "in/passed"], "lies in in"),
    ],
)
def test_images_are_not_made_inside_the_folder_that_is_read(
    typed: list[str], said: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(place)
    done = call(capsys, *typed)
    assert done.code == 2
    assert said in done.err
    assert snapshot(place) == before


def test_an_image_in_the_place_of_a_made_one_is_left_whatever_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["generate", "--model", "toy", "--count", 1, "--out-dir", tmp_path]
    assert call(capsys, *given).code == 0
    (name,) = (path.name for path in tmp_path.iterdir())
    for put in (_text, _empty, _dangling, _other):
        (tmp_path / name).unlink()
        put(tmp_path / name)
        before = snapshot(tmp_path)
        done = call(capsys, *given)
        assert done.code == 2, put
        assert snapshot(tmp_path) == before


def _text(path: Path) -> None:
    path.write_text("my notes")


def _empty(path: Path) -> None:
    path.touch()


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere.png")


def _other(path: Path) -> None:
    save_noise(path.parent / "n", [0])
    (path.parent / "n" / "noise-000.png").rename(path)


@pytest.mark.parametrize("form", [forms.PROFILE, forms.SCORES, forms.VERDICTS, forms.FIGURE, forms.CHECKPOINT])
@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"{}", b"[]", b'{"wherefrom": 1}', b"wherefrom\n", b"a\nb\n"])
def test_no_other_file_is_taken_for_one_of_ours(form: forms.Form, content: bytes, tmp_path: Path) -> None:
    for suffix in form.suffixes:
        path = tmp_path / f"x{suffix}"
        path.write_bytes(content)
        assert not form.is_ours(path)


def test_old_names_of_options_are_taken_and_not_shown(
    tmp_path: Path, made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, "generate", "toy", "--count", 1, "--out", tmp_path / "old").code == 0
    assert call(capsys, "generate", "--model", "toy", "--count", 1, f"--out-dir={tmp_path / 'new'}").code == 0
    assert snapshot(tmp_path / "old") == snapshot(tmp_path / "new")
    known = ["--method", "aedr", "--belonging", made.belonging, "--json", "--out", tmp_path / "p.json"]
    old = call(capsys, "profile", "toy", *known, f"--foreign=noise={made.noise}")
    new = call(capsys, "profile", "--model", "toy", *known, "--pool", f"noise={made.noise}")
    assert old.rows == new.rows
    for command in ("profile", "generate", "edit", "bench", "demo"):
        shown = call(capsys, command, "--help").out
        assert "--foreign" not in shown
        assert ("--out " in shown) == (command == "profile")
