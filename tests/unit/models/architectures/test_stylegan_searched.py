"""RONAN end to end on generators out of tiny pickles: own images are found again, those of a sibling are excluded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.models.architectures.stylegan_by_hand import state_2
from tests.unit.models.architectures.stylegan_xl_by_hand import Stem, state_xl
from tests.unit.models.checkpoints import pickled
from wherefrom import methods, rules
from wherefrom.models.base import Decoder
from wherefrom.models.load import load_model

FIRST, ASKED, SIBLINGS = 9, 3, 2
STEM = Stem(classes=0, channel_max=6, layers=3, margin=4)
"""Its margin is not the usual one, so the file has to say it."""


def _state(kind: str, seed: int) -> dict[str, torch.Tensor]:
    """Random weights whose images are mostly within [0, 1]; those of StyleGAN-XL are light or dark by seed."""
    if kind == "stylegan2":
        state = state_2(channels=(6, 6), seed=seed)
        return {name: tensor * 0.15 if ".torgb." in name else tensor for name, tensor in state.items()}
    state = state_xl(STEM, seed=seed)
    return state | {
        "synthesis.L3_16_3.weight": 2 * state["synthesis.L3_16_3.weight"],
        "synthesis.L3_16_3.bias": torch.full((3,), 1.2 if seed else -1.2),
    }


def _model(kind: str, seed: int, folder: Path, latent: str) -> Decoder:
    attributes = {"synthesis.input": {"sampling_rate": 16.0, "bandwidth": 2.0}} if kind == "stylegan_xl" else {}
    whole = pickled.module(_state(kind, seed), attributes=attributes)
    path = pickled.network_file(folder / f"{seed}.pkl", whole, protocol=3)
    model = load_model(str(path), device="cpu", options={"latent": latent})
    assert isinstance(model, Decoder)
    assert model.card.facts["architecture"] == kind
    return model


@torch.no_grad()
def _made(model: Decoder, count: int) -> torch.Tensor:
    """Images as a file of 8 bits holds them."""
    images = model.decode(model.draw(np.arange(count, dtype=np.uint64)))
    return (images.clamp(0, 1) * 255).round() / 255


@pytest.mark.parametrize(("kind", "latent"), [("stylegan2", "z"), ("stylegan2", "w"), ("stylegan_xl", "z")])
def test_own_images_are_found_and_a_siblings_are_excluded(kind: str, latent: str, tmp_path: Path) -> None:
    own, sibling = (_model(kind, seed, tmp_path, latent) for seed in (0, 1))
    assert own.card.facts["decoder"] != sibling.card.facts["decoder"]
    images = torch.cat([_made(own, FIRST + ASKED), _made(sibling, SIBLINGS)])
    assert float(images[:FIRST].std(0).mean()) > 2 / 255, "all images alike would be found by any search"
    assert float(((images > 0) & (images < 1)).float().mean()) > 0.5
    method = methods.load("ronan", {"steps": 10 if kind == "stylegan_xl" else 20, "restarts": 1, "race": None})
    seeds = np.arange(1000, 1000 + len(images), dtype=np.uint64)
    statistic = method.statistic(method.scores(own, images, seeds), {})
    cut = rules.load("conformal").threshold(statistic[:FIRST], alpha=0.1)
    assert (statistic[FIRST : FIRST + ASKED] <= cut).sum() >= ASKED - 1, "one in ten is missed"
    assert statistic[FIRST + ASKED :].min() > 3 * statistic[: FIRST + ASKED].max()
