"""`wherefrom bench`: lists, runs a table on embedded models, goes on from what is there, says what it left out."""

from __future__ import annotations

import functools
import io
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import skimage
from PIL import Image

from tests.cli.calling import call
from wherefrom.bench import Setting, aedr_splits, run_tables
from wherefrom.bench.base import Table
from wherefrom.bench.shared import searches, tables
from wherefrom.making import made_folder
from wherefrom.models.load import load_model
from wherefrom.models.toy import Toy

SMALL = {"restarts": 1, "race": None, "steps": 2, "plateau": None}


TOYS = {"zoo:kl-f8-a": Toy(gain=0.98, bands=3), "zoo:kl-f8-b": Toy(gain=0.9, bands=2)}


def _opened(name: str, **options: Any) -> Any:
    return TOYS.get(name) or load_model(name, **options)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed-form models in the place of the embedded autoencoders."""
    monkeypatch.setattr("wherefrom.bench.shared.workspace.load_model", _opened)


@pytest.fixture(scope="module")
def cifar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of 24 images of noise a part, stored as CIFAR-10 is."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "cifar10"
    folder.mkdir()
    for part in ("train", "test"):
        cells = []
        for _ in range(24):
            file = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(file, "PNG")
            cells.append({"bytes": file.getvalue(), "path": None})
        parquet.write_table(pa.table({"image": cells}), folder / f"{part}.parquet")
    return folder


Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images and scores, which all tests of this file may find there."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture
def run(work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a table and gives the document that it leaves."""
    return functools.partial(_run, work, tmp_path / "out", capsys)


def _run(work: Path, out: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    done = call(capsys, "bench", *words, "--work", work, "--out", out, "--device", "cpu")
    assert done.code == 0, done.err
    name = words[0].replace("-", "_")
    document: dict[str, Any] = json.loads((out / f"{name}.json").read_text())
    assert document["title"] in done.out
    assert (out / f"{name}.png").stat().st_size > 1000
    return document


def test_without_a_table_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    rows = call(capsys, "bench", "--json").rows
    assert {"ronan-2", "aedr-photos", "edits", "times"} <= {row["table"] for row in rows}
    assert all(row["title"] for row in rows)


@pytest.mark.usefixtures("toys")
def test_a_table_of_latent_models_on_what_is_installed(run: Run) -> None:
    found = run("aedr-photos", "--quick", "--size", "64", "--count", "20")
    assert {row["model"] for row in found["rows"]} == {"kl-f8-a", "kl-f8-b"}
    assert found["command"] == "wherefrom bench aedr-photos --quick --count 20 --size 64"
    assert any("--photos" in what for what in found["left out"])
    for row in found["rows"]:
        assert sum(int(row["rules"]["conformal"][key]) for key in ("tp", "fp", "fn", "tn")) == 40
        assert row["auc"]["value"] > 0.9


@pytest.mark.usefixtures("toys")
@pytest.mark.weekly  # a whole table
def test_belongings_are_divided_many_times_and_cut_at_two_shares_of_misses(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aedr_splits, "_QUICK", 3)
    found = run("aedr-splits", "--quick", "--size", "64", "--count", "26", "--ask", "zoo:kl-f8-a")
    assert {row["how"].partition(", alpha ")[2] for row in found["rows"]} == {"0.05", "0.02"}
    assert {(row["model"], row["against"]) for row in found["rows"]} == {
        ("kl-f8-a", "photos"),
        ("kl-f8-a", "kl-f8-b"),
    }
    for row in found["rows"]:
        kde = row["rules"]["kde"]
        assert kde["tp"] + kde["fn"] == pytest.approx(26)
        assert (row["rules"]["conformal"] is None) == row["how"].endswith("0.02")  # which needs 49
    assert any(row["rules"]["kde"]["tp"] % 1 for row in found["rows"])  # the mean of many, not one division's count


def test_a_second_run_asks_the_models_nothing_and_says_the_same(
    run: Run, tmp_path: Path, cifar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "QUICK", SMALL)
    words = ("ronan-2", "--ask", "zoo:dcgan-cifar10", "--quick", "--count", "20", "--cifar10", str(cifar))
    first = run(*words)
    assert [row["against"] for row in first["rows"]] == ["CIFAR-10, train", "CIFAR-10, test"]
    assert [row["paper"] for row in first["rows"]] == [98.0, 97.5]
    assert str(tmp_path) not in json.dumps(first)

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a model was asked again")

    monkeypatch.setattr("wherefrom.methods.ronan.RONAN.settle", refuse)
    assert run(*words)["rows"] == first["rows"]


@pytest.mark.weekly  # a whole table
def test_a_filtered_belonging_is_judged_by_both_profiles(
    run: Run, cifar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "QUICK", SMALL)
    found = run("ronan-8", "--quick", "--count", "20", "--cifar10", str(cifar))
    ways = {f"{metric}, profile {kind}" for metric in ("mse", "recoloured") for kind in ("untouched", "filtered")}
    assert {row["how"] for row in found["rows"]} == ways
    assert {row["against"] for row in found["rows"]} == {"CIFAR-10, test", "CIFAR-10, test, filtered"}


@pytest.mark.weekly  # a whole table
def test_generators_are_asked_about_images_stored_as_jpeg_by_a_loss_that_allows_for_it(
    run: Run, cifar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "QUICK", SMALL)
    words = ("--quick", "--count", "20", "--cifar10", str(cifar), "--edit", "jpeg:50", "--edit", "blur:1")
    found = run("edits-generators", *words)
    assert [row["how"] for row in found["rows"]] == [
        *["jpeg:50: metric=jpeg"] * 2, *["blur:1: mse"] * 2
    ]  # fmt: skip
    assert [row["against"] for row in found["rows"]] == ["CIFAR-10, test", "the other generators"] * 2
    assert {row["model"] for row in found["rows"]} == {"dcgan-cifar10"}


@pytest.mark.usefixtures("toys")
def test_the_command_of_a_table_has_every_choice_and_no_folder_of_the_machine(run: Run, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("astronaut.png", "coffee.png"):
        shutil.copy(Path(skimage.data.__file__).parent / name, photos)
    words = ("edits", "--quick", "--count", "20", "--size", "64", "--edit", "jpeg:90", "--photos", str(photos))
    found = run(*words, "--tiles", "--alike", "--dtype", "bfloat16")
    typed = f"wherefrom bench {' '.join(words[:-1])} photos --tiles --alike --dtype bfloat16"
    assert found["command"] == typed
    assert {row["how"].rpartition(", ")[2] for row in found["rows"]} == {"profile alike"}


@pytest.mark.weekly
def test_tables_at_once_say_what_they_say_one_by_one_and_times_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untimed = ("aedr_photos", "all_decoders")
    one, two = (made_folder(tmp_path / name) for name in ("one", "two"))

    def ran(names: Sequence[str], out: Path, jobs: int) -> list[str]:
        setting = Setting(work=out / "work", count=20, quick=True, size=64, asked=("zoo:kl-f8-a",), device="cpu")
        return [table.name for table in run_tables(names, setting, out, jobs=jobs)]

    assert ran(untimed, one, 1) == list(untimed)
    # in this process alone, so that any other table that ran here would have no rows
    monkeypatch.setattr(tables, "load", lambda _: Table(title="a table", rules=(), rows=lambda _: iter(())))
    order = ran(("times", *untimed), two, 2)
    assert order[-1] == "times"
    assert set(order) == {"times", *untimed}
    assert json.loads((two / "times.json").read_text())["rows"] == []
    for name in untimed:
        rows = [json.loads((out / f"{name}.json").read_text())["rows"] for out in (one, two)]
        assert rows[0]
        assert rows[0] == rows[1]


@pytest.mark.weekly
def test_a_table_that_fails_among_others_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--work", tmp_path / "work", "--out", tmp_path / "out", "--photos", tmp_path / "nowhere")
    done = call(capsys, "bench", "jpeg-kept", "aedr-photos", "--quick", "--jobs", "2", *where)
    assert done.code == 2
    assert "nowhere is no folder" in done.err


@pytest.mark.parametrize("words", [(), ("--tiles",)])
def test_a_photo_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("cut.png", "cut-too.png"):
        Image.new("RGB", (64, 64)).save(photos / name)
        (photos / name).write_bytes((photos / name).read_bytes()[:60])
    where = ("--work", tmp_path / "work", "--out-dir", tmp_path / "out", "--photos", photos)
    done = call(capsys, "bench", "aedr-photos", "--quick", "--size", "64", *words, *where)
    assert done.code == 2
    assert f"{photos / 'cut'}" in done.err
    assert ".png cannot be read as an image: take it out" in done.err


def test_too_few_photos_are_counted_and_no_impossible_way_out_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (64, 64)).save(photos / "one.png")
    where = ("--work", tmp_path / "work", "--out-dir", tmp_path / "out", "--photos", photos)
    done = call(capsys, "bench", "aedr-photos", "--quick", "--size", "64", *where)
    assert done.code == 2
    assert "has 1 photos of at least 64 px, need 48: give a folder with more" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ronan-99",), "did you mean"),
        (("times", "--size", "100"), "use 96"),
        (("edits", "--edit", "jpeg"), "jpeg:75"),
        (("ronan-3", "--ask", "zoo:kl-f8-a"), "none of zoo:dcgan-cifar10"),
        (("edits", "--ask", "zoo:dcgan-cifar10"), "none of zoo:kl-f8-a"),
        (("edits", "--ask", "zoo:kl-f8-c"), "--decoder or --generator"),
        (("aedr-photos", "--tiles"), "give --photos DIR"),
        (("ronan-2", "--quick", "--cifar10", "nowhere"), "train.parquet"),
        (("aedr-photos", "--quick", "--photos", "nowhere"), "nowhere is no folder"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    done = call(capsys, "bench", *words, "--work", tmp_path / "work", "--out", tmp_path / "out")
    assert done.code == 2
    assert said in done.err
