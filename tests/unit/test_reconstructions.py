"""What decoders make of an image, to be looked at beside a verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.report.examples import profile_of, save_image
from wherefrom.attribution import Candidate
from wherefrom.candidates import reconstructions
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.read import read_image
from wherefrom.models.base import Autoencoder
from wherefrom.models.load import load_model


@pytest.mark.parametrize(("side", "left", "length"), [(66, 0, 64), (400, 72, 256), (6, None, None)])
def test_the_middle_of_an_image_is_made_again_on_the_grid_of_the_decoder(
    side: int, left: int | None, length: int | None, tmp_path: Path
) -> None:
    model = load_model("toy")
    assert isinstance(model, Autoencoder)
    save_image(tmp_path / "a.png", side=side)
    record = read_image(tmp_path / "a.png")
    asked = [Candidate(name="toy", profile=profile_of(), model=model), Candidate(name="unopened", profile=profile_of())]
    found = reconstructions(asked)(record)
    if length is None:
        assert found == {}
        return
    pair = found["toy"]
    assert (pair.left, pair.top, pair.part.shape) == (left, left, (length, length, 3))
    assert left is not None
    assert left % model.factor == 0
    assert np.array_equal(pair.part, record.pixels[left : left + length, left : left + length])
    whole = to_pixels(model.decode(model.encode(to_images([pair.part]))))[0]
    assert np.array_equal(pair.again, whole)
