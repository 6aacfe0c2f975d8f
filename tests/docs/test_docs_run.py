"""Every Python block of README.md and docs/ runs, page by page, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
READER = Sybil(parsers=[PythonCodeBlockParser()])


def test_the_pages_are_there() -> None:
    names = {page.name for page in PAGES}
    assert {"README.md", "index.md", "how-it-decides.md", "images.md"} <= names


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = list(READER.parse(page).examples())
    for example in examples:
        example.evaluate()
    assert len(examples) == page.read_text(encoding="utf-8").count("```python\n")
