"""The table of limits, on decoders of which it is known what they can draw."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wherefrom.bench import edits_limits
from wherefrom.bench.shared.setting import Setting
from wherefrom.bench.shared.workspace import Paths, Workspace
from wherefrom.core.units import ROUNDING
from wherefrom.models.toy import Toy


@dataclass(slots=True)
class WithToy(Workspace):
    """A workspace of one model, which draws anything where it keeps all of its bands."""

    bands: int = 4

    def model(self, name: str) -> Toy:
        del name
        return Toy(gain=0.9, bands=self.bands)


def rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, bands: int, edits: tuple[str, ...]
) -> list[edits_limits.LimitRow]:
    """Of noise, which a decoder of few bands cannot draw."""
    rng, photos = np.random.default_rng(0), folder / "photos"
    photos.mkdir()
    for place in range(6):
        pixels = rng.integers(60, 190, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"{place}.png")
    setting = Setting(work=folder / "work", count=3, size=32, photos=photos, edits=edits, quick=True)
    at = WithToy(setting, bands=bands)

    def others(workspace: Workspace, name: str) -> dict[str, Paths]:
        assert name == "toy"
        return {"photos": workspace.photos(workspace.setting.size)}

    monkeypatch.setattr(edits_limits, "asked", lambda _: ["toy"])
    monkeypatch.setattr(edits_limits, "photos_and_others", others)
    return list(edits_limits.TABLE.rows(at))


def test_images_that_a_decoder_cannot_draw_are_not_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows(tmp_path, monkeypatch, bands=4, edits=("jpeg:75", "resize:0.5", "none"))
    assert [(row.edit, row.metric) for row in found] == [("jpeg:75", "jpeg:75"), ("resize:0.5", "mse"), ("none", "mse")]
    jpeg, half, plain = found
    assert jpeg.known["largest"] < ROUNDING
    assert 0.5 * ROUNDING < plain.known["median"] < 1.5 * ROUNDING, "8 bits are rounded once"
    assert half.known["largest"] < 3 * ROUNDING, "and once more after the edit"
    for row in (jpeg, plain):
        assert row.explained["count"] == 0
        assert row.foreign["least"] > 10 * row.known["largest"]
        assert row.auc_known == 1
    said = edits_limits.markdown({"rows": [dataclasses.asdict(row) for row in found]})
    assert said.splitlines()[2].startswith("| toy | jpeg:75 | 3, 3 | ")


def test_whatever_a_decoder_can_draw_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits_limits, "_STEPS_QUICK", 40)
    (plain,) = rows(tmp_path, monkeypatch, bands=8, edits=("none",))
    assert plain.foreign["median"] < ROUNDING / 10
    assert plain.explained["count"] == plain.others == 3
    assert plain.auc_known < 0.5
