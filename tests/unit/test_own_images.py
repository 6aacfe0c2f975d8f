"""A profile's own images as questions, from files: said and marked, also after a crop or saved as JPEG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import wherefrom as wf
from tests.textures import texture


def test_own_images_are_known_after_a_crop_of_one_row_and_as_jpeg(tmp_path: Path) -> None:
    pictures = [texture(seed) for seed in range(25)]
    model: Any = wf.load_model("toy")
    method = wf.methods.load("aedr")
    profile = wf.profile(belonging=wf.score(pictures[:20], model=model, method=method))
    assert profile.warnings == ()
    for number in (1, 5):
        Image.fromarray(pictures[number][1:]).save(tmp_path / f"{number}-cut.png")
        Image.fromarray(pictures[number]).save(tmp_path / f"{number}-again.jpg", quality=85)
    asked: list[Any] = [np.ascontiguousarray(pictures[2]), *sorted(tmp_path.iterdir()), *pictures[20:]]
    verdicts = wf.attribute(wf.score(asked, model=model, method=method), profile=profile, outside="judge")
    own = profile.belonging.images[2].name
    assert (
        verdicts[0].reason
        == f"it is {own} of the profile's belongings: no error rate holds for what the profile was made of"
    )
    for verdict in verdicts[1:5]:
        assert verdict.outcome in ("UNDECIDED", "EXCLUDED")
        name = profile.belonging.images[int(Path(verdict.image.name).name[0])].name
        assert any(f"it looks like {name} of the profile's belongings" in warning for warning in verdict.warnings)
    assert not any("looks like" in warning for verdict in verdicts[5:] for warning in verdict.warnings)
