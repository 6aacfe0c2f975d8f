"""Tables of searches say of known columns what arithmetic on these columns says; no model is asked."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.toy_tables import MODEL, facts
from wherefrom import bench
from wherefrom.bench import (
    TableRun,
    cascade,
    jpeg_kept,
    latenttracer,
    latenttracer_starts,
    ronan_generators,
    ronan_latent,
    ronan_starts,
    searches,
)
from wherefrom.bench.shared.latent import EVERY, ZOO
from wherefrom.bench.shared.searches import generators, ronan
from wherefrom.bench.shared.setting import Setting, label
from wherefrom.bench.shared.workspace import Paths, Workspace
from wherefrom.bench.shared.written import document
from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.units import ROUNDING
from wherefrom.evaluation import auc, tpr_at_fpr
from wherefrom.measures.jpeg_kept import coefficients_kept
from wherefrom.methods.arithmetic.columns import LEFT_BLOCK, SEARCHED, TWIN, log_columns
from wherefrom.methods.base import Method
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.traced import Traced
from wherefrom.models.toy import Toy
from wherefrom.records.table import ScoreTable

COUNT = 110
NAMES = ("first", "second", *(f"{name}_{step}" for name in ("loss", "twin") for step in range(1, 6)), "calls")
BANDS = tuple(name for number in (SEARCHED, TWIN) for name in log_columns(number, LEFT_BLOCK))
OWN, OTHER = (label(name) for name in ZOO)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """What a table may know of a generator without asking it."""

    size: tuple[int, int]


@dataclass(slots=True)
class Known(Workspace):
    """Names in place of images, and for each name columns that are drawn from a seed: small for the model's own."""

    def photos(self, size: int, *, profiled: bool = False, tiles: bool = False) -> Paths:
        del size, tiles
        return self._named("photos", profiled)

    def passed(self, name: str, images: Paths) -> Paths:
        return [Path(label(name)) / path.name for path in images]

    def known(self, name: str) -> Paths:
        return self._named(label(name), True)

    def own(self, name: str) -> Paths:
        return self._named(label(name), False)

    def _named(self, kind: str, profiled: bool) -> Paths:
        return [Path(kind) / f"{number}-{'profile' if profiled else 'judged'}" for number in range(self.setting.count)]

    def table(
        self,
        name: str,
        method: Method[Any],
        images: Paths,
        *,
        asked: Method[Any] | None = None,
        kept: bool = True,
        through: str | None = None,
    ) -> ScoreTable:
        del asked, kept, through
        names = (*NAMES, *BANDS) if method.learns else NAMES
        every = np.array([columns(path, belongs=path.parent.name == label(name))[: len(names)] for path in images])
        scores, zeros = (
            dict(zip(names, every.T, strict=True)),
            dict.fromkeys(("start", "restart"), np.zeros(len(every))),
        )
        return ScoreTable(
            images=tuple(facts(str(path)) for path in images),
            sizes=((64, 64),) * len(images),
            scores=Scores({**scores, "loss": scores["loss_5"], "twin": scores["twin_5"], **zeros}),
            model=MODEL,
            method=method.card,
            measure=method.measure,
            asked=method,
        )


@functools.cache
def columns(path: Path, *, belongs: bool) -> Vector:
    """What `NAMES` names, and then the bands."""
    rng = np.random.default_rng(list(str(path).encode()))
    far, drawn = 0.0 if belongs else 0.9, rng.normal(size=len(NAMES) + len(BANDS))
    steps = np.arange(1, 6)
    losses = [np.exp(far + 0.4 * drawn[0]), np.exp(0.2 * drawn[1])]
    losses += [*np.exp(far + 0.5 * drawn[2:7]) / steps, *np.exp(0.3 * drawn[7:12]) / steps]
    found = [*1e-3 * np.array(losses), 5 + drawn[12]]
    left, twin = np.split(drawn[len(NAMES) :], 2)
    return np.array([*found, *left + far, *twin])


def workspace(count: int, asked: tuple[str, ...] = ZOO[:1], **more: Any) -> Known:
    """Closed-form models in the zoo's places."""
    found = Known(Setting(work=Path("nowhere"), count=count, size=64, device="cpu", asked=asked, **more))
    found._models.update({ZOO[0]: Toy(gain=0.9, bands=6), ZOO[1]: Toy(gain=0.8, bands=4)})
    return found


def shown(name: str, rows: list[Any]) -> str:
    """The table as it is printed from the document that is kept."""
    found = json.loads(json.dumps(document(name, bench.load(name), rows, command="c", skipped=[])))
    return TableRun(name=name, document=found, seconds=1.0).markdown


def of_kinds(at: Known, method: Method[Any]) -> tuple[ScoreTable, ScoreTable, list[ScoreTable]]:
    """Columns of the profile, of belongings to judge, and of each other kind."""
    known, own = (at.passed(ZOO[0], at.photos(64, profiled=profiled)) for profiled in (True, False))
    others = (at.photos(64), at.passed(ZOO[1], at.photos(64)))
    of_known, of_own, *of_others = (at.table(ZOO[0], method, paths) for paths in (known, own, *others))
    return of_known, of_own, of_others


def test_losses_after_each_step_are_read_from_one_question_and_divided() -> None:
    at = workspace(20)
    rows = {(row.how, row.against): row for row in searches.TABLE.rows(at)}
    assert {against for _, against in rows} == {"photos", OTHER, EVERY}
    assert len(rows) == 3 * (1 + 4 * 4)
    assert "methods that learn, from 20 images: give --count 40 or more" in at.skipped
    known, own, others = of_kinds(at, searches._ASKED)
    for how, above, below in (
        ("loss, 2 steps", "loss_2", None),
        ("loss / L1, 1 steps", "loss_1", "first"),
        ("loss / L2, 3 steps", "loss_3", "second"),
        ("loss / twin's, 5 steps", "loss_5", "twin_5"),
        ("loss / twin's, 2 steps", "loss_2", "twin_2"),
        ("aedr, the ratio alone", "first", "second"),
    ):

        def value(table: ScoreTable, above: str = above, below: str | None = below) -> Vector:
            under = 1.0 if below is None else np.maximum(table.scores[below], ROUNDING)
            return np.asarray(table.scores[above] / under)

        every = np.concatenate([value(one) for one in others])
        row = rows[how, EVERY]
        assert row.auc is not None
        assert row.auc["value"] == auc(value(own), every).value
        assert row.medians == {"belonging": np.median(value(own)), "foreign": np.median(every)}
        cut = np.sort(value(known))[-1]  # of twenty belongings the conformal cut at 0.05 is the largest
        counted = row.rules["conformal"]
        assert counted is not None
        assert counted["cut"] == cut
        assert (counted["fn"], counted["fp"]) == (np.sum(value(own) > cut), np.sum(every <= cut))


def test_methods_that_learn_are_compared_where_there_are_enough_images() -> None:
    at = workspace(40)
    learned: Mapping[str, Any] = {"traced, 5 steps": searches._ASKED}
    known, own, others = of_kinds(at, searches._ASKED)
    (row,) = searches._of(OWN, learned, known, own, {EVERY: ScoreTable.concatenate(others)})
    assert row.profiled == 20
    assert row.auc is not None
    fit = searches._ASKED.fit(known.take(np.arange(0, 40, 2)).scores)
    mine, theirs = (searches._ASKED.statistic(table.scores, fit) for table in (own, ScoreTable.concatenate(others)))
    assert row.auc["value"] == auc(mine, theirs).value


def test_a_cascade_searches_what_lies_between_the_extremes_of_aedrs_profile() -> None:
    at = workspace(COUNT)
    rows = {row.how: row for row in cascade.TABLE.rows(at)}
    assert list(rows) == list(cascade._WAYS)
    known, own, others = of_kinds(at, cascade._SEARCH)
    every = ScoreTable.concatenate(others)
    fit = cascade._SEARCH.fit(known.take(np.arange(0, COUNT, 2)).scores)
    rest = np.sort(cascade._SEARCH.statistic(known.take(np.arange(1, COUNT, 2)).scores, fit))
    cut = rest[int(np.ceil((len(rest) + 1) * 0.95)) - 1]

    def ratio(table: ScoreTable) -> Vector:
        return np.asarray(table.scores["first"] / table.scores["second"])

    profiled = (at.photos(64, profiled=True), at.passed(ZOO[1], at.photos(64, profiled=True)))
    lowest = min(ratio(at.table(ZOO[0], cascade._FIRST, paths)).min() for paths in profiled)
    highest = ratio(known).max()
    for how, low in (("cascade, both cuts", lowest), ("cascade, upper cut alone", -np.inf), ("traced", None)):
        said = []
        for table in (own, every):
            values = cascade._SEARCH.statistic(table.scores, fit)
            if low is None:
                said.append((values, np.ones(len(table), dtype=np.bool_)))
                continue
            below, above = ratio(table) < low, ratio(table) > highest
            said.append((np.where(below, -1.0, np.where(above, 1e9, values)), ~(below | above)))
        (mine, own_asked), (theirs, others_asked) = said
        row = rows[how]
        assert (row.own_searched["count"], row.others_searched["count"]) == (own_asked.sum(), others_asked.sum())
        assert (row.missed["count"], row.claimed["count"]) == (np.sum(mine > cut), np.sum(theirs <= cut))
        assert row.auc is not None
        assert row.tpr is not None
        assert (row.auc["value"], row.tpr["value"]) == (auc(mine, theirs).value, tpr_at_fpr(mine, theirs, 0.01).value)
    assert 0 < rows["cascade, both cuts"].own_searched["count"] < COUNT
    assert 0 < rows["cascade, upper cut alone"].others_searched["count"] < 2 * COUNT
    first = rows["aedr"]
    assert (first.own_searched["count"], first.missed["of"], first.claimed["of"]) == (0, COUNT, 2 * COUNT)
    lines = shown("cascade", list(rows.values())).splitlines()
    assert len(lines) == 2 + 4
    assert lines[2].startswith(f"| {OWN} | aedr | 0 %, 0 % | 0.")
    few = workspace(20)
    assert list(cascade.TABLE.rows(few)) == []
    assert "traced, which learns, from 20 images: give --count 40 or more" in few.skipped


def test_searches_are_shown_with_medians_and_decoder_calls() -> None:
    at = workspace(20)
    for module, others in ((latenttracer, {"photos", OTHER, EVERY}), (latenttracer_starts, {"photos", OTHER})):
        rows = list(module.TABLE.rows(at))
        assert {row.against for row in rows} == others
        assert {row.model for row in rows} == {OWN}
        first = shown(module.__name__.rpartition(".")[2], rows).splitlines()[0]
        assert "| median of belongings | of the others | decoder calls |" in first
    row = next(row for row in latenttracer.TABLE.rows(at) if row.how == "latenttracer, 30 steps")
    _, own, (photos, _) = of_kinds(at, searches._ASKED)
    assert row.calls == np.mean(np.concatenate([own.scores["calls"], photos.scores["calls"]]))
    at.setting = replace(at.setting, quick=True)
    assert [row.how for row in latenttracer.TABLE.rows(at)][-1] == "latenttracer, 5 steps"


def test_a_latent_model_is_searched_from_random_latents_and_from_its_encoders() -> None:
    at = workspace(20)
    rows = list(ronan_latent.TABLE.rows(at))
    assert [row.how for row in rows] == list(ronan_latent._methods(quick=False))
    methods = ronan_latent._methods(quick=False).values()
    starts = [method.search.start for method in methods if isinstance(method, RONAN | LatentTracer | Traced)]
    assert starts == ["random", "random", "encoder", "encoder", "encoder"]
    assert all(row.rules["grubbs"] is not None for row in rows)
    at.setting = replace(at.setting, quick=True, asked=())
    assert {row.model for row in ronan_latent.TABLE.rows(at)} == {OWN}
    assert "latenttracer, the paper's" not in ronan_latent._methods(quick=True)


def test_a_generator_is_tried_on_all_others_of_its_size_and_on_real_images_where_it_draws_in_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("of/a.pt", "of/b.pt", "of/small.pt")
    at = workspace(20, asked=("of/a.pt", "of/small.pt"), generators=names)
    at._models.update({name: Drawing(size=(28, 28) if name == "of/small.pt" else (32, 32)) for name in generators(at)})
    drawn = {name: tmp_path / f"{name}.png" for name in ("grey", "colour")}
    Image.new("RGB", (4, 4), (9, 9, 9)).save(drawn["grey"])
    Image.new("RGB", (4, 4), (9, 9, 8)).save(drawn["colour"])
    every = {label(name) for name in generators(at)} - {"a", "small"}
    assert set(ronan_generators._others(at, "of/a.pt", [drawn["grey"]])) == every
    assert set(ronan_generators._others(at, "of/a.pt", [drawn["grey"], drawn["colour"]])) == {*every, "photos"}
    assert "CIFAR-10's test images: give --cifar10 DIR" in at.skipped
    assert ronan_generators._others(at, "of/small.pt", [drawn["grey"]]) == {}
    assert list(ronan_generators._methods(at, "of/a.pt")) == ["alone", "over zoo:kl-f8-a"]
    assert list(ronan_generators._methods(at, "of/small.pt")) == ["alone"]
    assert "small over zoo:kl-f8-a, which makes no images of its size" in at.skipped
    monkeypatch.setattr(ronan_generators, "_coloured", lambda _: True)
    monkeypatch.setattr(ronan_generators, "_methods", lambda at, _: {"alone": ronan(at)})
    at.setting = replace(at.setting, asked=("of/a.pt",))
    rows = list(ronan_generators.TABLE.rows(at))
    assert {(row.model, row.against) for row in rows} == {("a", other) for other in {*every, "photos"}}
    assert all(row.medians["belonging"] < row.medians["foreign"] for row in rows)


def test_starts_are_compared_on_generators_that_have_an_encoder() -> None:
    at = workspace(20, asked=("of/a.pt", "of/b.pt"), generators=("of/a.pt", "of/b.pt"))
    at._models.update({name: Drawing(size=(32, 32)) for name in generators(at)})
    at._models["of/a.pt"] = Toy()
    at._models["of/b.pt"] = Drawing(size=(32, 32))
    others = [name for name in generators(at) if at.model(name).size is None]
    at._models.update({name: Toy(gain=0.5) for name in others if name != "of/a.pt"})
    at._models["zoo:vae-cifar10"] = Toy(gain=0.5)
    rows = list(ronan_starts.TABLE.rows(at))
    assert [row.how for row in rows] == list(ronan_starts._methods(quick=False))
    assert {(row.model, row.against) for row in rows} == {("a", "vae-cifar10")}
    assert "b, which has no encoder to start from" in at.skipped
    assert len(ronan_starts._methods(quick=True)) == len(rows)


def test_what_a_jpeg_keeps_is_counted_over_both_halves_of_the_photos(tmp_path: Path) -> None:
    folder, rng = tmp_path / "photos", np.random.default_rng(0)
    folder.mkdir()
    for place in range(4):
        smooth = np.full((32, 32, 3), 10 * place, dtype=np.uint8)
        noise = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(noise if place % 2 else smooth).save(folder / f"{place}.png")
    at = Workspace(Setting(work=tmp_path / "work", count=2, size=32, photos=folder, edits=("jpeg:50", "blur:1")))
    (row,) = jpeg_kept.TABLE.rows(at)
    assert at.skipped == ["blur:1, which is no JPEG"]
    kept = [coefficients_kept(np.asarray(Image.open(path)), 50) for path in folder.iterdir()]
    assert (row.what, row.images, row.quality, row.median) == ("4 photos of 32 px", 4, 50, np.median(kept))
    assert row.below == {"taesd": 0.5, "the embedded": 0.5, "taesd3 and taef1": 0.5}
    assert shown("jpeg_kept", [row]).splitlines()[2].startswith("| 4 photos of 32 px | 50 | ")
