"""Figures of earlier programs: the pages say which table makes them now, and they hold what the project promises."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from benchmarks import earlier, inversion, page
from benchmarks.places import RESULTS
from wherefrom import bench

REAL = ("taesd", "taesd3", "taef1")


def written(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def test_every_file_is_on_a_page_and_every_other_one_is_of_a_program_that_is_there() -> None:
    texts = [path.read_text(encoding="utf-8") for path in page.PAGES]
    assert set(earlier.FILES) <= set().union(*map(page.shown, texts))
    programs = {path.stem for path in RESULTS.parent.glob("*.py")}
    others = {path.stem for path in RESULTS.glob("*.json")} - set(earlier.FILES)
    assert {stem.partition("-")[0] for stem in others} <= programs


@pytest.mark.parametrize("name", earlier.FILES)
def test_a_page_says_which_program_wrote_figures_and_which_table_makes_them_now(name: str) -> None:
    made = page.section("measured", name)
    document, now = written(name), earlier.FILES[name].now
    assert f"```sh\n{now}\n```" in made
    assert f"made by an earlier program, `{document['command']}`" in made
    assert earlier.FILES[name].show(document) in made
    program, table = re.findall(r"benchmarks[./](\w+)", document["command"])[0], now.split()[2].replace("-", "_")
    assert table in bench.names()
    assert name == "starts" or not (RESULTS.parent / f"{program}.py").exists()


def test_ronan_tells_other_models_apart_as_well_as_its_paper() -> None:
    rules, counts = ("grubbs", "conformal"), ("tp", "fp", "fn", "tn")
    rows = [row for row in written("ronan")["rows"] if row["kind"] != "sibling"]
    for form in ("alone", "over the reference"):
        for rule in rules:
            found = [row[rule]["accuracy"] for row in rows if row["form"] == form]
            assert sum(found) / len(found) >= 0.953
    assert all(row[rule][key] >= 0 for row in rows for rule in rules for key in counts)


@pytest.mark.parametrize("size", [192, 256, 384])
def test_the_default_method_finds_most_belongings_on_each_decoder(size: int) -> None:
    rates = [rows["spectral"]["tpr"] for rows in written(f"decoders-{size}")["decoders"].values()]
    assert min(rates) >= 0.8
    assert sum(rates) / len(rates) >= 0.9


def test_traced_finds_belongings_of_each_real_decoder_at_one_per_cent_of_false_claims() -> None:
    for found in written("searching-192")["decoders"].values():
        assert found["statistics"]["traced: twin by band, 5 steps"]["tpr"] >= 0.95


def test_latenttracer_was_asked_of_every_decoder_and_kind_beside_aedr_on_the_same_images() -> None:
    decoders = written("latenttracer-192")["decoders"]
    assert set(decoders) == {"kl-f8-a", *REAL}
    for name, found in decoders.items():
        own, theirs = found["methods"]["latenttracer, 20 each"], found["methods"]["aedr, 20 each"]
        assert own["counts"] == theirs["counts"] == [20, 20 * len(own["pools"])]
        assert set(own["pools"]) == {"photos", *REAL} - {name}
        assert found["seconds"]["latenttracer"] > found["seconds"]["aedr"]


def _left(row: dict[str, Any]) -> float:
    return float(row["loss of the same images"])


def test_a_step_costs_a_pass_and_a_gradient_and_the_engine_is_faster_than_a_plain_loop() -> None:
    document = written("inversion")
    text = (page.DOCS / "results" / "cost.md").read_text(encoding="utf-8")
    assert inversion.show(document) in text
    assert document["command"] in text
    assert max(document["step"].values()) <= 1.15
    plain = document["ronan"].pop("plain loop")
    as_good = [row for row in document["ronan"].values() if _left(row) <= 1.05 * _left(plain)]
    assert max(row["times"] for row in as_good) >= 10
    plain, ours = (document["latenttracer"][name] for name in ("plain loop", "ours"))
    assert ours["times"] >= 4
    assert ours["verdicts"] == plain["verdicts"]
