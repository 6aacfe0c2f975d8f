"""A manifest grows by path, and is read as the images that it names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wherefrom.core.errors import UsageError
from wherefrom.images.manifest import add_rows, check_manifest
from wherefrom.images.sources import load_images


def test_rows_are_replaced_by_path_and_others_kept(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    odd = "a line\u2028and\x85another\r\n"
    add_rows(path, [{"path": "b.png", "prompt": "old"}, {"path": "c.png", "prompt": odd}])
    add_rows(path, [{"path": "b.png", "prompt": "new"}, {"path": "a.png", "prompt": "first"}])
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    assert rows == [
        {"path": "a.png", "prompt": "first"},
        {"path": "b.png", "prompt": "new"},
        {"path": "c.png", "prompt": odd},
    ]
    assert [source.path for source in load_images(path)] == [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    assert [file.name for file in tmp_path.iterdir()] == ["m.jsonl"]


@pytest.mark.parametrize(
    "text", ["no JSON\n", "", '{"label": 1}\n', "[1]\n", "1\n", '{"path": "a", "id": 1}\n{"path": "a", "id": 2}\n']
)
def test_what_is_no_manifest_is_refused_and_left(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(text)
    for write in (check_manifest, lambda place: add_rows(place, [{"path": "a.png"}])):
        with pytest.raises(UsageError, match="is there and is no manifest"):
            write(path)
    assert path.read_text() == text
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is there and is no manifest"):
        check_manifest(path)
