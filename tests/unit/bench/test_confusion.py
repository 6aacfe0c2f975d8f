"""The table of confusions: answers counted by hand, and a run that asks again nothing that another table asked."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.toy_tables import MODEL, PLAIN, table
from wherefrom.attribution import attribute
from wherefrom.bench import confusion
from wherefrom.bench.shared import edited
from wherefrom.bench.shared.latent import ZOO
from wherefrom.bench.shared.setting import Setting
from wherefrom.bench.shared.workspace import Workspace
from wherefrom.judging import calibrate
from wherefrom.methods.aedr import AEDR
from wherefrom.models.toy import Toy

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


def test_scores_of_the_table_of_known_edits_are_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion, "KNOWN_ASKED", AEDR())
    monkeypatch.setattr(confusion, "_WAYS", {"aedr": (AEDR(),)})
    workspace = Workspace(Setting(work=tmp_path, count=20, size=32, device="cpu", edits=("none",)))
    workspace._models.update({ZOO[0]: Toy(gain=0.9, bands=6), ZOO[1]: Toy(gain=0.8, bands=4)})

    def answers() -> dict[str, int]:
        with closing(sqlite3.connect(tmp_path / "scores.sqlite")) as store:
            return dict(
                store.execute("select model, count(*) from questions join answers on question = id group by id")
            )

    for name in ZOO:
        list(edited.compared(workspace, name, "none", {"aedr": AEDR()}, rules=("conformal",), through=True))
    assert set(answers().values()) == {80}, "own, twice as many for the cut and to judge, photos, and the other's"
    rows = list(confusion.TABLE.rows(workspace))
    assert set(answers().values()) == {100}, (
        "of 30 images in question 10 are its own, which the other table asked about"
    )
    assert [one.made_by for one in rows] == ["kl-f8-a", "kl-f8-b", "photos"]
    assert all(sum(one.answers.values()) == one.images == 10 for one in rows)
    assert [one.found is None for one in rows] == [False, False, True]
    assert not any(one.answers[name] for one in rows for name in ("kl-f8-a", "kl-f8-b", "several"))
    assert any("need pools of 39 images, --count is 20" in said for said in workspace.skipped)
