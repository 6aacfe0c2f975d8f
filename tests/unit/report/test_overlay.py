"""A map over its image: blue where it supports, hatched where nothing can be judged."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.unit.records.test_maps import cells, made
from wherefrom.core.errors import UsageError
from wherefrom.report.figures import MADE
from wherefrom.report.overlay import map_picture

GREY = np.full((18, 22, 3), 120, dtype=np.uint8)


def test_areas_are_told_apart_with_and_without_colour() -> None:
    found = made(np.roll(cells(5), 5), np.roll(cells(5), 15))
    data = map_picture(GREY, found)
    assert MADE.encode() in data
    with Image.open(io.BytesIO(data)) as image:
        picture = np.asarray(image).astype(int)
    zoom = picture.shape[1] // 22
    assert picture.shape[1] == 22 * zoom >= 480
    supports, rest, masked = (picture[row * zoom, 8 * zoom] for row in (6, 1, 13))
    assert supports[2] > supports[0] + 50
    assert len(set(rest.tolist())) == 1
    assert rest[0] > 160
    hatched = picture[12 * zoom : 16 * zoom, : 20 * zoom]
    assert set(np.unique(hatched)) == {60, rest[0]}
    assert masked.max() <= rest[0]
    assert (picture[4 * zoom : 8 * zoom, : 20 * zoom] == 0).all(axis=-1).any()
    assert set(np.unique(picture[16 * zoom : 18 * zoom])) == {60, rest[0]}


def test_a_map_of_another_image_is_refused() -> None:
    with pytest.raises(UsageError, match="give the image that it was made of"):
        map_picture(GREY, replace(made(), corner=(8, 0)))
