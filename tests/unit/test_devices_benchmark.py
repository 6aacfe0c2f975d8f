"""The benchmark of devices finds what differs, and the results page shows what it wrote."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from benchmarks.devices import compared, show
from benchmarks.places import RESULTS

PAGE = Path(__file__).parents[2] / "docs" / "results" / "cost.md"
DOCUMENT = json.loads((RESULTS / "devices.json").read_text(encoding="utf-8"))


def test_the_page_has_every_row_and_the_command() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert show(DOCUMENT) in page
    assert DOCUMENT["command"] in page


def test_the_largest_difference_is_found_with_its_column() -> None:
    first = {"first": np.array([1.0, 2.0, np.nan]), "second": np.array([4.0, 4.0, 4.0]), "calls": np.array([1.0, 1, 1])}
    second = {
        "first": np.array([1.0, 2.2, np.nan]),
        "second": np.array([4.0, 4.2, 4.0]),
        "calls": np.array([9.0, 9, 9]),
    }
    found = compared(first, second, searched=False)
    assert found["column"] == "first"
    assert math.isclose(found["largest"], 0.1, rel_tol=1e-9)
    second["second"][0] = np.nan
    assert compared(first, second, searched=False) == {"largest": math.inf, "column": "second", "agreed": None}


def test_of_searches_small_losses_need_only_be_small_on_both() -> None:
    first, second = {"loss": np.array([1e-6, 0.02, 3e-5])}, {"loss": np.array([5e-6, 0.022, 4e-2])}
    found = compared(first, second, searched=True)
    assert found["agreed"] == 2
    assert math.isclose(found["largest"], 0.1, rel_tol=1e-9)


def test_methods_of_two_passes_agree_within_a_thousandth_and_searches_in_what_is_small() -> None:
    for row in DOCUMENT["rows"]:
        if row["method"] in ("aedr", "spectral"):
            assert row["largest"] < 1e-3
        if row["method"] == "ronan":
            assert row["agreed"] == row["images"]
