"""One writer a kind of table: cells that no spreadsheet computes, lines that are JSON, columns of one type."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from wherefrom.core.cells import unguarded
from wherefrom.core.tables import parquet_column, write_csv, write_json_lines, write_parquet


def test_csv_guards_headers_and_cells_and_keeps_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_csv(path, ["name", "=more"], [["=1+1.png", 0.1], ["a\nb.png", None]])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["name", "'=more"], ["'=1+1.png", "0.1"], ['\'"a\\nb.png"', ""]]
    assert [unguarded(row[0]) for row in rows] == ["name", "=1+1.png", "a\nb.png"]


def test_csv_writes_bytes_of_a_name_that_are_no_text(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", ["a\udcff"], [])
    assert "udcff" in (tmp_path / "t.csv").read_text(encoding="utf-8")


def test_json_lines_are_one_value_a_line_and_nan_is_null(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    write_json_lines(path, [{"name": "a\nb", "score": float("nan")}, {"name": "é"}])
    lines = path.read_text(encoding="ascii").splitlines()
    assert [json.loads(line) for line in lines] == [{"name": "a\nb", "score": None}, {"name": "é"}]


def test_parquet_keeps_types_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {"n": parquet_column([1, None]), "mixed": parquet_column([1, "b"]), "empty": parquet_column([None, None])}
    write_parquet(path, columns, metadata={"wherefrom": "table"})
    table = pq.read_table(path)
    assert table.to_pydict() == {"n": [1, None], "mixed": ["1", "b"], "empty": [None, None]}
    assert [str(column.type) for column in table.columns] == ["int64", "string", "string"]
    assert table.schema.metadata == {b"wherefrom": b"table"}


def test_a_row_that_cannot_be_written_leaves_the_old_table(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("old\n")
    with pytest.raises(TypeError):
        write_json_lines(path, [{"name": "a"}, {"name": object()}])
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]
