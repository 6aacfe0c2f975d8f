"""RONAN end to end on tiny random generators: own images are found again, those of a sibling with other weights not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel
from safetensors.torch import save_file

from tests.unit.models.architectures.random_weights import drawn
from wherefrom import methods, rules
from wherefrom.models.architectures import controlgan, stackgan
from wherefrom.models.architectures.consistency.unet import Geometry, UNet
from wherefrom.models.architectures.vit_vqgan.network import Geometry as Patches
from wherefrom.models.architectures.vit_vqgan.network import Half, Model
from wherefrom.models.base import Decoder
from wherefrom.models.checkpoints.build import empty
from wherefrom.models.load import load_model

SMALL: Final = Geometry(
    base=32, widths=(32, 32), blocks=1, attended=(False, True), classes=4, scaled=True, residual=True, head_channels=16
)
HALF: Final = Half(width=16, depth=1, inner=16, hidden=16, heads=2)
NETWORKS: Final[dict[str, tuple[Callable[[], torch.nn.Module], dict[str, Any]]]] = {
    "consistency": (lambda: UNet(SMALL), {"image_size": 8, "num_head_channels": 16, "class": 2}),
    "stackgan": (
        lambda: stackgan._Network(stackgan._Geometry(noise=4, code=3, sentence=5, widths=(2, 2), blocks=(1,))),
        {"scale": 64},
    ),
    "controlgan": (
        lambda: controlgan._Network(controlgan._Geometry(noise=4, code=3, word=4, width=2, blocks=1, stages=2)),
        {"words": 2, "scale": 64},
    ),
    "vit_vqgan": (
        lambda: Model(Patches(encoder=HALF, decoder=replace(HALF, depth=2), patch=4, grid=3, codes=32, features=4)),
        {"dim_head": 8},
    ),
}
FIRST, ASKED, SIBLINGS = 9, 4, 3


def _model(kind: str, seed: int, folder: Path) -> Decoder:
    if kind == "ddim":
        unet = UNet2DModel(
            sample_size=8,
            block_out_channels=(32, 32),
            down_block_types=("DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D"),
            layers_per_block=1,
        )
        unet.load_state_dict(drawn(unet, seed))
        scheduler = DDIMScheduler(prediction_type="sample", clip_sample=False)
        DDIMPipeline(unet=unet, scheduler=scheduler).save_pretrained(folder / str(seed))
        found = load_model(str(folder / str(seed)), device="cpu", options={"steps": 2})
    else:
        make, options = NETWORKS[kind]
        save_file(drawn(empty(make), seed), folder / f"{seed}.safetensors")
        found = load_model(str(folder / f"{seed}.safetensors"), device="cpu", options=options)
        assert found.card.facts["architecture"] == kind
    assert isinstance(found, Decoder)
    return found


@torch.no_grad()
def _made(model: Decoder, first: int, count: int) -> torch.Tensor:
    """Images as a file of 8 bits holds them."""
    images = model.decode(model.draw(np.arange(first, first + count, dtype=np.uint64)))
    return (images.clamp(0, 1) * 255).round() / 255


@pytest.mark.parametrize("kind", [*NETWORKS, "ddim"])
def test_own_images_are_found_and_a_siblings_are_excluded(kind: str, tmp_path: Path) -> None:
    own, sibling = (_model(kind, seed, tmp_path) for seed in (0, 1))
    assert own.card.facts["decoder"] != sibling.card.facts["decoder"]
    images = torch.cat([_made(own, 0, FIRST + ASKED), _made(sibling, 0, SIBLINGS)])
    assert float(images[:FIRST].std(0).mean()) > 2 / 255, "all images alike would be found by any search"
    method = methods.load("ronan", {"steps": 25, "restarts": 1, "race": None})
    seeds = np.arange(1000, 1000 + len(images), dtype=np.uint64)
    statistic = method.statistic(method.scores(own, images, seeds), {})
    cut = rules.load("conformal").threshold(statistic[:FIRST], alpha=0.1)
    # What a search to the end leaves is the rounding to 8 bits, about the same of all own images.
    assert (statistic[FIRST : FIRST + ASKED] <= 1.05 * cut).all()
    assert statistic[FIRST + ASKED :].min() > 3 * statistic[: FIRST + ASKED].max()
