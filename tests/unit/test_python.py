"""Python as a user writes it: methods of one's own, one name a thing, options by keyword, rows and frames."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import wherefrom as wf
from tests.toy_tables import table
from wherefrom import methods, rules
from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card
from wherefrom.methods.base import Fit
from wherefrom.models.toy import Toy

WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Mine:
    """A method that nobody registered: the mean squared error of one pass, times a factor."""

    factor: float = 2.0

    @property
    def card(self) -> Card:
        return Card(kind="method", name="mine", facts={"factor": self.factor})

    @property
    def measure(self) -> Card:
        return Card(kind="measure", name="my-error")

    @property
    def learns(self) -> bool:
        return False

    def scores(self, model: Toy, images: Any, seeds: Seeds) -> Scores:
        error = (model.decode(model.encode(images)) - images).square().mean((1, 2, 3))
        return Scores({"error": error.double().numpy()})

    def fit(self, belonging: Scores) -> Fit:
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        return self.factor * scores["error"]


def drawn(count: int, seed: int = 0) -> list[Any]:
    model = Toy()
    made = model.decode(model.draw(np.arange(seed, seed + count, dtype=np.uint64)))
    return list((made.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy())


def noise(count: int) -> list[Any]:
    return list(np.random.default_rng(5).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8))


def scored(images: list[Any], method: Any) -> wf.ScoreTable:
    return wf.score(images, model=Toy(), method=method)


def test_a_method_of_one_s_own_goes_all_the_way() -> None:
    mine = Mine(factor=3.0)
    known, others = scored(drawn(24), mine), scored(noise(24), mine)
    profile = wf.profile(belonging=known, foreign={"noise": others})
    asked = scored([*drawn(3, 100), *noise(2)], mine)
    found = wf.attribute(asked, profile=profile, alpha=0.1, beta=0.1)
    assert [verdict.outcome for verdict in found[3:]] == [wf.Outcome.EXCLUDED] * 2
    assert {verdict.method for verdict in found} == {"mine"}
    among = wf.attribute({"toy": asked}, profiles={"toy": profile}, alpha=0.1, beta=0.1)
    assert [item.verdicts[0].outcome for item in among] == [verdict.outcome for verdict in found]
    assert found[0].statistic == pytest.approx(3.0 * asked.scores["error"][0])


def test_a_method_of_one_s_own_with_records_from_files(tmp_path: Path) -> None:
    mine = Mine()
    wf.save_table(scored(drawn(24), mine), tmp_path / "known.json")
    known = wf.load_table(tmp_path / "known.json")
    with pytest.raises(wf.UsageError, match=r"no method 'mine' among .*give it by method="):
        wf.profile(belonging=known)
    wf.save_profile(wf.profile(belonging=known, method=mine), tmp_path / "p.json")
    profile = wf.load_profile(tmp_path / "p.json")
    asked = scored(drawn(3, 100), mine)
    with pytest.raises(wf.ProfileError, match="another method or other options"):
        wf.attribute(asked, profile=profile, method=Mine(factor=7))
    by_table = wf.attribute(asked, profile=profile)
    given = wf.attribute(replace(asked, asked=None), profile=profile, method=mine)
    assert [verdict.statistic for verdict in by_table] == [verdict.statistic for verdict in given]
    with pytest.raises(wf.UsageError, match="give it by method="):
        wf.attribute(replace(asked, asked=None), profile=profile)


def test_another_method_s_instance_is_not_taken_for_the_card_s() -> None:
    known = scored(drawn(24), methods.load("aedr"))
    other = replace(known, method=methods.load("aedr", adjustment="homogeneity").card)
    assert wf.profile(belonging=other).asked.adjustment == "homogeneity"


def test_options_by_keyword_and_by_mapping_are_the_same() -> None:
    assert methods.load("aedr", adjustment="residual") == methods.load("aedr", {"adjustment": "residual"})
    assert rules.load("fixed", cut=1.2) == rules.load("fixed", {"cut": 1.2})
    assert methods.load("aedr", {"adjustment": "homogeneity"}, form="absolute").card.facts["form"] == "absolute"
    with pytest.raises(wf.UsageError, match="adjustment is given twice"):
        methods.load("aedr", {"adjustment": "residual"}, adjustment="none")
    with pytest.raises(wf.UsageError, match="has no option adjust: it has adjustment"):
        methods.load("aedr", adjust="residual")
    with pytest.raises(wf.UsageError, match="need them by name"):
        methods.load("aedr", "residual")  # type: ignore[arg-type]


def test_one_name_a_thing_and_the_old_ones_say_so() -> None:
    from wherefrom.judging import calibrate, judge

    for old, new, function in (("calibrate", "profile", calibrate), ("judge", "attribute", judge)):
        with pytest.warns(DeprecationWarning, match=f"wherefrom.{old} is now wherefrom.{new}"):
            assert getattr(wf, old) is function
        assert old not in dir(wf)
        assert new in dir(wf)


def profile_and_table() -> tuple[wf.Profile, wf.ScoreTable]:
    mine = Mine()
    pools = {"noise": scored(noise(24), mine)}
    return wf.profile(belonging=scored(drawn(24), mine), foreign=pools), scored([*drawn(2, 90), *noise(2)], mine)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"profile": None}, "no profile to attribute with: give one, by profile="),
        ({"profiles": {}}, "both profile and profiles"),
        ({"profile": None, "profiles": {}}, "one score table and several profiles"),
    ],
)
def test_what_attribute_refuses(change: dict[str, Any], said: str) -> None:
    profile, asked = profile_and_table()
    with pytest.raises(wf.UsageError, match=said):
        wf.attribute(asked, **{"profile": profile, **change})
    with pytest.raises(wf.UsageError, match="no score table for condition none, only for a"):
        wf.attribute({"a": asked}, profile=profile)
    with pytest.raises(wf.UsageError, match="give profiles="):
        wf.attribute({"a": asked})  # type: ignore[call-overload]
    with pytest.raises(wf.UsageError, match="both profile and profiles"):
        wf.attribute({"a": asked}, profile=profile, profiles={"a": profile})  # type: ignore[call-overload]


def test_a_verdict_says_how_and_when_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    profile, asked = profile_and_table()
    rule = rules.load("kde", points=500)
    verdict = wf.attribute(asked, profile=profile, rule=rule, when=WHEN)[0]
    assert (verdict.time, verdict.version, verdict.seed) == ("2026-01-31T12:00:00+00:00", wf.__version__, 0)
    assert (dict(verdict.method_options), dict(verdict.rule_options)) == ({"factor": 2.0}, {"points": 500})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    still = wf.attribute(asked, profile=profile, rule=rule)[0]
    assert still.time == "2023-11-14T22:13:20+00:00"
    assert still == verdict
    among = wf.attribute({"a": asked, "b": asked}, profiles={"a": profile, "b": profile}, when=WHEN)
    assert {item.time for found in among for item in found.verdicts} == {verdict.time}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(wf.UsageError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        wf.attribute(asked, profile=profile)
    with pytest.raises(wf.UsageError, match="no time zone"):
        wf.attribute(asked, profile=profile, when=datetime(2026, 1, 1))  # noqa: DTZ001
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    now = datetime.fromisoformat(wf.attribute(asked, profile=profile)[0].time)
    assert abs((datetime.now(UTC) - now).total_seconds()) < 60


def test_rows_of_tables_and_verdicts() -> None:
    profile, asked = profile_and_table()
    rows = asked.to_rows()
    assert [row["score.error"] for row in rows] == asked.scores["error"].tolist()
    assert (rows[0]["scored_height"], rows[0]["error"]) == (64, None)
    found = wf.attribute(asked, profile=profile, alpha=0.1, beta=0.1, when=WHEN)
    assert sum(found.counts().values()) == 4
    assert found.counts()[wf.Outcome.EXCLUDED] == [str(verdict.outcome) for verdict in found].count("EXCLUDED") >= 2
    said = found.to_rows()
    assert [row["p_foreign:noise"] for row in said] == [verdict.p_foreign["noise"] for verdict in found]
    assert json.loads(said[0]["method_options"]) == {"factor": 2.0}
    assert found.to_arrow().column("outcome").to_pylist() == [str(verdict.outcome) for verdict in found]
    assert asked.to_arrow().column("score.error").to_pylist() == asked.scores["error"].tolist()
    among = wf.attribute({"a": asked, "b": asked}, profiles={"a": profile, "b": profile}, alpha=0.1, beta=0.1)
    assert [row["candidate"] for row in among.to_rows()[:2]] == ["a", "b"]
    assert sum(among.counts().values()) == 4
    assert among.to_arrow().num_rows == 8
    json.dumps([*rows, *said])


def test_a_row_with_an_error_has_no_numbers() -> None:
    broken = scored([b"no image", *drawn(1)], Mine())
    first, second = broken.to_rows()
    assert (np.isnan(first["score.error"]), second["error"]) == (True, None)
    assert "text file" in first["error"]
    assert table([]).to_rows() == []
    assert table([]).to_arrow().num_rows == 0


def test_pandas_is_asked_for_by_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    profile, asked = profile_and_table()
    found = wf.attribute(asked, profile=profile)
    monkeypatch.setitem(sys.modules, "pandas", None)
    for thing in (asked, found):
        with pytest.raises(wf.MissingExtra, match=r"pip install 'wherefrom\[pandas\]'; to_rows\(\) and to_arrow\(\)"):
            thing.to_pandas()
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=list))
    assert asked.to_pandas() == asked.to_rows()
    assert found.to_pandas() == found.to_rows()
    project = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert "\npandas = [" in project


def test_where_several_are_expected_one_is_enough(tmp_path: Path) -> None:
    model = Toy()
    wf.generate(model, count=24, folder=tmp_path / "own")
    method = wf.methods.load("aedr")
    plain = wf.profile(belonging=tmp_path / "own", model=model, method=method)
    made = wf.add_condition(plain, "jpeg:90", belonging=tmp_path / "own", foreign={}, model=model, method=method)
    assert list(made.conditions) == ["none", "jpeg:90"]
    wf.save_profile(made, tmp_path / "toy.json")
    image = min((tmp_path / "own").glob("*.png"))
    candidate = replace(wf.open_candidates({"toy": wf.load_profile(tmp_path / "toy.json")})[0], model=model)
    (stability,) = wf.measure_stability(image, candidate)
    assert stability.name == str(image)
    assert len(wf.measure_stability([image, tmp_path / "own"], candidate)) == 24, "each once"
    (scored,) = wf.score_candidates(wf.load_images(image), [candidate])
    (verdict,) = wf.attribute(scored.tables, profile=scored.profile)
    page = wf.write_report(verdict, profiles=made, folder=tmp_path / "report", images=image)
    assert image.name in page.read_text()
    wf.write_bundle(tmp_path / "bundle.zip", scored)
    assert wf.verify(tmp_path / "bundle.zip").verified
