"""The table of confusions: answers counted by hand, and a run that asks again nothing that another table asked."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.toy_tables import MODEL, PLAIN, facts, table
from wherefrom.attribution import attribute
from wherefrom.bench import Setting, confusion, edits_known
from wherefrom.judging import calibrate
from wherefrom.models.toy import Toy
from wherefrom.records.table import ScoreTable

NAN = float("nan")
LIKE, UNLIKE = 0.5, 9.0
"""Statistics of a belonging, and of nothing that the profile knows."""


def row(made_by: str, a: list[float], b: list[float]) -> confusion.ConfusionRow:
    """What is counted of images with these statistics under the candidates a and b, by themselves and together."""
    profiles, tables = {}, {}
    for name, values in {"a": a, "b": b}.items():
        model = replace(MODEL, name=name, facts={**MODEL.facts, "decoder": name})
        belonging = table(np.linspace(0.0, 1.0, 20), f"own {name}", model=model)
        pool = table(np.linspace(5.0, 6.0, 39), f"pool {name}", model=model)
        profiles[name] = calibrate(belonging=belonging, foreign={"pool": pool}, method=PLAIN)
        tables[name] = table(values, "query", model=model)
    found = attribute(tables, profiles=profiles, beta=0.05, method=PLAIN)
    return confusion.counted(found, made_by, size=64, edit="none", how="plain")


def test_each_answer_has_its_column_and_a_false_claim_is_one_of_another_candidate() -> None:
    own = row("a", [LIKE, LIKE, UNLIKE, UNLIKE, NAN], [UNLIKE, LIKE, UNLIKE, LIKE, UNLIKE])
    assert own.answers == {"a": 1, "b": 1, "several": 1, "none of these": 1, "compatible": 0, "undecided": 1}
    assert [share and share["count"] for share in (own.found, own.missed, own.false_claims)] == [2, 2, 2]
    photos = row("photos", [UNLIKE, LIKE], [UNLIKE, LIKE])
    assert (photos.found, photos.missed, photos.false_claims["count"]) == (None, None, 1)
    said = confusion.markdown({"rows": [dataclasses.asdict(one) for one in (own, photos)], **confusion.TABLE.facts})
    assert "| a | 5 | 1 | 1 | 1 | 1 | 0 | 1 | 0.400 (0.053 to 0.853) |" in said
    assert "| photos | 2 | 0 | 0 | 1 | 1 | 0 | 0 | - | - | 0.500" in said
    assert "all 7 images: falsely claimed 0.429" in said
    assert "5 of candidates: found 0.400" in said


@dataclass
class Recorded:
    """As much of a workspace as tables ask: images are names, and what a model is asked about is written down.

    Attributes:
        setting: of the run.
        asked: images that each model was asked about.
        skipped: what was said to be left out.
    """

    setting: Setting
    asked: dict[str, set[Path]] = field(default_factory=lambda: defaultdict(set))
    skipped: list[str] = field(default_factory=list)

    def model(self, name: str) -> Toy:
        return Toy()

    def chosen(self, every: list[str]) -> list[str]:
        return [name for name in every if name in self.setting.asked]

    def skip(self, what: str) -> None:
        self.skipped.append(what)

    def photos(self, size: int, *, profiled: bool = False) -> list[Path]:
        return [Path(f"photo {'profiled' if profiled else 'judged'} {i}") for i in range(self.setting.count)]

    def passed(self, name: str, images: list[Path]) -> list[Path]:
        return [Path(name, image.name) for image in images]

    def edited(self, images: list[Path], edit: str) -> list[Path]:
        return [Path(f"{image}.{edit}") for image in images]

    def table(self, name: str, method: object, images: list[Path], **_: object) -> ScoreTable:
        self.asked[name] |= set(images)
        values = [LIKE + 0.001 * place if image.is_relative_to(name) else UNLIKE for place, image in enumerate(images)]
        model = replace(MODEL, name=name, facts={**MODEL.facts, "decoder": name})
        return table(values, images=[facts(str(image)) for image in images], model=model)

    def compare(
        self, name: str, _: object, *, known: list[Path], own: list[Path], others: dict[str, list[Path]], **__: object
    ) -> list[object]:
        self.asked[name].update(known, own, *others.values())
        return []


def test_scores_of_the_table_of_known_edits_are_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion, "WAYS", {"plain": (PLAIN,)})
    ask = ("zoo:kl-f8-a", "zoo:kl-f8-b")
    workspace: Any = Recorded(Setting(work=tmp_path, count=40, decoders=("c", "d"), asked=ask, edits=("jpeg:90",)))
    list(edits_known.TABLE.rows(workspace))
    before = {name: set(images) for name, images in workspace.asked.items()}
    rows = list(confusion.TABLE.rows(workspace))
    assert {name: len(images) for name, images in before.items()} == dict.fromkeys(ask, 160)
    further = {name: workspace.asked[name] - before[name] for name in ask}
    assert {name: len(images) for name, images in further.items()} == dict.fromkeys(ask, 4 * 20)
    assert not any(image.is_relative_to(name) for name, images in further.items() for image in images)
    assert [row.made_by for row in rows] == ["kl-f8-a", "kl-f8-b", "c", "d", "photos"]
    assert [row.images for row in rows] == [20] * 5
    assert rows[0].answers["kl-f8-a"] == rows[1].answers["kl-f8-b"] == 20
    assert [row.answers["none of these"] for row in rows[2:]] == [20] * 3
    assert [row.found is None for row in rows] == [False, False, True, True, True]
    assert not workspace.skipped
    workspace.setting = replace(workspace.setting, count=20, quick=True)
    few = list(confusion.TABLE.rows(workspace))
    assert [row.images for row in few] == [5] * 5
    assert few[0].answers["compatible"] == 5
    assert "2 candidates at beta=0.05 together need pools of 39 images, --count is 20" in workspace.skipped[0]
