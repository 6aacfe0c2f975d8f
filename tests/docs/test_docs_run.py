"""Every Python block of README.md and docs/ runs, page by page, in a folder with the images that the pages name."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import wherefrom as wf
from wherefrom.images.write import save_png
from wherefrom.models.base import Decoder

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
READER = Sybil(parsers=[PythonCodeBlockParser()])
SIDE = 32
COUNT = 48


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`belonging/` and `suspect.png` by the model that the pages name, `photos/` of the same size and format."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "belonging").mkdir()
    (folder / "photos").mkdir()
    model = wf.load_model("zoo:kl-f8-a")
    assert isinstance(model, Decoder)
    with torch.inference_mode():
        images = model.decode(model.draw(np.arange(COUNT + 1, dtype=np.uint64), size=(SIDE, SIDE)))
    made = (images.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    save_png(made[COUNT], folder / "suspect.png")
    photo = skimage.data.astronaut()
    for index in range(COUNT):
        save_png(made[index], folder / "belonging" / f"{index}.png")
        top, left = SIDE * (index // 8), SIDE * (index % 8)
        save_png(photo[top : top + SIDE, left : left + SIDE], folder / "photos" / f"{index}.png")
    return folder


def _lay_out_tile() -> None:
    """`tile.png`, a photo's tile large enough for a check without a profile."""
    save_png(skimage.data.astronaut()[:128, :128], Path("tile.png"))


def test_the_pages_are_there() -> None:
    names = {page.name for page in PAGES}
    assert {"README.md", "index.md", "start.md", "how-it-decides.md", "images.md"} <= names


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    if "belonging/" in text:
        shutil.copytree(request.getfixturevalue("images"), tmp_path, dirs_exist_ok=True)
    if "tile.png" in text:
        _lay_out_tile()
    examples = list(READER.parse(page).examples())
    for example in examples:
        example.evaluate()
    assert len(examples) == text.count("```python\n")
