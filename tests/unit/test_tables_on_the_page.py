"""The results page shows every table that `wherefrom bench` wrote, as it wrote it."""

from __future__ import annotations

import json

from benchmarks import page


def test_every_table_is_on_the_page_as_its_file_says() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text) == text
    written = {path.stem for path in page.TABLES.glob("*.json")}
    assert written == {name for name in written if f"<!-- table: {name} -->" in text}


def test_tables_were_not_made_by_a_quick_run() -> None:
    for path in page.TABLES.glob("*.json"):
        assert "--quick" not in json.loads(path.read_text(encoding="utf-8"))["command"]
