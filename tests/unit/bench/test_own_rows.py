"""Tables whose rows are their own: what a check claims by the kind of image, and what profiles with pools claim."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wherefrom import bench
from wherefrom.bench import Setting, TableRun, claims, decoders
from wherefrom.bench.shared.drawn import DRAWN
from wherefrom.bench.shared.latent import ZOO
from wherefrom.bench.shared.workspace import Workspace
from wherefrom.bench.shared.written import document
from wherefrom.checking.measuring import SIDE
from wherefrom.core.errors import UsageError
from wherefrom.evaluation import clopper_pearson
from wherefrom.images.read import read_image
from wherefrom.models.toy import Toy

PHOTOS = (
    "own, photos passed through it",
    "photos passed through kl-f8-b",
    "photos",
    "photos enlarged twice",
    "parts of photos on white",
)


def shown(name: str, rows: list[Any]) -> tuple[dict[str, Any], str]:
    """A document as it is read again, and the table as it is printed."""
    found = json.loads(json.dumps(document(name, bench.load(name), rows, command="c", skipped=[])))
    run = TableRun(name=name, document=found, seconds=1.0)
    with pytest.warns(DeprecationWarning, match="found is now called document"):
        assert run.found is found
    return found, run.markdown


def test_there_are_images_of_every_kind_and_photos_need_a_folder(tmp_path: Path) -> None:
    photos, rng = tmp_path / "photos", np.random.default_rng(0)
    photos.mkdir()
    for place in range(4):
        Image.fromarray(rng.integers(0, 256, (140, 140, 3), dtype=np.uint8)).save(photos / f"{place}.png")
    setting = Setting(work=tmp_path / "work", count=2, size=136, device="cpu", photos=photos)
    kinds = claims._kinds(Workspace(setting), ZOO[0], ZOO[1:])
    assert set(kinds) == {"own, drawn", *PHOTOS, *DRAWN}
    paths = [path for of_kind in kinds.values() for path in of_kind]
    assert len(set(paths)) == 2 * len(kinds)
    assert {read_image(path).pixels.shape for path in paths} == {(136, 136, 3)}
    few = Workspace(dataclasses.replace(setting, photos=None, size=64))
    assert read_image(claims._drawn(few, "text")[0]).pixels.shape == (SIDE, SIDE, 3), "no less than a check needs"
    assert set(claims._kinds(few, ZOO[0], ZOO[1:])) == {"own, drawn", *DRAWN}
    assert "photos, and what decoders make of them" in few.skipped[0]


def test_a_kind_is_checked_as_a_user_would_and_its_claims_are_counted(tmp_path: Path) -> None:
    workspace = Workspace(Setting(work=tmp_path, count=2, size=SIDE, device="cpu"))
    kinds = claims._kinds(workspace, ZOO[0], ZOO[1:])
    own, text = (claims._checked(workspace, ZOO[0], kind, kinds[kind], "none") for kind in ("own, drawn", "text"))
    assert (own.images, own.claimed, own.edit) == (2, 1.0, "none")
    assert text.claimed == 0.0
    assert own.strict is not None
    assert text.strict is not None
    assert (own.strict["count"], text.strict["count"]) == (2, 0)
    assert all((row.low, row.high) == clopper_pearson(round(row.claimed * 2), 2) for row in (own, text))
    assert own.median is not None
    assert text.median is not None
    assert own.median < text.median
    found, table = shown("claims", [own, text])
    assert (found["beta"], found["strict_beta"]) == (0.01, 0.001)
    cells = table.splitlines()[2].split(" | ")
    assert cells[:6] == ["| own, drawn", "none", "2 of 2", "1.000", "0.158 to 1.000", "2/2 (0.158 to 1.000)"]
    assert cells[6].startswith("-")


@pytest.mark.parametrize(("edit", "find"), [("crop:3,5+jpeg:90", "crop"), ("jpeg:90", "")])
def test_the_grid_is_searched_for_after_a_crop_alone(
    edit: str, find: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def check(images: Any, **named: Any) -> list[Any]:
        asked.append(named["find"])
        return []

    monkeypatch.setattr(claims, "check", check)
    workspace = Workspace(Setting(work=tmp_path, count=1, size=SIDE, device="cpu"))
    with pytest.raises(UsageError, match="0 of 0 is no share"):
        claims._checked(workspace, ZOO[0], "text", claims._drawn(workspace, "text"), edit)
    assert asked == [find]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Closed-form models in the zoo's places, on small tiles of photos that are installed anyway."""
    found = Workspace(Setting(work=tmp_path, count=40, size=32, device="cpu", asked=ZOO[:1]))
    found._models.update({ZOO[0]: Toy(gain=0.9, bands=6), ZOO[1]: Toy(gain=0.8, bands=4)})
    few = ("one loss", "t x homogeneity", "spectral")  # one that learns among them
    monkeypatch.setattr(decoders, "_STATISTICS", {how: decoders._STATISTICS[how] for how in few})
    return found


def test_profiles_with_pools_are_made_and_judged_and_nothing_is_on_both_sides(workspace: Workspace) -> None:
    rows = list(decoders.TABLE.rows(workspace))
    assert [row.how for row in rows] == list(decoders._STATISTICS)
    for row in rows:
        assert row.model == "kl-f8-a"
        assert list(row.pools) == ["photos", "kl-f8-b"]
        assert row.missed["of"] == row.supported["of"] == 40
        assert [pool["claimed"]["of"] for pool in row.pools.values()] == [40, 40]
        assert row.supported["count"] == 0, "22 images of a pool bound no false claim at beta 0.01"
    found, table = shown("decoders", rows)
    assert (found["alpha"], found["beta"]) == (0.05, 0.01)
    first = table.splitlines()[2]
    assert first.startswith("| kl-f8-a | one loss | ")
    missed = rows[0].missed
    assert f"| {missed['count']}/40 ({missed['low']:.3f} to {missed['high']:.3f}) | 0/40 " in first


def test_a_statistic_that_cannot_decide_is_left_out(workspace: Workspace) -> None:
    workspace.setting = dataclasses.replace(workspace.setting, count=18)
    assert list(decoders.TABLE.rows(workspace)) == []
    assert any("too few to decide" in what for what in workspace.skipped)
    assert any("give --count 40 or more" in what for what in workspace.skipped)
