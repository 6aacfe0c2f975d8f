"""The results page shows what the benchmark of decoders wrote, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.decoders import RESULTS, show

PAGE = Path(__file__).parents[2] / "docs" / "results" / "decoders.md"
WRITTEN = sorted(RESULTS.glob("decoders-*.json"))


def test_there_are_results() -> None:
    assert WRITTEN


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_the_page_has_every_row_and_the_command(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    assert show(document["decoders"]) in page
    assert document["command"] in page


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_the_default_method_finds_most_belongings_on_each_decoder(path: Path) -> None:
    decoders = json.loads(path.read_text(encoding="utf-8"))["decoders"]
    rates = [rows["spectral"]["tpr"] for rows in decoders.values()]
    assert min(rates) >= 0.8
    assert sum(rates) / len(rates) >= 0.9
