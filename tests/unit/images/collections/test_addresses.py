"""Addresses by fsspec, on its file system in memory: nothing here reaches a network."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bad_files import make_good_files
from wherefrom.core.errors import ImageError, MissingExtra, UsageError
from wherefrom.images.read import read_or_explain
from wherefrom.images.sources import load_images, stream_images


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Any]:
    """A file system in memory with a folder of three images, an archive, manifests and a table."""
    system = fsspec.filesystem("memory")
    files = [path.read_bytes() for path in make_good_files(tmp_path, 3)]
    for i, data in enumerate(files):
        system.pipe_file(f"/b/in/{i}.png", data)
    system.pipe_file("/b/in/notes.txt", b"x")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for i, data in enumerate(files):
            entry = tarfile.TarInfo(f"{i}.png")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    system.pipe_file("/b/a.tar", packed.getvalue())
    system.pipe_file("/b/list.csv", b"path,label\nin/0.png,x\n//in/../in/1.png,y\n")
    table = io.BytesIO()
    pq.write_table(pa.table({"png": files}), table, row_group_size=2)
    system.pipe_file("/b/t.parquet", table.getvalue())
    yield files
    system.rm("/b", recursive=True)


@pytest.mark.parametrize(
    ("address", "places"),
    [
        ("memory://b/in/0.png", (0,)),
        ("memory://b/in/", (0, 1, 2)),
        ("memory://b/in/[12].png", (1, 2)),
        ("memory://b/a.tar", (0, 1, 2)),
        ("memory://b/*.tar", (0, 1, 2)),
        ("memory://b/list.csv", (0, 1)),
        ("memory://b/t.parquet", (0, 1, 2)),
    ],
)
def test_what_an_address_stands_for(bucket: list[bytes], address: str, places: tuple[int, ...]) -> None:
    images = load_images(address)
    assert [image.read() for image in images] == [bucket[place] for place in places]
    travelled = pickle.loads(pickle.dumps(images))  # noqa: TID251  (bytes of our own)
    assert travelled == images
    assert [image.read() for image in travelled] == [bucket[place] for place in places]
    assert all(str(image.address).startswith("memory://") for image in images)


def test_a_manifest_reaches_only_what_was_allowed(bucket: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path\nmemory://b/in/2.png\n")
    with pytest.raises(
        UsageError, match=r"is an address, .*: allow addresses of this kind in manifests by --follow memory"
    ):
        load_images(tmp_path / "list.csv")
    (image,) = load_images(tmp_path / "list.csv", follow=["memory"])
    assert image.read() == bucket[2]
    with pytest.raises(UsageError, match="follow='s3://' is no scheme of addresses: name it as s3"):
        stream_images("x", follow=["s3://"])
    (tmp_path / "list.csv").write_text("path\nsimplecache::memory://b/in/2.png\n")
    (inside,) = load_images(tmp_path / "list.csv", follow=["memory"])
    assert inside.path == tmp_path / "simplecache::memory://b/in/2.png", "no address, since it does not begin as one"


def test_what_is_not_there_or_too_large_is_a_row(bucket: list[bytes]) -> None:
    lost, large = load_images("memory://b/lost.png", "memory://b/in/0.png")
    found = read_or_explain(lost)
    assert "memory://b/lost.png cannot be read: FileNotFoundError" in str(getattr(found, "error", None))
    with pytest.raises(ImageError, match="over the limit of 10 bytes"):
        large.read(10)
    with pytest.raises(ImageError, match="over the limit of 10 bytes"):
        load_images("memory://b/a.tar")[0].read(10)


def test_a_server_that_gives_no_parts_gives_no_other_image(
    bucket: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    del bucket
    system = fsspec.filesystem("memory")
    whole = system.cat_file("/b/a.tar")
    monkeypatch.setattr(type(system), "cat_file", lambda *_, **__: whole)
    with pytest.raises(ImageError, match="its server gives whole files and no parts of them"):
        load_images("memory://b/a.tar")[0].read()


def test_what_cannot_be_listed_is_refused(bucket: list[bytes]) -> None:
    del bucket
    with pytest.raises(UsageError, match="no image at memory://b/nothing/"):
        load_images("memory://b/nothing/")
    with pytest.raises(UsageError, match=r"memory://b/lost\.csv cannot be read"):
        load_images("memory://b/lost.csv")
    with pytest.raises(UsageError, match="is no address that can be read"):
        load_images("nosuch://b/in/")
    with pytest.raises(UsageError, match=r"Arrow file that is not on this machine"):
        load_images("memory://b/t.arrow")


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(url: str) -> None:
        raise ImportError(f"Please install s3fs to access {url}")

    monkeypatch.setattr(fsspec.core, "url_to_fs", none)
    with pytest.raises(MissingExtra, match=r"addresses of s3:// need a package .*pip install 'wherefrom\[remote\]'"):
        load_images("s3://bucket/in/")
