"""Homogeneity against the published values and against scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.feature import graycomatrix, graycoprops

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.measures.texture import homogeneity


def _rgb(grey: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.repeat(np.asarray(grey, dtype=np.uint8)[..., None], 3, axis=2)


GOLDEN = {
    "constant": (np.full((16, 16), 77), 1.0, 1.0),
    "columns 0, 255": (np.tile([0, 255], (16, 8)), 0.031250, 0.00103950),
    "columns 0, 16": (np.tile([0, 16], (16, 8)), 0.333333, 0.200000),
    "every row 0..255": (np.tile(np.arange(256), (16, 1)), 0.939216, 0.939216),
    "noise": (np.random.default_rng(0).integers(0, 256, (64, 64)), 0.165179, 0.087475),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_values(name: str) -> None:
    grey, absolute, squared = GOLDEN[name]
    assert homogeneity(_rgb(grey), "absolute") == pytest.approx(absolute, abs=1e-6)
    assert homogeneity(_rgb(grey), "squared") == pytest.approx(squared, abs=1e-6)
    assert homogeneity(_rgb(grey)) == homogeneity(_rgb(grey), "squared")


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), height=st.integers(1, 40), width=st.integers(2, 40))
def test_equals_scikit_image_on_random_colour_images(seed: int, height: int, width: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    r, g, b = pixels.astype(np.int64).transpose(2, 0, 1)
    levels = ((19595 * r + 38470 * g + 7471 * b + 32768 >> 16) // 8).astype(np.uint8)
    matrix = graycomatrix(levels, [1], [0], levels=32, symmetric=True, normed=True)
    assert homogeneity(pixels) == pytest.approx(graycoprops(matrix, "homogeneity")[0, 0], abs=1e-12)
    i, j = np.indices((32, 32))
    assert homogeneity(pixels, "absolute") == pytest.approx(np.sum(matrix[..., 0, 0] / (1 + abs(i - j))), abs=1e-12)


def test_grey_is_rounded_bt601() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    grey = np.floor(colours @ np.array([0.299, 0.587, 0.114]) + 0.5)
    ours = np.asarray(Image.fromarray(colours).convert("L"))
    assert np.abs(grey - ours).max() <= 1
    assert (grey == ours).mean() > 0.999


def test_the_matrix_looks_along_rows() -> None:
    columns = _rgb(np.tile([0, 255], (16, 8)))
    assert homogeneity(columns.transpose(1, 0, 2).copy()) == 1.0
    assert homogeneity(columns) < 0.01


def test_undefined_and_refused() -> None:
    assert np.isnan(homogeneity(_rgb(np.zeros((5, 1)))))
    with pytest.raises(ImageError, match=r"float64 \(4, 4, 3\)"):
        homogeneity(np.zeros((4, 4, 3)))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'cubed'"):
        homogeneity(_rgb(np.zeros((4, 4))), "cubed")  # type: ignore[arg-type]
