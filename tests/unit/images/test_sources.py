"""Paths to sources: order, names, laziness, and an error for every way in which nothing is found."""

from __future__ import annotations

import csv
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bad_files import make_good_files
from wherefrom.core.cells import guarded
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.read import read_image
from wherefrom.images.sources import Source, as_source, load_images


def _names(*paths: str | Path | Source) -> list[str]:
    return [source.name for source in load_images(*paths)]


def test_a_folder_is_taken_whole_in_order_and_no_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.PNG", "a.jpg", "deep/er/c.webp", ".hidden.png", ".git/d.png", "notes.txt", "x.png/inside.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "lost.tiff").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path.parent)
    folder = tmp_path.name
    expected = [f"{folder}/{name}" for name in ("a.jpg", "b.PNG", "deep/er/c.webp", "lost.tiff", "x.png")]
    assert _names(folder) == expected
    assert _names(f"./{folder}/") == expected


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "other").mkdir()
    make_good_files(tmp_path / "other", 1)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "other")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "other")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    found = _names(tmp_path / "in")
    assert len([name for name in found if "link" in name or "again" in name]) == 1


def test_a_named_file_may_have_any_suffix(tmp_path: Path) -> None:
    odd = tmp_path / "odd.dat"
    odd.write_bytes(make_good_files(tmp_path, 1)[0].read_bytes())
    assert read_image(load_images(odd)[0]).facts.format == "PNG"


def test_what_is_named_and_not_there_is_refused_at_once(tmp_path: Path) -> None:
    (good,) = make_good_files(tmp_path, 1)
    lost, link = tmp_path / "missing.png", tmp_path / "link.png"
    link.symlink_to("nowhere.png")
    with pytest.raises(UsageError, match=r"no such file or folder: .*missing\.png"):
        load_images(good, lost)
    with pytest.raises(UsageError, match=r"no such files or folders: .*missing\.png, .*also\.png"):
        load_images(lost, good, tmp_path / "also.png")
    with pytest.raises(UsageError, match=r"a link to what is not there: nowhere\.png"):
        load_images(link)
    for empty in ("", " "):
        with pytest.raises(UsageError, match="is no path"):
            load_images(good, empty)


def test_files_of_a_manifest_that_are_not_there_are_said_and_are_rows(tmp_path: Path) -> None:
    make_good_files(tmp_path, 1)
    (tmp_path / "list.csv").write_text("path\ngood-00.png\nlost.png\n")
    said: list[str] = []
    _, missing = load_images(tmp_path / "list.csv", on_message=said.append)
    assert len(said) == 1
    assert "1 of 2 files" in said[0]
    assert "lost.png" in said[0]
    with pytest.warns(DeprecationWarning, match="now called on_message"):
        load_images(tmp_path / "list.csv", told=said.append)
    assert said[1] == said[0]
    with pytest.raises(ImageError, match="no such file"):
        missing.read()


def test_what_is_left_out_of_a_folder_or_archive_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / ".git").mkdir(parents=True)
    make_good_files(folder, 2)
    for name in (".hidden.png", "bare", "notes.txt", "more.TXT", "model.bin"):
        (folder / name).write_bytes(b"x")
    with tarfile.open(tmp_path / "in.tar", "w") as archive:
        archive.add(folder, "in")
    said: list[str] = []
    assert len(load_images(folder, on_message=said.append)) == 2
    (left,) = said
    assert left.startswith(
        f"left out of the folder {folder}: 2 hidden (the name starts with a dot), 1 without a suffix"
    )
    assert ", 3 with a suffix that is no image's (.bin 1, .txt 2); a file named by itself" in left
    said.clear()
    assert len(load_images(tmp_path / "in.tar", on_message=said.append)) == 2
    assert "1 hidden (the name starts with a dot), 1 without a suffix, 3 with" in said[0]
    for path in folder.glob("good*"):
        path.unlink()
    with pytest.raises(UsageError, match=r"no image in the folder .* and left out 2 hidden"):
        load_images(folder)


def test_a_link_to_the_listed_folder_doubles_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    make_good_files(folder, 2)
    (folder / "loop").symlink_to(folder)
    (folder / "deep" / "loop").symlink_to("..")
    (folder / "above").symlink_to(tmp_path)
    assert _names(folder) == [str(folder / f"good-0{i}.png") for i in range(2)]
    assert len(_names(str(folder / "*"))) == 2, "a glob that matches the links is no other way to the same images"
    assert len(_names(folder, folder / "deep" / "loop", *sorted(folder.iterdir()))) == 2, "nor is what a shell makes"
    assert len(_names(folder / "loop")) == 2


def test_what_a_manifest_says_beside_path_and_name_is_kept_with_the_image(tmp_path: Path) -> None:
    (good,) = make_good_files(tmp_path, 1)
    rows = [{"path": good.name, "name": "one", "id": "7", "label": "=real"}]
    for name, write in WRITERS.items():
        write(tmp_path / name, [{key: guarded(cell) for key, cell in rows[0].items()}] if "csv" in name else rows)
        (source,) = load_images(tmp_path / name)
        assert source.columns == {"id": "7", "label": "=real"}
    table = pa.table({"path": [good.name], "n": [3], "x": [0.5], "yes": [True], "data": [b"..."], "list": [[1]]})
    pq.write_table(table, tmp_path / "typed.parquet")
    (source,) = load_images(tmp_path / "typed.parquet")
    assert source.columns == {"n": 3, "x": 0.5, "yes": True}


def test_a_manifest_names_images_in_an_archive(tmp_path: Path) -> None:
    make_good_files(tmp_path, 2)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "good-01.png", "in/good.png")
    (tmp_path / "list.csv").write_text("path,label\na.tar/in/good.png,x\n")
    (source,) = load_images(tmp_path / "list.csv")
    (there,) = load_images(tmp_path / "a.tar")
    assert (source.read(), source.columns) == (there.read(), {"label": "x"})
    (tmp_path / "list.csv").write_text("path\na.tar/in/lost.png\n")
    with pytest.raises(UsageError, match=r"has no image 'in/lost\.png'"):
        load_images(tmp_path / "list.csv")


def test_globs_take_each_match_as_if_it_were_named(tmp_path: Path) -> None:
    good = make_good_files(tmp_path, 3)
    assert _names(str(tmp_path / "good-0[02].png")) == [str(good[0]), str(good[2])]
    literal = tmp_path / "a[1].png"
    literal.write_bytes(b"x")
    assert _names(literal) == [str(literal)]
    (tmp_path / "list.csv").write_text("path\ngood-01.png\n")
    assert _names(str(tmp_path / "*.csv")) == [str(good[1])]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "z.png").write_bytes(b"x")
    assert _names(str(tmp_path / "**" / "z.png")) == [str(tmp_path / "sub" / "z.png")]


def test_what_is_named_twice_is_there_once(tmp_path: Path) -> None:
    good = make_good_files(tmp_path, 2)
    assert _names(good[1], tmp_path, good[1]) == [str(good[1]), str(good[0])]
    with pytest.raises(UsageError, match="two images are named 'same'"):
        load_images(Source(name="same", data=b"1"), Source(name="same", data=b"2"))


def _csv(path: Path, rows: list[dict[str, str]]) -> None:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())


def _jsonl(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("\n\n".join(map(json.dumps, rows)))


def _parquet(path: Path, rows: list[dict[str, str]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path)


WRITERS: dict[str, Callable[[Path, list[dict[str, str]]], None]] = {
    "list.csv": _csv,
    "list.jsonl": _jsonl,
    "list.parquet": _parquet,
}


def test_a_guarded_name_in_a_csv_manifest_is_the_name_again(tmp_path: Path) -> None:
    (good,) = make_good_files(tmp_path, 1)
    names = ("=1+1.png", "@sum.png", "'=quoted.png", "-.png")
    for name in names:
        good.with_name(name).write_bytes(good.read_bytes())
    _csv(tmp_path / "list.csv", [{"path": guarded(name), "name": guarded(name)} for name in names])
    assert _names(tmp_path / "list.csv") == list(names)
    assert all(read_image(source).facts.width == 40 for source in load_images(tmp_path / "list.csv"))
    _jsonl(tmp_path / "list.jsonl", [{"path": "'=quoted.png", "name": "'=quoted.png"}])
    assert _names(tmp_path / "list.jsonl") == ["'=quoted.png"], "only CSV is guarded"


@pytest.mark.parametrize("name", WRITERS)
def test_manifests(name: str, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    good = make_good_files(tmp_path / "pictures", 2)
    manifest = tmp_path / name
    WRITERS[name](manifest, [{"label": "x", "path": "pictures/good-00.png"}, {"label": "y", "path": str(good[1])}])
    assert _names(manifest) == [str(path) for path in good]
    assert [read_image(source).facts.width for source in load_images(manifest)] == [40, 40]
    WRITERS[name](manifest, [{"path": "pictures/good-00.png", "name": "first"}])
    assert _names(manifest) == ["first"]
    WRITERS[name](manifest, [{"file": "a.png", "label": "x"}])
    with pytest.raises(UsageError, match=r"no column `path`, only 'file', 'label'"):
        load_images(manifest)
    WRITERS[name](manifest, [{"path": "a.png", "label": "x"}, {"path": "", "label": "x"}])
    with pytest.raises(UsageError, match=r"(line|row) \d: `path` is ''"):
        load_images(manifest)
    manifest.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(UsageError, match=f"{name} cannot be read"):
        load_images(manifest)


def test_manifests_with_wrong_rows(tmp_path: Path) -> None:
    manifest = tmp_path / "list.jsonl"
    for text, reason in {
        "[1]": "line 1: need an object with `path`, got list",
        '{"path": 3}': "line 1: `path` is 3, need a file's path",
        '{"path": "a.png", "name": 3}': "line 1: `name` is 3, need text",
        "\n": "lists no image",
        '{"path": "a.png"}\n{"path"': "cannot be read",
    }.items():
        manifest.write_text(text)
        with pytest.raises(UsageError, match=reason):
            load_images(manifest)
    empty = tmp_path / "list.csv"
    empty.write_text("path\n")
    with pytest.raises(UsageError, match="lists no image"):
        load_images(empty)
    empty.write_text("")
    with pytest.raises(UsageError, match="no column `path`, only nothing"):
        load_images(empty)
    empty.write_text('path,name\n"a.png,x\n')
    with pytest.raises(UsageError, match="cannot be read"):
        load_images(empty)


def test_tar_members_are_read_by_offset(tmp_path: Path) -> None:
    good = make_good_files(tmp_path, 3)
    (tmp_path / "0.json").write_text("{}")
    archive = tmp_path / "shard.tar"
    with tarfile.open(archive, "w") as tar:
        for i, path in enumerate(good):
            tar.add(path, f"set/{i}.png")
            tar.add(tmp_path / "0.json", f"set/{i}.json")
        tar.add(good[0], "._0.png")
        tar.add(good[2], "set/0.png")
        folder = tarfile.TarInfo("folder.png")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    sources = load_images(archive)
    assert [source.name for source in sources] == [f"{archive}/set/{n}" for n in ("0.png", "1.png", "2.png", "0.png#2")]
    for source, path in zip(sources, (*good, good[2]), strict=True):
        assert source.read() == path.read_bytes()
        assert np.array_equal(read_image(source).pixels, read_image(path).pixels)
    with pytest.raises(ImageError, match="over the limit of 10 bytes"):
        sources[0].read(10)
    os.truncate(archive, (sources[2].span or (0, 0))[0] + 10)
    with pytest.raises(ImageError, match=r"the archive ends inside this member: 10 of [\d,]+ bytes"):
        sources[2].read()


def test_bad_archives(tmp_path: Path) -> None:
    for name, content in {"text.tar": b"not an archive" * 100, "gzip.tar": b"\x1f\x8b" + bytes(600)}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=f"{name} cannot be read"):
            load_images(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.tar")
    with pytest.raises(UsageError, match="not a regular file"):
        load_images(tmp_path / "pipe.tar")
    with tarfile.open(tmp_path / "none.tar", "w"):
        pass
    with pytest.raises(UsageError, match="lists no image"):
        load_images(tmp_path / "none.tar")


def test_finding_nothing_is_an_error_with_the_reason(tmp_path: Path) -> None:
    cases: dict[str | Path, str] = {
        tmp_path: "no image in the folder .* looked for .apng .avif",
        tmp_path / "nowhere": "no such file or folder",
        tmp_path / "*.png": "no file matches",
        tmp_path / "list.csv": "no such file or folder",
        "a\0b": "no such file or folder",
    }
    for path, reason in cases.items():
        with pytest.raises(UsageError, match=reason):
            load_images(path)
    with pytest.raises(UsageError, match="no path: name a file"):
        load_images()


def test_names_can_always_be_written(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    path.write_bytes(make_good_files(tmp_path, 1)[0].read_bytes())
    source = next(source for source in load_images(tmp_path) if "caf" in source.name)
    assert source.name.encode("utf-8").endswith(b"caf\\udce9.png")
    assert read_image(source).facts.width == 40


def test_sources_of_things_in_memory() -> None:
    assert as_source(b"abc").name == as_source(b"abc").name == "bytes:ba7816bf8f01cfea"
    assert as_source("a/b.png") == Source(name="a/b.png", path=Path("a/b.png"))
    with pytest.raises(UsageError, match="needs a path or data"):
        Source(name="x")
    with pytest.raises(ImageError, match="empty"):
        Source(name="x", data=b"").read()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_manifest_as_spreadsheets_of_any_country_write_it(tmp_path: Path, separator: str) -> None:
    cells = [["name", "path", "note"], ["Bild; 1", "a.png", "1,5\tmm"], ["2", "b.png", ""]]
    with (tmp_path / "m.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=separator).writerows(cells)
    first, second = load_images(tmp_path / "m.csv")
    assert (first.name, first.path, dict(first.columns)) == ("Bild; 1", tmp_path / "a.png", {"note": "1,5\tmm"})
    assert (second.name, second.path) == ("2", tmp_path / "b.png")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_manifest_in_another_encoding_says_how_to_save_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "m.csv").write_text("path,name\na.png,M\u00fcller\n", encoding=encoding)
    with pytest.raises(UsageError, match=r"m\.csv cannot be read: its byte \d+ is not UTF-8: save it as UTF-8"):
        load_images(tmp_path / "m.csv")
