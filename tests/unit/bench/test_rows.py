"""Rows of tables are counted rightly, whatever is undefined or too few, and are written as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.toy_tables import PLAIN
from tests.toy_tables import table as scores
from wherefrom import bench
from wherefrom.bench.base import Row, Table, averaged, row_of
from wherefrom.bench.shared.written import document, draw, markdown, write
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import UsageError, WherefromError
from wherefrom.evaluation import evaluate
from wherefrom.judging import calibrate, judge

ABOUT: dict[str, Any] = {"model": "m", "against": "others", "how": "by hand"}
KNOWN = np.arange(1.0, 20.0)
"""Nineteen: the conformal cut at alpha 0.05 is the largest."""
RULES = ("grubbs", "conformal")


def judged(known: Vector, own: Vector, other: Vector, *, alpha: float = 0.05, **about: Any) -> Row:
    """A row as a table makes it: profile, verdicts, counts."""
    profile = calibrate(belonging=scores(known, "known"), method=PLAIN)
    kinds = {"others": scores(other, "other")}
    found = evaluate(profile, belonging=scores(own, "own"), foreign=kinds, rules=RULES, alpha=alpha, method=PLAIN)
    return row_of(found["others"], **about)


def test_counts_are_those_under_the_cut() -> None:
    row = judged(KNOWN, np.array([1.0, 19.0, 20.0]), np.array([5.0, 30.0, 40.0, 50.0]), **ABOUT)
    found = row.rules["conformal"]
    assert found is not None
    assert (found["cut"], found["tp"], found["fp"], found["fn"], found["tn"]) == (19.0, 2, 1, 1, 3)
    assert row.accuracy("conformal") == found["accuracy"] == 5 / 7
    assert found["low"] < 5 / 7 < found["high"]


def test_what_is_undefined_is_never_claimed_and_is_counted() -> None:
    row = judged(np.append(KNOWN, np.nan), np.array([1.0, np.nan]), np.array([np.inf, np.nan, 99.0]), **ABOUT)
    found = row.rules["conformal"]
    assert found is not None
    assert row.profiled == 19
    assert (found["tp"], found["fn"], found["fp"], found["tn"]) == (1, 1, 0, 3)
    assert row.undefined == 3


def test_a_rule_without_enough_belongings_has_no_cut() -> None:
    row = judged(KNOWN[:18], KNOWN, KNOWN + 100, **ABOUT)
    assert row.rules["conformal"] is None
    assert row.rules["grubbs"] is not None
    assert np.isnan(row.accuracy("conformal"))


def test_a_rate_needs_as_many_others_as_it_says() -> None:
    few, many = (judged(KNOWN, KNOWN, np.arange(100.0, 100.0 + n), **ABOUT) for n in (99, 100))
    assert few.tpr["0.01"] is None
    found = many.tpr["0.01"]
    assert found is not None
    assert found["value"] == 1.0
    assert many.tpr["0.001"] is None


def test_a_smaller_share_of_misses_cuts_higher() -> None:
    known = np.arange(1.0, 100.0)
    rows = [judged(known, KNOWN, KNOWN + 100, alpha=alpha, **ABOUT).rules["conformal"] for alpha in (0.05, 0.02)]
    assert [row["cut"] for row in rows if row] == [95.0, 98.0]


def test_counts_are_those_of_verdicts_with_ties_at_the_cut() -> None:
    """The conformal cut keeps what ties with it, and the other rules ask for less than their cut."""
    known = np.arange(1.0, 40.0)
    profile = calibrate(belonging=scores(known, "known"), method=PLAIN)
    for rule in RULES:
        cut = judge(scores([1.0], "any"), profile=profile, rule=rule, method=PLAIN)[0].threshold
        assert cut is not None
        own = np.array([cut, np.nextafter(cut, np.inf), cut * (1 + 1e-9), cut * (1 - 1e-9), np.nan])
        said = [verdict.belonging for verdict in judge(scores(own, "own"), profile=profile, rule=rule, method=PLAIN)]
        found = judged(known, own, own[:1], **ABOUT).rules[rule]
        assert found is not None
        assert found["cut"] == cut
        assert found["tp"] == said.count(True)
        assert found["fn"] == said.count(False) + said.count(None)
        assert found["fp"] == int(said[0] is True)
        assert said[2:] == [False, True, None]


def test_the_mean_of_rows_is_that_of_their_numbers_and_says_between_what_most_are() -> None:
    others = np.arange(100.0, 300.0)
    rows = [judged(KNOWN, KNOWN + shift, others, **ABOUT) for shift in (0.0, 0.0, 5.0, 10.0)]
    mean, each = averaged(rows), [row.rules["conformal"] for row in rows]
    found = mean.rules["conformal"]
    assert found is not None
    assert found["tp"] == np.mean([one["tp"] for one in each if one]) == np.mean([19, 19, 14, 9])
    right = [(tp + 200) / 219 for tp in (19, 19, 14, 9)]
    assert (found["accuracy"], found["low"], found["high"]) == (np.mean(right), *np.quantile(right, (0.05, 0.95)))
    assert mean.auc is not None
    assert mean.auc["value"] == 1.0
    assert mean.tpr["0.001"] is None
    few = averaged([judged(KNOWN[:18], KNOWN, others, **ABOUT)] * 2)
    assert few.rules["conformal"] is None


@pytest.mark.parametrize(("place", "said"), [(0, "none of 0 belonging"), (1, "belonging: no"), (2, "others: no image")])
def test_a_kind_without_images_is_an_error_that_says_whose(place: int, said: str) -> None:
    kinds = [KNOWN, KNOWN, KNOWN]
    kinds[place] = np.array([])
    with pytest.raises(WherefromError, match=said):
        judged(*kinds, **ABOUT)


def table(rows: list[Row], goal: float | None = 90.0) -> Table:
    return Table(title="A table", paper="some paper", rows=lambda _: iter(rows), goal=goal)


def test_the_document_names_the_gpu_where_it_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "a card")
    ways = {device: document("t", table([]), [], command="c", skipped=[], device=device) for device in ("cpu", "auto")}
    assert ", a card, " in ways["auto"]["machine"]
    assert "a card" not in ways["cpu"]["machine"]


def test_the_document_is_all_of_it_and_the_page_is_made_from_it(tmp_path: Path) -> None:
    rows = [
        judged(KNOWN, KNOWN, KNOWN + 100, model="m", against=name, how="one", paper=97.5) for name in ("bad", "worse")
    ]
    rows.append(judged(KNOWN, KNOWN, KNOWN, model="m", against="itself", how="two"))
    found = document("t", table(rows), rows, command="wherefrom bench t", skipped=["photos"])
    assert json.loads(write(found, tmp_path).read_text()) == json.loads(json.dumps(found))
    shown = markdown(json.loads((tmp_path / "t.json").read_text()))
    assert "| m | bad | one | 1.000 (" in shown
    assert "19/0/0/19 100.0 (90.7 to 100.0) | 97.5 |" in shown
    assert "19/19/0/0 50.0" in shown
    assert "- one, 2 rows, average accuracy: 100.0 % by grubbs, 100.0 % by conformal, 97.5 % in the paper\n" in shown
    assert "- two" not in shown
    assert "- goal: at least 90.0 % by grubbs; best way, one: 100.0 %; rows below: none" in shown
    draw(found, tmp_path / "t.png")
    assert (tmp_path / "t.png").read_bytes()[:4] == b"\x89PNG"


def test_what_is_found_is_averaged_where_every_row_has_it() -> None:
    far, near = np.arange(100.0, 300.0), np.concatenate([np.full(3, 10.5), np.arange(100.0, 297.0)])
    rows = [judged(KNOWN, KNOWN, other, model="m", against="b", how="one") for other in (far, far, near)]
    assert "; TPR at 1 % FPR 1.00" in markdown(document("t", table(rows), rows[:2], command="c", skipped=[]))
    below = rows[2].tpr["0.01"]
    assert below is not None
    assert below["value"] < 1
    mean = (2 + below["value"]) / 3
    assert f"; TPR at 1 % FPR {mean:.2f}" in markdown(document("t", table(rows), rows, command="c", skipped=[]))
    few = judged(KNOWN, KNOWN, KNOWN + 100, model="m", against="b", how="one")
    assert "; TPR at 1 % FPR" not in markdown(document("t", table(rows), [*rows, few], command="c", skipped=[]))


def test_a_mean_outside_of_where_most_are_is_drawn(tmp_path: Path) -> None:
    row = judged(KNOWN, KNOWN, KNOWN + 100, **ABOUT)
    moved = {"grubbs": {**(row.rules["grubbs"] or {}), "accuracy": 0.90, "low": 0.95, "high": 1.0}}
    found = document("t", table([row]), [replace(row, rules=moved)], command="c", skipped=[])
    draw(json.loads(json.dumps(found)), tmp_path / "t.png")
    assert (tmp_path / "t.png").stat().st_size > 1000


def test_a_table_without_a_rule_has_no_figure(tmp_path: Path) -> None:
    found = document("t", replace(table([], None), rules=()), [], command="c", skipped=[])
    draw(found, tmp_path / "t.png")
    assert not (tmp_path / "t.png").exists()


def test_a_goal_that_is_missed_names_the_rows() -> None:
    rows = [judged(KNOWN, KNOWN, KNOWN, **ABOUT)]
    shown = markdown(json.loads(json.dumps(document("t", table(rows), rows, command="c", skipped=[]), default=str)))
    assert "rows below: m against others" in shown


def test_every_table_is_found_by_either_name_and_says_what_it_asks() -> None:
    assert len(bench.names()) >= 15
    for name in bench.names():
        one = bench.load(name.replace("_", "-"))
        assert one is bench.load(name)
        assert one.title
    with pytest.raises(UsageError, match="did you mean 'ronan_2'"):
        bench.load("ronan-22")
