"""Prompts from text, CSV and JSON lines; what is none is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from wherefrom.core.errors import UsageError
from wherefrom.models.prompts import read_prompts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.txt", "\ufeff# a comment\n  a cat, red \n\n   # another\nü # no comment\n"),
        ("p", "a cat, red\r\nü # no comment"),
        ("p.csv", 'id,prompt\n1,"a cat, red"\n2,ü # no comment\n'),
        ("p.jsonl", '{"prompt": "a cat, red", "id": 1}\n\n"ü # no comment"\n'),
    ],
)
def test_each_form(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_prompts(tmp_path / name) == ("a cat, red", "ü # no comment")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.txt", b"# nothing\n\n", "has no prompt"),
        ("p.txt", b"\xff\xfe\x00", "cannot be read"),
        ("p.txt", b"a\n\x00b\n", "line 2: the prompt has a null character"),
        ("p.csv", b"text\na cat\n", "line 2: no column `prompt`, only 'text'"),
        ("p.csv", b"id,prompt\n1\n", "line 2: the prompt is None"),
        ("p.jsonl", b'{"text": "a cat"}\n', "line 1: no column `prompt`"),
        ("p.jsonl", b'"a"\n3\n', "line 2: the prompt is 3"),
        ("p.jsonl", b"{", "cannot be read"),
    ],
)
def test_what_is_refused(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_prompts(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.txt cannot be read \(No such file"):
        read_prompts(tmp_path / "none.txt")
