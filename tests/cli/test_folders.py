"""`--out DIR`: rows of many images in a folder, from every kind of list, by `score` and by `attribute`."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.cli.calling import call, save_noise

SAID = ["name", "candidate", "outcome", "statistic", "error"]
SCORE = ("score", "--model", "toy", "--method", "reconstruction")


def names_in(folder: Path) -> list[str]:
    return sorted(ds.dataset(folder / "rows", partitioning="hive").to_table()["name"].to_pylist())


def test_score_leaves_rows_in_a_folder_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, out = save_noise(tmp_path / "in", range(4), side=32), tmp_path / "out"
    (images / "bad.png").write_text("no image")
    done = call(capsys, *SCORE, images, "--out", out, "--images-a-file", 2)
    assert done.code == 3
    assert done.out == f"5 images asked, of which 1 failed; {out}/rows has 4 without an error and 1 with one\n"
    save_noise(images, [0])
    (images / "bad.png").unlink()
    save_noise(images, [7], side=32)
    again = call(capsys, *SCORE, images, "--out", out, "--engine", "local", "--json")
    assert again.rows == [{"rows": f"{out}/rows", "asked": 1, "failed_now": 0, "scored": 5, "failed": 1}]
    assert again.code == 0
    assert len(names_in(out)) == 6


def test_attribute_leaves_verdicts_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, profile = save_noise(tmp_path / "in", range(25), side=32), tmp_path / "p.json"
    flags = ("--model", "toy", "--belonging", images, "--method", "reconstruction")
    assert call(capsys, "profile", *flags, "--out", profile).code == 0
    done = call(capsys, "attribute", images, "--profile", profile, "--out", tmp_path / "out", "--device", "cpu")
    assert done.code == 0
    table = ds.dataset(tmp_path / "out/rows", partitioning="hive").to_table()
    assert set(table["outcome"].to_pylist()) <= {"COMPATIBLE", "EXCLUDED", "UNDECIDED"}
    assert set(table["candidate"].to_pylist()) == {"p"}
    other = call(capsys, "attribute", images, "--profile", profile, "--out", tmp_path / "out", "--alpha", "0.2")
    assert other.code == 2
    assert "holds rows of another question (alpha: 0.05 there, 0.2 here): name another folder" in other.err


@pytest.mark.weekly
def test_two_devices_say_what_one_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, profile = save_noise(tmp_path / "in", range(25), side=32), tmp_path / "p.json"
    (images / "bad.png").write_text("no image")
    call(capsys, "profile", "toy", "--belonging", images, "--method", "aedr", "--out", profile)
    said: list[list[dict[str, object]]] = []
    for device in ("cpu", "cpu,cpu"):
        out = tmp_path / device
        asked = ("--out", out, "--device", device, "--images-a-file", 5)
        assert call(capsys, "attribute", images, "--profile", profile, *asked).code == 3
        rows = ds.dataset(out / "rows", partitioning="hive").to_table().select(SAID).sort_by("name").to_pylist()
        said.append(rows)
    assert said[0] == said[1]
    assert len(said[0]) == 26


def test_rows_go_to_an_address_and_no_single_file_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, out = save_noise(tmp_path / "in", range(2), side=32), f"memory://{tmp_path.name}/out"
    done = call(capsys, *SCORE, images, "--out", out)
    assert done.out == f"2 images asked, of which 0 failed; {out}/rows has 2 without an error and 0 with one\n"
    assert call(capsys, *SCORE, images, "--out", out, "--json").rows[0]["asked"] == 0
    file = call(capsys, *SCORE, images, "--out", "s3://bucket/scores.parquet")
    assert file.code == 2
    assert "only folders of rows are written to addresses, as s3://bucket/scores/" in file.err
    both = call(capsys, "attribute", images, "--profile", "p.json", "--out", out, "--figure", "f.png")
    assert f"--figure does not go with a folder of rows, --out {out}" in both.err
    assert call(capsys, *SCORE, images, "--out", "").code == 2


def test_every_kind_of_list_is_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(save_noise(tmp_path / "in", range(4), side=32).iterdir())
    (tmp_path / "list.jsonl").write_text(json.dumps({"path": "in/noise-000.png", "name": "first"}))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(files[1], "x.png")
    pq.write_table(pa.table({"a": [files[2].read_bytes()], "name": ["third"]}), tmp_path / "t.parquet")
    lists = [tmp_path / name for name in ("list.jsonl", "a.tar", "t.parquet")]
    done = call(capsys, *SCORE, *lists, files[3], "--image-column", "a", "--out", tmp_path / "out", "--quiet")
    assert done.code == 0
    assert names_in(tmp_path / "out") == sorted(["first", f"{tmp_path}/a.tar/x.png", "third", str(files[3])])


def test_tables_and_archives_go_to_single_files_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = save_noise(tmp_path / "in", [0], side=32).iterdir()
    data, packed = file.read_bytes(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in (("x.png", data), ("x.json", b'{"id": 7}')):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    (tmp_path / "a.tar").write_bytes(packed.getvalue())
    pq.write_table(pa.table({"png": [data], "id": [8]}), tmp_path / "t.parquet")
    done = call(capsys, *SCORE, tmp_path / "a.tar", tmp_path / "t.parquet", "--json")
    assert [(row["error"], row["more"]) for row in done.rows] == [(None, {"id": 7}), (None, {"id": 8})]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--engine", "local"), "--engine local leaves rows in a folder: name it by --out DIR"),
        (("--images-a-file", 3), "--images-a-file is for a folder of rows: name it by --out DIR, or leave this out"),
        (("--out", "s.csv", "--keep-failed"), "--keep-failed is for a folder of rows"),
        (("--out", "rows", "--tile", 64), "--tile does not go with a folder of rows, --out rows"),
        (("--out", "rows", "--engine", "locl"), "no engine 'locl' among local, ray; did you mean 'local'?"),
        (("--out", "rows", "--engine-option", "x=1"), "the local engine has no options, got x: leave them out"),
        (("--out", "rows", "--device", "cpu,"), "--device cpu, names no device between commas"),
        (("--out", "rows", "--follow", "s3:"), "follow='s3:' is no scheme of addresses"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str | int, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(capsys, *SCORE, save_noise(tmp_path / "in", [0], side=32), *flags)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "rows").exists()
