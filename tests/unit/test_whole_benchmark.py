"""The results page shows what the benchmark of whole latent models wrote, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.decoders import RESULTS
from benchmarks.whole import methods, show

PAGE = Path(__file__).parents[2] / "docs" / "results" / "searches.md"
DOCUMENT = json.loads((RESULTS / "whole.json").read_text(encoding="utf-8"))


def test_the_page_has_every_row_and_the_command() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert show(DOCUMENT) in page
    assert DOCUMENT["command"] in page


def test_every_method_was_run() -> None:
    said = dict(zip(*[iter(DOCUMENT["command"].split()[3:])] * 2, strict=True))
    assert list(DOCUMENT["methods"]) == list(methods(int(said["--steps"]), int(said["--restarts"])))
    assert DOCUMENT["count"] == int(said["--count"])
    for one in DOCUMENT["methods"].values():
        right = one["found"] + DOCUMENT["count"] - one["claimed"]
        assert one["accuracy"] == right / (2 * DOCUMENT["count"])
