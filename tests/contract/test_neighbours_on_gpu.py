"""On a GPU images go through a network together, so a row moves with its batch as sums do; one by one it does not.

What is promised of a CPU is in `test_methods`; see also `docs/explanation/searching.md`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.contract.test_methods import _images, _model, _seeds
from wherefrom import methods
from wherefrom.core.arrays import Scores
from wherefrom.core.facts import ImageFacts
from wherefrom.images.batches import to_pixels
from wherefrom.images.read import ImageRecord, pixel_digest
from wherefrom.models.load import load_model
from wherefrom.models.opening.autoencoder import wrap_autoencoder
from wherefrom.scoring.run import score

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use on this machine")
PASSES = 1e-3
"""Of a loss of two passes, relative."""
SEARCHED = 0.05
"""Of the loss of a short search, relative."""


@pytest.fixture(scope="module")
def model() -> Any:
    """A small autoencoder with random weights, on the GPU."""
    return wrap_autoencoder(_model("AutoencoderKL")._module, device="cuda")  # type: ignore[attr-defined]


def _alone(method: Any, model: Any, images: torch.Tensor) -> Scores:
    seeds = _seeds(len(images))
    rows = [method.scores(model, images[row : row + 1], seeds[row : row + 1]) for row in range(len(images))]
    return Scores.concatenate(rows)


@pytest.mark.parametrize(
    ("name", "tolerance"), [("aedr", PASSES), ("reconstruction", PASSES), ("latenttracer", SEARCHED)]
)
def test_a_row_moves_with_its_batch_by_no_more_than_is_said(name: str, tolerance: float, model: Any) -> None:
    method = methods.load(name, {"steps": 3} if name == "latenttracer" else {})
    images = _images(5).to(model.device)
    together, alone = method.scores(model, images, _seeds(5)), _alone(method, model, images)
    for column in {"first", "second", "loss"} & set(together.names):
        np.testing.assert_allclose(together[column], alone[column], rtol=tolerance, err_msg=column)


def test_a_generators_rows_move_no_more() -> None:
    gan = load_model("zoo:dcgan-cifar10", device="cuda")
    latents: Any = gan.draw(_seeds(7))  # type: ignore[attr-defined]
    with torch.inference_mode():
        together = gan.decode(latents)  # type: ignore[attr-defined]
        alone = torch.cat([gan.decode(latents[row : row + 1]) for row in range(7)])  # type: ignore[attr-defined]
    torch.testing.assert_close(together, alone, rtol=PASSES, atol=PASSES)


def test_one_by_one_a_row_has_no_neighbours(model: Any) -> None:
    pixels = list(to_pixels(_images(4)))
    records = [
        ImageRecord(facts=ImageFacts(name=str(i), pixel_digest=pixel_digest(p)), pixels=p) for i, p in enumerate(pixels)
    ]
    method = methods.load("aedr")
    whole = score(records, model=model, method=method, batch=1).scores
    for place, record in enumerate(records):
        single = score([record], model=model, method=method, batch=1).scores
        for column in ("first", "second"):
            np.testing.assert_allclose(single[column][0], whole[column][place], rtol=1e-9, err_msg=column)
