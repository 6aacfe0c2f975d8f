"""Control copies of images of a model behind an edit that leaves its images in no shape that can be turned."""

from __future__ import annotations

import numpy as np
import pytest

import wherefrom as wf
from tests.off_centre import TOY
from wherefrom.images import edits
from wherefrom.images.batches import to_images
from wherefrom.images.convert import Pixels
from wherefrom.models.base import Autoencoder

EDIT = "screenshot:1.25,1,2,3,0"


@pytest.fixture
def model() -> Autoencoder:
    found = wf.through(TOY, EDIT)
    assert isinstance(found, Autoencoder)
    return found


@pytest.fixture
def seen() -> list[Pixels]:
    rng = np.random.default_rng(0)
    return [edits.load(EDIT).apply(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)) for _ in range(4)]


def test_a_quarter_turn_that_the_edit_never_leaves_is_refused_by_name(model: Autoencoder, seen: list[Pixels]) -> None:
    table = wf.score(seen, model=model, method=wf.methods.load("control"))
    assert all("copy 'turn90' does not fit: images are" in error for error in table.errors.values())
    assert len(table.errors) == 4
    with pytest.raises(wf.ProfileError, match=r"none of 4 belonging images .* the first says: .*copy 'turn90' does"):
        wf.profile(belonging=table)


def test_the_usual_method_asks_such_images(model: Autoencoder, seen: list[Pixels]) -> None:
    assert not wf.score(seen, model=model, method=wf.methods.load("joint")).errors
    assert (
        model.encode(to_images(seen[:1])).shape[2:]
        == TOY.encode(to_images([np.zeros((32, 32, 3), np.uint8)])).shape[2:]
    )
