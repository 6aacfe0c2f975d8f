"""The table of what is found by what a JPEG kept: classes of images, the cut they share, and what is left out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.off_centre import OffCentre
from wherefrom.bench import edits_kept
from wherefrom.bench.shared.latent import KNOWN, USUAL
from wherefrom.bench.shared.setting import Setting
from wherefrom.bench.shared.workspace import Paths, Workspace
from wherefrom.evaluation import tpr_at_fpr
from wherefrom.images.read import read_image
from wherefrom.measures.jpeg_kept import coefficients_kept

_COUNT = 20


@dataclass(slots=True)
class _WithOffCentre(Workspace):
    def model(self, name: str) -> Any:
        del name
        return OffCentre()


def _workspace(folder: Path, *edits: str) -> Workspace:
    """Noise of many strengths: of the weakest a JPEG keeps next to nothing."""
    rng, photos = np.random.default_rng(0), folder / "photos"
    photos.mkdir()
    for place in range(2 * _COUNT):
        strength = 2 + 40 * place / _COUNT % 40
        noise = rng.normal(0, strength, (12, 12, 3)).repeat(4, 0).repeat(4, 1)
        pixels = np.clip(128 + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(photos / f"{place:02}.png")
    setting = Setting(work=folder / "work", count=_COUNT, size=48, photos=photos, edits=edits)
    return _WithOffCentre(setting)


def _rows(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[edits_kept.KeptFound]:
    def images(workspace: Workspace, name: str) -> tuple[Paths, Paths]:
        photos = (workspace.photos(48, profiled=True), workspace.photos(48))
        return workspace.passed(name, photos[0]), workspace.passed(name, photos[1])

    monkeypatch.setattr(edits_kept, "asked", lambda _: ["askew"])
    monkeypatch.setattr(edits_kept, "images", images)
    monkeypatch.setattr(
        edits_kept, "photos_and_others", lambda workspace, name: {"photos": workspace.photos(48)} if name else {}
    )
    return list(edits_kept.TABLE.rows(workspace))


def test_every_image_is_in_one_class_and_all_share_a_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = _workspace(tmp_path, "jpeg:75", "webp:75")
    rows = _rows(workspace, monkeypatch)
    assert [(row.least, row.below) for row in rows] == [(0, 8), (8, 16), (16, 32), (32, None)]
    assert any("webp:75, which does not end with a JPEG" in text for text in workspace.skipped)
    kinds = {"found": workspace.passed("askew", workspace.photos(48)), "claimed": workspace.photos(48)}
    method = KNOWN[USUAL]
    known = workspace.edited(workspace.passed("askew", workspace.photos(48, profiled=True)), "jpeg:75")
    table = workspace.table("askew", method, known)
    fit = method.fit(table.scores.take(np.arange(0, _COUNT, 2)))
    judged = {key: workspace.edited(paths, "jpeg:75") for key, paths in kinds.items()}
    values = {
        key: method.statistic(workspace.table("askew", method, paths).scores, fit) for key, paths in judged.items()
    }
    whole = tpr_at_fpr(values["found"], values["claimed"], 0.01)
    for key, total in (("found", whole.found), ("claimed", whole.false_claims)):
        shares = [share for row in rows if (share := getattr(row, key)) is not None]
        assert sum(share["of"] for share in shares) == _COUNT
        assert sum(share["count"] for share in shares) == total
        kept = np.array([coefficients_kept(read_image(path).pixels, 75) for path in judged[key]])
        for row in rows:
            among = (kept >= row.least) & (kept < (row.below or np.inf))
            share = getattr(row, key)
            assert (0 if share is None else share["of"]) == among.sum()
            if share is not None:
                assert share["count"] == np.sum(values[key][among] < whole.cut)


def test_a_class_without_images_is_said_to_have_none() -> None:
    share = {"count": 3, "of": 4, "share": 0.75, "low": 0.19, "high": 0.99}
    rows = [
        edits_kept.KeptFound(model="m", edit="jpeg:75", least=0, below=8, found=None, claimed=share),
        edits_kept.KeptFound(model="m", edit="jpeg:75", least=32, below=None, found=share, claimed=None),
    ]
    said = edits_kept.markdown({"rows": [dataclasses.asdict(row) for row in rows]}).splitlines()
    assert said[2] == "| m | jpeg:75 | 0 to 8 | none judged | 3/4 (0.190 to 0.990) |"
    assert said[3] == "| m | jpeg:75 | 32 or more | 3/4 (0.190 to 0.990) | none judged |"
