"""The pages of results show every table and figure that was measured, as the files have it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from benchmarks import page, page_figures, summary
from wherefrom.bench.shared.latent import METHODS


@pytest.mark.parametrize("path", page.PAGES, ids=lambda path: path.stem)
def test_a_page_shows_its_tables_as_the_files_say(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert page.filled(text) == text


def test_every_table_is_on_a_page_of_its_topic() -> None:
    texts = [path.read_text(encoding="utf-8") for path in page.PAGES if path.name != "results.md"]
    assert {path.stem for path in page.TABLES.glob("*.json")} <= set().union(*map(page.shown, texts))


def test_the_first_page_is_short_and_has_five_tables_and_two_figures_with_their_limits() -> None:
    text = (page.DOCS / "results.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert [name for name in summary.TABLES if f"<!-- summary: {name} -->" in text] == list(summary.TABLES)
    assert all(f"](assets/{name}.svg)" in text for name in page_figures.FIGURES)
    assert text.count("*Limits.*") == len(summary.TABLES) == 5


@pytest.mark.parametrize("name", page_figures.FIGURES)
def test_a_figure_shows_the_numbers_of_the_files(name: str) -> None:
    _, numbers = page_figures.FIGURES[name]
    assert page_figures.drawn(page_figures.ASSETS / f"{name}.svg") == numbers()


def test_a_figure_that_is_drawn_again_has_the_same_bytes(tmp_path: Path) -> None:
    draw, _ = page_figures.FIGURES["found-by-quality"]
    paths = [tmp_path / "a" / "figure.svg", tmp_path / "b" / "figure.svg"]
    for path in paths:
        path.parent.mkdir()
        draw(path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second


def test_commands_that_differ_in_the_model_alone_are_shown_as_one() -> None:
    commands = ["bench edits --ask a --size 8", "bench edits --ask b --size 8", "bench times"]
    assert page.merged(commands) == ["bench edits --ask a --ask b --size 8", "bench times"]
    assert page.merged(["bench t --ask a --ask b", "bench t --ask c"]) == ["bench t --ask a --ask b --ask c"]
    edits = [f"bench t --ask {model} --edit {edit}" for edit in ("jpeg:75", "none") for model in "ab"]
    assert page.merged([*edits, "bench t --ask a --edit blur:1"]) == [
        "bench t --ask a --ask b --edit none --edit jpeg:75",
        "bench t --ask a --edit blur:1",
    ]


def test_kinds_have_a_line_each_and_a_column_for_every_method() -> None:
    def row(how: str, against: str, tpr: float | None) -> dict[str, object]:
        rate = None if tpr is None else {"value": tpr}
        return {"model": "a", "how": how, "against": against, "auc": {"value": 0.9}, "tpr": {"0.01": rate}}

    rows = [row("none: m", "photos", 0.5), row("none: n", "photos", 1.0), row("jpeg:90: m", "photos", None)]
    lines = page.against_kinds([{"rows": rows}]).splitlines()
    assert lines[0] == "| model | edit | against | m | n |"
    assert lines[2:4] == [
        "| a | none | photos | 0.50 (0.900) | 1.00 (0.900) |",
        "| a | jpeg:90 | photos | - (0.900) |  |",
    ]


def test_tables_were_not_made_by_a_quick_run() -> None:
    for path in page.TABLES.glob("*.json"):
        assert "--quick" not in json.loads(path.read_text(encoding="utf-8"))["command"]


def test_times_have_a_figure_for_every_way() -> None:
    found = json.loads((page.TABLES / "times.json").read_text(encoding="utf-8"))
    assert all(row["seconds"] > 0 for row in found["rows"])


CUT = [path for path in sorted(page.TABLES.glob("*.json")) if json.loads(path.read_text(encoding="utf-8"))["rules"]]


@pytest.mark.parametrize("path", CUT, ids=lambda path: path.stem)
def test_what_the_project_asks_of_a_table_holds_for_its_best_way(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    rule, ways = found["rules"][0], {row["how"] for row in found["rows"]}
    held = {way: [row["rules"][rule]["accuracy"] for row in found["rows"] if row["how"] == way] for way in ways}
    best = max(sum(values) / len(values) for values in held.values())
    assert 100 * best >= (found["goal"] or 0.0)
    assert all(values and min(values) >= 0 for values in held.values())


def rates(size: int, name: str = "edits") -> dict[str, list[float]]:
    """TPR at 1 % FPR of every way of asking after an edit, a model after the other."""
    found: dict[str, list[float]] = {}
    for document in page.documents("edits", f"{name}_{size}").values():
        for row in document["rows"]:
            found.setdefault(row["how"], []).append(row["tpr"]["0.01"]["value"])
    return found


def test_under_jpeg_90_recompressed_finds_twice_a_third_of_the_belongings() -> None:
    found = rates(192)["jpeg:90: recompressed, profile alike"]
    assert sum(found) / len(found) >= 2 * 0.33


def over_divisions(how: str, rule: str, *, table: str = "aedr_splits") -> dict[str, float]:
    """Means over five decoders and all others of a rule's numbers, divided many times."""
    rows = json.loads((page.TABLES / f"{table}.json").read_text(encoding="utf-8"))["rows"]
    found = [row["rules"][rule] for row in rows if row["how"] == how]
    assert len(found) == 25
    assert all(one["tp"] + one["fn"] == pytest.approx(200) for one in found)
    return {key: sum(one[key] for one in found) / len(found) for key in ("accuracy", "fp")}


@pytest.mark.parametrize("how", ["aedr, band by band", "spectral, easiest=0"])
def test_aedrs_errors_are_right_of_97_in_100_by_the_papers_rule_and_of_98_at_a_smaller_alpha(how: str) -> None:
    assert over_divisions(f"{how}, alpha 0.05", "kde")["accuracy"] >= 0.97
    assert over_divisions(f"{how}, alpha 0.02", "conformal")["accuracy"] >= 0.98


def test_spectral_holds_on_images_on_which_no_form_was_chosen() -> None:
    found = over_divisions("spectral, easiest=0, alpha 0.05", "kde", table="aedr_splits_tiles")
    assert found["accuracy"] > 0.965


@pytest.mark.parametrize("table", ["aedr_splits", "aedr_splits_tiles"])
def test_easy_images_stored_without_loss_are_not_claimed_for_being_judged(table: str) -> None:
    every, most = (
        over_divisions(f"{how}, alpha 0.05", "conformal", table=table) for how in ("spectral, easiest=0", "spectral")
    )
    assert every["fp"] <= most["fp"]


def test_spectral_hardly_ever_claims_what_is_another_decoders() -> None:
    for how in ("spectral", "spectral, easiest=0"):
        assert over_divisions(f"{how}, alpha 0.05", "conformal")["fp"] < 0.01
    assert over_divisions("aedr, band by band, alpha 0.05", "conformal")["fp"] < 2


@pytest.mark.parametrize(("size", "name"), [(192, "edits"), (192, "jpeg"), (256, "edits"), (512, "edits")])
@pytest.mark.parametrize("quality", [90, 75])
def test_under_jpeg_recompressed_finds_more_than_every_other_method(size: int, name: str, quality: int) -> None:
    found = {how: values for how, values in rates(size, name).items() if f"jpeg:{quality}: " in how}
    means = {how: sum(values) / len(values) for how, values in found.items()}
    best = means.pop(f"jpeg:{quality}: recompressed, profile alike")
    assert len(found[f"jpeg:{quality}: recompressed, profile alike"]) == 5
    assert best > max(means.values())


@pytest.mark.parametrize("quality", [90, 75])
def test_under_jpeg_every_method_has_a_rate_for_every_decoder(quality: int) -> None:
    found = rates(192, "jpeg")
    assert {how: len(found[f"jpeg:{quality}: {how}, profile alike"]) for how in METHODS} == dict.fromkeys(METHODS, 5)


def test_the_matrix_of_edits_is_the_mean_and_the_least_of_what_the_documents_say() -> None:
    made = page.edited(list(page.documents("edits", "edits_256").values()))
    values = rates(256)["jpeg:75: spectral, profile alike"]
    line = next(line for line in made.splitlines() if line.startswith("| jpeg:75 "))
    assert line.split(" | ")[4] == f"{sum(values) / 5:.2f} ({min(values):.2f})"
    assert made.index("| profile with the same edit |") < made.index("| profile without an edit |")
    assert "without an edit" not in page.edited(list(page.documents("edits", "jpeg_192").values()))
    with pytest.raises(typer.BadParameter, match="'ronan' is no edit, method and profile"):
        page.edited([json.loads((page.TABLES / "ronan_2.json").read_text(encoding="utf-8"))])


def test_each_models_rates_stand_beside_the_means_of_other_methods() -> None:
    def row(model: str, how: str, tpr: float) -> dict[str, object]:
        rules = {"kde": {"tp": 30, "fn": 20}}
        return {"model": model, "how": how, "tpr": {"0.01": {"value": tpr}}, "rules": rules}

    one = {"rows": [row("a", f"blur:1: {name}, profile alike", 0.5) for name in page._BESIDE]}
    one["rows"] += [row("a", f"none: {name}, profile untouched", 1.0) for name in page._BESIDE]
    rates = dict(zip(page._BESIDE, (0.7, 0.1, 0.3, 0.0, 0.5), strict=True))
    two = {"rows": [row("b", f"blur:1: {name}, profile alike", rate) for name, rate in rates.items()]}
    head, _, none, blur, *_ = page.by_model([one, two]).splitlines()
    assert head.startswith("| edit | a | b | mean of `joint` | mean of `control`, two copies, `weighted` | ")
    means = "0.60 (0.50) | 0.30 (0.10) | 0.40 (0.30) | 0.25 (0.00) | 0.50 (0.50)"
    assert blur == f"| blur:1 | 0.50 (50) | 0.70 (50) | {means} |"
    assert none == f"| none | 1.00 (50) |  | {' | '.join(['1.00 (1.00)'] * 5)} |"


def test_the_means_of_methods_are_those_of_their_rows() -> None:
    (found,) = page.documents("means", "aedr_homogeneity").values()
    rows = [row for row in found["rows"] if row["how"] == "no weight"]
    accuracy = 100 * sum(row["rules"]["kde"]["accuracy"] for row in rows) / len(rows)
    assert f"| no weight | {len(rows)} |" in page.methods(found)
    missed, claimed = (sum(row["rules"]["kde"][key] for row in rows) / len(rows) for key in ("fn", "fp"))
    assert f" | {accuracy:.1f} ({missed:.2f}, {claimed:.3f}) | " in page.methods(found)
