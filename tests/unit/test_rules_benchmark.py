"""The table of `docs/explanation/how-sure.md` is the one that was measured, and can be measured again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.rules import RESULTS, Row, markdown, measure

ROWS = [Row(**row) for row in json.loads(RESULTS.read_text("utf-8"))["rows"]]


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_page_shows_what_was_measured(alpha: float) -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "how-sure.md").read_text("utf-8")
    assert markdown(ROWS, alpha) in page


@pytest.mark.parametrize("source", ["normal", "ties (normal, rounded)"])
@pytest.mark.parametrize("n", [19, 500])
def test_a_row_can_be_measured_again(source: str, n: int) -> None:
    stored = next(row for row in ROWS if (row.rule, row.source, row.n, row.alpha) == ("conformal", source, n, 0.05))
    again = measure("conformal", source, n, 0.05, stored.profiles)
    assert asdict(again) == pytest.approx(asdict(stored))
    assert again.mean is not None
    assert again.mean <= 0.05 + 0.002


def test_too_few_belongings_are_shown_as_refused() -> None:
    row = measure("conformal", "normal", 19, 0.01, 5)
    assert (row.mean, row.profiles) == (None, 0)
