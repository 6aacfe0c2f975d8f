"""The results page shows what the benchmarks of searches wrote, and what they wrote holds what the project promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import cascade, inversion, latenttracer, ronan, searching
from benchmarks.decoders import DECODERS, RESULTS

PAGES = Path(__file__).parents[2] / "docs" / "results"
PAGE_OF = {"ronan": "generators.md", "inversion": "cost.md"}


def written(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize(
    "name", ["ronan", "searching-192", "searching-192-zoo", "latenttracer-192", "cascade-192", "inversion"]
)
def test_the_page_has_every_row_and_the_command(name: str) -> None:
    document = written(name)
    page = (PAGES / PAGE_OF.get(name, "searches.md")).read_text(encoding="utf-8")
    if name == "inversion":
        table = inversion.show(document)
    elif name == "ronan":
        table = ronan.show(document["rows"])
    else:
        kinds = {"cascade-192": cascade.show, "latenttracer-192": latenttracer.show}
        table = kinds.get(name, searching.show)(document["decoders"])
    assert table in page
    assert document["command"] in page


def test_ronan_tells_other_models_apart_as_well_as_its_paper() -> None:
    rows = [row for row in written("ronan")["rows"] if row["kind"] != "sibling"]
    for form in ("alone", "over the reference"):
        for rule in ronan.RULES:
            found = [row[rule]["accuracy"] for row in rows if row["form"] == form]
            assert sum(found) / len(found) >= 0.953
    assert all(row[rule][key] >= 0 for row in rows for rule in ronan.RULES for key in ("tp", "fp", "fn", "tn"))


def test_traced_finds_belongings_of_each_real_decoder_at_one_per_cent_of_false_claims() -> None:
    for found in written("searching-192")["decoders"].values():
        assert found["statistics"][searching.BY_BAND]["tpr"] >= 0.95


def test_latenttracer_was_asked_of_every_decoder_and_kind_beside_aedr_on_the_same_images() -> None:
    decoders = written("latenttracer-192")["decoders"]
    assert set(decoders) == {"kl-f8-a", *DECODERS}
    for name, found in decoders.items():
        own, theirs = found["methods"]["latenttracer, 20 each"], found["methods"]["aedr, 20 each"]
        assert own["counts"] == theirs["counts"] == [20, 20 * len(own["pools"])]
        assert set(own["pools"]) == {"photos", *DECODERS} - {name}
        assert found["seconds"]["latenttracer"] > found["seconds"]["aedr"]


def _left(row: dict[str, Any]) -> float:
    return float(row["loss of the same images"])


def test_a_step_costs_a_pass_and_a_gradient_and_the_engine_is_faster_than_a_plain_loop() -> None:
    document = written("inversion")
    assert max(document["step"].values()) <= 1.15
    plain = document["ronan"].pop("plain loop")
    as_good = [row for row in document["ronan"].values() if _left(row) <= 1.05 * _left(plain)]
    assert max(row["times"] for row in as_good) >= 10
    plain, ours = (document["latenttracer"][name] for name in ("plain loop", "ours"))
    assert ours["times"] >= 4
    assert ours["verdicts"] == plain["verdicts"]
