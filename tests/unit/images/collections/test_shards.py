"""Shards of webdataset and of img2dataset: the same images as their own readers give, with what is said of them."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bad_files import make_good_files
from wherefrom.images.sources import load_images, stream_images


def test_a_shard_of_webdataset(tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    readers = pytest.importorskip("webdataset.tariterators")
    files = make_good_files(tmp_path, 3)
    with webdataset.TarWriter(str(tmp_path / "a.tar")) as writer:
        for i, path in enumerate(files):
            said = {"id": i, "nested": {"x": 1}, "tags": ["a"]}
            writer.write({"__key__": f"d/s{i}", "png": path.read_bytes(), "json": said, "cls": i, "txt": f"text {i}"})
    images = load_images(tmp_path / "a.tar")
    with (tmp_path / "a.tar").open("rb") as file:
        read = list(readers.group_by_keys(sample | {"__url__": ""} for sample in readers.tar_file_iterator(file)))
    assert [image.read() for image in images] == [sample["png"] for sample in read]
    assert [image.member for image in images] == [f"{sample['__key__']}.png" for sample in read]
    assert [image.columns for image in images] == [{"id": i, "cls": str(i), "txt": f"text {i}"} for i in range(3)]


def tar_of(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def test_what_cannot_be_read_beside_an_image_is_not_said_of_it(tmp_path: Path) -> None:
    (good,) = (path.read_bytes() for path in make_good_files(tmp_path, 1))
    deep = b"[" * 100_000
    members = {"a.png": good, "a.json": b"{", "b.png": good, "b.json": deep, "c.json": b'{"x": 1}', "d.png": good}
    tar_of(tmp_path / "a.tar", {**members, "e.png": good, "e.txt": b"\xff"})
    said: list[str] = []
    images = load_images(tmp_path / "a.tar", on_message=said.append)
    assert [(image.member, image.columns) for image in images] == [(f"{name}.png", {}) for name in "abde"]
    assert "with a suffix that is no image's (.json 3, .txt 1)" in said[0]


@pytest.mark.parametrize("form", ["webdataset", "files", "parquet"])
def test_img2dataset(tmp_path: Path, form: str) -> None:
    (tmp_path / "made").mkdir()
    files = [path.read_bytes() for path in make_good_files(tmp_path / "made", 3)]
    out = tmp_path / "out"
    for shard, some in (("00000", files[:2]), ("00001", files[2:])):
        out.mkdir(exist_ok=True)
        keys = [f"{shard}{i:04}" for i in range(len(some))]
        rows = {"key": [*keys, "lost"], "url": [f"https://x.test/{key}" for key in [*keys, "lost"]]}
        rows["status"] = ["success" for _ in some] + ["failed_to_download"]
        (out / f"{shard}_stats.json").write_text("{}")
        if form == "parquet":
            pq.write_table(pa.table({**rows, "png": [*some, None]}).slice(0, len(some)), out / f"{shard}.parquet")
            continue
        pq.write_table(pa.table(rows), out / f"{shard}.parquet")
        if form == "webdataset":
            said = json.dumps({"key": "x"}).encode()
            pairs = zip(keys, some, strict=True)
            tar_of(
                out / f"{shard}.tar",
                {k: v for key, data in pairs for k, v in ((f"{key}.png", data), (f"{key}.json", said))},
            )
        else:
            (out / shard).mkdir()
            for key, data in zip(keys, some, strict=True):
                (out / shard / f"{key}.png").write_bytes(data)
                (out / shard / f"{key}.json").write_text("{}")
    images = list(stream_images(str(out)))
    assert [image.read() for image in images] == files
    assert [image.columns["url"] for image in images] == [
        f"https://x.test/{key}" for key in ("000000000", "000000001", "000010000")
    ]
    assert all(image.columns["status"] == "success" for image in images)
