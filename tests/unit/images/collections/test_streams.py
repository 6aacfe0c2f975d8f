"""Lists of millions: what one row or one archive is to blame for is an image with that reason, and the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bad_files import make_good_files
from tests.unit.images.collections.test_shards import tar_of
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.read import read_image
from wherefrom.images.sources import load_images, stream_images

LINES = ('{"path": "good-00.png"}', '{"path": ""}', "[1]", "{", '{"name": "x"}', '{"path": "s3://b/x.png"}')


def test_a_row_that_names_no_image_is_one_that_cannot_be_read(tmp_path: Path) -> None:
    make_good_files(tmp_path, 2)
    (tmp_path / "list.jsonl").write_text("\n".join([*LINES, '{"path": "good-01.png"}']))
    first, *odd, last = stream_images(str(tmp_path / "list.jsonl"))
    assert (read_image(first).facts.format, read_image(last).facts.format) == ("PNG", "PNG")
    said = ("`path` is ''", "need an object", "line 4: Expecting", "has no column `path`, only 'name'", "is an address")
    assert len(odd) == len(said)
    for number, (image, words) in enumerate(zip(odd, said, strict=True), start=2):
        assert image.name == f"{tmp_path}/list.jsonl, line {number}"
        with pytest.raises(ImageError, match=r"list\.jsonl.*" + words.replace("(", "")):
            read_image(image)
    with pytest.raises(UsageError, match="`path` is '', need a file's path"):
        load_images(tmp_path / "list.jsonl")


@pytest.mark.parametrize("cut", [-100, 5])
def test_an_archive_that_breaks_off_does_not_end_the_list(tmp_path: Path, cut: int) -> None:
    data = [path.read_bytes() for path in make_good_files(tmp_path, 2)]
    for name in ("a", "b"):
        tar_of(tmp_path / f"{name}.tar", {"0.png": data[0], "1.png": data[1]})
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[: whole.index(data[1]) + cut])
    images = list(stream_images(str(tmp_path / "*.tar")))
    assert [image.name.removeprefix(f"{tmp_path}/") for image in images] == [
        "a.tar/0.png",
        "a.tar",
        "b.tar/0.png",
        "b.tar/1.png",
    ]
    with pytest.raises(ImageError, match=r"a\.tar cannot be read: "):
        read_image(images[1])


def test_what_is_wrong_with_the_whole_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text(json.dumps({"file": "a.png"}))
    with pytest.raises(UsageError, match=r"has no column `path`, only 'file'"):
        list(stream_images(str(tmp_path / "list.jsonl")))
    with pytest.raises(UsageError, match="no such file or folder"):
        list(stream_images(str(tmp_path / "lost.csv")))
    with pytest.raises(UsageError, match="no path"):
        stream_images()
