"""Where an image has most texture: there a decoder is asked about places and factors."""

from __future__ import annotations

from itertools import product

import numpy as np

from wherefrom.measures.texture import PLACES, textured_place


def test_the_place_with_most_texture_is_found_in_images_of_any_size() -> None:
    grey = np.full((300, 400), 90.0)
    assert textured_place(grey)[0] in PLACES
    grey[200:, :120] = np.random.default_rng(0).integers(0, 256, (100, 120))
    assert textured_place(grey) == (0.77, 0.23)
    for side in (6, 8, 15, 24):
        assert textured_place(grey[-side:, :side]) in product(PLACES, repeat=2)
