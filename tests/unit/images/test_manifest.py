"""A manifest grows by path, and is read as the images that it names."""

from __future__ import annotations

import json
from pathlib import Path

from wherefrom.images.manifest import add_rows
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


def test_what_is_no_manifest_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text("no JSON\n")
    add_rows(path, [{"path": "a.png"}])
    assert path.read_text() == '{"path": "a.png"}\n'
