"""What the program around us has set of torch changes no edit, and no image of a text-to-image pipeline."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.contract.test_surroundings import bfloat16, float64, inference, meta
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.operators import operator
from wherefrom.making import generate_from_prompts
from wherefrom.measures.distances import mae, mse, ssim
from wherefrom.measures.jpeg_cells import cell_distance
from wherefrom.measures.recolour import recoloured

Around = Callable[[], AbstractContextManager[None]]
SURROUNDINGS = (float64, bfloat16, meta, inference)
EDITS = ("resize:0.5", "jpeg:75", "webp:80", "crop:3,5", "blur:1", "noise:0.02", "brightness:1.2", "contrast:0.8")
PIXELS = np.random.default_rng(0).integers(0, 256, (2, 32, 40, 3), dtype=np.uint8)


def _edited(name: str) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    images = to_images(list(PIXELS))
    made = operator(edits.load(name), (32, 40))
    there = made.apply(images)
    found = [there, made.undo(there)]
    assert {image.dtype for image in found} == {torch.float32}
    return [to_pixels(image) for image in found]


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_tensors_is_the_same(name: str) -> None:
    usual = _edited(name)
    for around in SURROUNDINGS:
        with around():
            for found, wanted in zip(_edited(name), usual, strict=True):
                np.testing.assert_array_equal(found, wanted, err_msg=around.__name__)


def _distances() -> list[float]:
    one, other = to_images([PIXELS[0]]), to_images([PIXELS[1]])
    several = (mse, mae, ssim, recoloured, lambda a, b: cell_distance(a, b, 75))
    return [float(distance(one, other)[0]) for distance in several]


def test_distances_are_the_same() -> None:
    usual = _distances()
    for around in SURROUNDINGS:
        with around():
            assert _distances() == usual, around.__name__


def test_images_of_a_text_to_image_pipeline_are_the_same(tmp_path: Path) -> None:
    pytest.importorskip("transformers", minversion="5", reason="text encoders need the extra text-to-image")
    from tests.tiny_pipelines import save_pipeline

    pipeline = str(save_pipeline("flux", tmp_path / "pipeline"))

    def made(folder: Path) -> bytes:
        folder.mkdir()
        (image,) = generate_from_prompts(pipeline, ["a cat"], folder=folder, size=(32, 32), steps=1, device="cpu")
        assert image.error is None
        (path,) = folder.glob("*.png")
        return Image.open(path).tobytes()

    usual = made(tmp_path / "usual")
    for around in (float64, meta):
        with around():
            assert made(tmp_path / around.__name__) == usual
