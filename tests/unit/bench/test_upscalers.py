"""The table of upscalers: which images it asks, and that it says so where there is no upscaler."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.unit.models.upscalers.test_upscalers import compact
from wherefrom.bench import Setting, upscalers
from wherefrom.bench.shared.workspace import Workspace
from wherefrom.bench.upscalers import enlarged, filtered
from wherefrom.core.errors import ModelError
from wherefrom.making import generate
from wherefrom.methods.control import Control


def _file(folder: Path, name: str, scale: int) -> str:
    save_file(compact(scale=scale), folder / f"{name}.safetensors")
    return str(folder / f"{name}.safetensors")


def test_every_kind_of_other_image_is_asked_and_none_is_a_belonging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = Control(form="losses", copies="mirror")  # learns nothing, so few images do
    monkeypatch.setattr(upscalers, "UPSCALERS", {"control": losses})
    monkeypatch.setattr(upscalers, "UPSCALERS_ASKED", losses)
    names = tuple(_file(tmp_path, name, scale) for name, scale in (("first", 2), ("second", 4)))
    setting = Setting(work=tmp_path / "w", count=3, size=32, decoders=names, asked=names[:1], edits=("jpeg:90",))
    rows = list(upscalers.TABLE.rows(Workspace(setting)))
    kinds = ["all others", "photos", "bicubic", "lanczos", "second", "embedded decoders"]
    assert [row.against for row in rows] == kinds
    assert {row.model for row in rows} == {"first"}
    assert {row.how.partition(": ")[0] for row in rows} == {"jpeg:90"}


def test_without_an_upscaler_it_says_what_to_name(tmp_path: Path) -> None:
    workspace = Workspace(Setting(work=tmp_path, decoders=("toy",)))
    assert list(upscalers.TABLE.rows(workspace)) == []
    assert workspace.skipped == ["upscalers, of which none is given: name files of their weights by --decoder"]


def test_small_images_are_enlarged_as_they_are(tmp_path: Path) -> None:
    workspace = Workspace(Setting(work=tmp_path / "w", count=2, size=32))
    name, photos = _file(tmp_path, "double", 2), workspace.photos(32)[:1]
    (made,), (by_filter,) = enlarged(workspace, name, photos), filtered(workspace, photos, 2, "lanczos")
    (small,), (large,) = workspace.edited(photos, "resize:0.5"), workspace.edited(photos, "back:0.5")
    pixels = np.asarray(Image.open(small))[None].transpose(0, 3, 1, 2).astype(np.float32) / 255
    model = workspace.model(name)
    expected = model.decode(torch.from_numpy(pixels))
    found = np.asarray(Image.open(made)).astype(np.float32) / 255
    assert np.abs(found - expected[0].permute(1, 2, 0).clamp(0, 1).numpy()).max() < 0.51 / 255
    assert np.array_equal(np.asarray(Image.open(by_filter)), np.asarray(Image.open(large)))


def test_what_is_no_upscaler_enlarges_nothing(tmp_path: Path) -> None:
    workspace = Workspace(Setting(work=tmp_path / "w", count=2, size=32))
    with pytest.raises(ModelError, match="is no upscaler, so it enlarges nothing"):
        generate(workspace.model("zoo:kl-f8-a"), folder=tmp_path / "o", photos=workspace.photos(32)[:1], enlarge=True)
