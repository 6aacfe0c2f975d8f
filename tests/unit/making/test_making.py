"""Images made from Python: one shape for draws, round trips and edits, each with a record an image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import wherefrom as wf
from tests.cli.calling import save_noise
from wherefrom.core.errors import UsageError
from wherefrom.images import edits
from wherefrom.images.read import read_image
from wherefrom.making import Made
from wherefrom.models.base import Decoder
from wherefrom.models.toy import Toy


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_new_images_are_the_models_own_and_say_so(tmp_path: Path) -> None:
    told: list[int] = []
    made = wf.generate(Toy(), count=3, folder=tmp_path / "new", seed=7, progress=lambda now: told.append(now.done))
    assert [one.place for one in made] == [0, 1, 2]
    assert {one.kind for one in made} == {"draw"}
    assert told[-1] == 3
    facts = [read_image(str(one.path)).facts for one in made]
    assert {(one.origin, one.origin_decoder) for one in facts} == {("draw", Toy().card.facts["decoder"])}
    longer = wf.generate(Toy(), count=4, folder=tmp_path / "new", seed=7)
    assert [one.kept for one in longer] == [True, True, True, False]


def test_images_of_another_precision_are_not_taken_for_these(tmp_path: Path) -> None:
    whole, half = (wf.load_model("zoo:vae-cifar10", dtype=dtype) for dtype in ("float32", "bfloat16"))
    assert isinstance(whole, Decoder)
    assert isinstance(half, Decoder)
    wf.generate(half, folder=tmp_path / "half", count=1)
    wf.generate(whole, folder=tmp_path / "whole", count=1)
    with pytest.raises(UsageError, match=r"made otherwise \(dtype bfloat16, here none\)"):
        wf.generate(whole, folder=tmp_path / "half", count=1)
    with pytest.raises(UsageError, match=r"made otherwise \(dtype not known, here bfloat16\)"):
        wf.generate(half, folder=tmp_path / "whole", count=1)


def test_photos_are_passed_through_in_order_and_a_bad_one_has_its_reason(tmp_path: Path) -> None:
    photos = save_noise(tmp_path / "photos", range(3), side=40)
    bad = photos / "bad.png"
    bad.write_text("no image")
    paths = [bad, *sorted(photos.glob("*[0-9]*.png"))]
    made = wf.generate(Toy(), photos=paths, count=3, folder=tmp_path / "out", size=None)
    assert [one.source for one in made] == [str(path) for path in paths[:3]]
    assert [one.error is None for one in made] == [False, True, True]
    assert made[0].name == str(bad)
    assert {one.kind for one in made} == {"round trip"}


def test_it_must_be_said_what_to_make(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="how many images"):
        wf.generate(Toy(), folder=tmp_path / "out")
    with pytest.raises(UsageError, match="a photo that is passed through keeps its own"):
        wf.generate(Toy(), photos=[], size=(32, 32), folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_edited_copies_hold_what_the_edit_gives(tmp_path: Path) -> None:
    photos = save_noise(tmp_path / "photos", range(2), side=40)
    (photos / "bad.png").write_text("no image")
    paths = sorted(photos.iterdir())
    copies = wf.edit(paths, "resize:0.5+jpeg:75", folder=tmp_path / "copies")
    assert [copy.source for copy in copies] == [str(path) for path in paths]
    assert [copy.error is None for copy in copies] == [path.name != "bad.png" for path in paths]
    chosen = edits.load("resize:0.5+jpeg:75")
    for path, copy in zip(paths, copies, strict=True):
        if copy.path is not None:
            assert (copy.kind, copy.edit, copy.path.suffix, copy.kept) == ("edit", chosen.name, ".jpg", False)
            np.testing.assert_array_equal(read_image(copy.path).pixels, chosen.apply(read_image(path).pixels))
    before = contents(tmp_path / "copies")
    again = wf.edit([Image.open(copy) for copy in paths if copy.name != "bad.png"], chosen, folder=tmp_path / "other")
    assert [copy.error for copy in again] == [None, None]
    assert [copy.kept for copy in wf.edit(paths, chosen, folder=tmp_path / "copies")] == [
        path.name != "bad.png" for path in paths
    ]
    assert contents(tmp_path / "copies") == before


def test_only_an_edit_that_draws_numbers_has_a_seed(tmp_path: Path) -> None:
    photos = sorted(save_noise(tmp_path / "photos", range(1), side=40).iterdir())
    blurred, noisy = (wf.edit(photos, name, folder=tmp_path / name[:4], seed=5)[0] for name in ("blur:1", "noise:0.1"))
    assert (blurred.seed, noisy.seed) == (None, 5)


def test_a_record_is_named_by_what_it_was_made_of() -> None:
    assert Made(path=None, kind="edit", source="a.png").name == "a.png"
    assert Made(path=None, kind="draw", place=3).name == "image 3"
    assert Made(path=None, kind="text to image", place=0, prompt="a cat").name == "image 0 ('a cat')"


def test_images_are_edited_where_torch_is_absent(tmp_path: Path) -> None:
    (photo,) = save_noise(tmp_path / "photos", range(1), side=40).iterdir()
    program = f"""
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "diffusers"):
            raise ImportError(f"{{name}} is kept out of this test")
sys.meta_path.insert(0, Without())
import wherefrom as wf
print(wf.edit([{str(photo)!r}], "jpeg:75", folder={str(tmp_path / "out")!r})[0].error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "None", done.stderr
