"""Tables and coefficients of JPEG files are those that libjpeg itself reads, whichever encoder wrote the file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from wherefrom.images.batches import to_images
from wherefrom.images.read import read_image
from wherefrom.measures.jpeg_cells import stored_luma

jpeglib: Any = pytest.importorskip("jpeglib", reason="jpeglib is not installed: pip install jpeglib")

_CONTRAST = 0.6
"""Leaves room on both sides, so that no pixel of the file is cut off at 0 or 255."""
PHOTO = np.rint(128 + _CONTRAST * (data.astronaut()[40:93, 160:221].astype(float) - 128)).astype(np.uint8)
"""53 x 61 pixels: the last blocks are incomplete."""
ENCODERS = ("6b", "9f", "turbo210", "mozjpeg403")
"""Of those in jpeglib: the oldest and the newest libjpeg, libjpeg-turbo and mozjpeg, which has tables of its own."""
LEAST_STEP = 5
CASES = [
    (sampling, quality, progressive)
    for sampling in ("4:4:4", "4:2:2", "4:2:0")
    for quality, progressive in ((95, False), (75, True), (50, False))
]


def _by_pillow(place: Path, sampling: str, quality: int, *, progressive: bool) -> None:
    Image.fromarray(PHOTO).save(place, "JPEG", quality=quality, subsampling=sampling, progressive=progressive)


def _by_version(version: str, place: Path, sampling: str, quality: int, *, progressive: bool) -> None:
    with jpeglib.version(version):
        image = jpeglib.from_spatial(PHOTO)
        image.samp_factor, image.progressive_mode = sampling, progressive
        image.write_spatial(str(place), qt=quality)


@pytest.fixture(params=("pillow", *ENCODERS))
def files(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """Files of one encoder, one a case."""
    places = [tmp_path / f"{number}.jpg" for number in range(len(CASES))]
    for place, (sampling, quality, progressive) in zip(places, CASES, strict=True):
        if request.param == "pillow":
            _by_pillow(place, sampling, quality, progressive=progressive)
        else:
            _by_version(request.param, place, sampling, quality, progressive=progressive)
    return places


def test_tables_and_coefficients_are_those_of_the_file(files: list[Path]) -> None:
    compared = 0
    for place in files:
        held, record = jpeglib.read_dct(str(place)), read_image(place)
        tables = tuple(tuple(map(int, table.ravel())) for table in held.qt)
        assert record.facts.jpeg_tables == tables
        steps = torch.tensor(tables[0], dtype=torch.float64)
        (ours,) = stored_luma(to_images([record.pixels]), steps).numpy()
        told = steps.reshape(8, 8).numpy() >= LEAST_STEP
        assert record.pixels.min() > 0
        assert record.pixels.max() < 255
        rows, columns = ours.shape[:2]
        np.testing.assert_array_equal(ours[..., told], held.Y[:rows, :columns][..., told])
        compared += int(np.count_nonzero(ours[..., told]))
    assert compared > 1000


def test_a_grey_file_has_one_table(tmp_path: Path) -> None:
    place = tmp_path / "grey.jpg"
    Image.fromarray(PHOTO).convert("L").save(place, "JPEG", quality=75)
    (table,) = jpeglib.read_dct(str(place)).qt
    file = io.BytesIO(place.read_bytes())
    assert read_image(file.getvalue()).facts.jpeg_tables == (tuple(map(int, table.ravel())),)
