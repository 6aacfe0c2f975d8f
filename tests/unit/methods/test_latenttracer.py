"""LatentTracer against its paper's search, written out as a loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from wherefrom.core.tensors import Images, generator
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.models.opening.autoencoder import wrap_autoencoder


def _module(scale: float, shift: float | None) -> AutoencoderKL:
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(3)
        return AutoencoderKL(
            block_out_channels=[8, 16],
            down_block_types=["DownEncoderBlock2D"] * 2,
            up_block_types=["UpDecoderBlock2D"] * 2,
            norm_num_groups=4,
            scaling_factor=scale,
            shift_factor=shift,
        ).eval()


def _images() -> Images:
    return torch.rand((1, 3, 16, 16), generator=generator(1))


def _paper(module: AutoencoderKL, image: Images, scale: float, shift: float) -> float:
    """100 steps of torch's Adam on the scaled latent and the clamped output; the best state, the last included."""
    with torch.no_grad():
        latent = (module.encode(image * 2 - 1).latent_dist.mode() - shift) * scale
    latent.requires_grad_()
    optimiser = torch.optim.Adam([latent], lr=0.05)
    best = float("inf")
    for step in range(101):
        for group in optimiser.param_groups:
            group["lr"] = 0.05 if step < 1 else 0.025 if step <= 50 else 0.0125
        made = (module.decode(latent / scale + shift).sample / 2 + 0.5).clamp(0, 1)
        loss = (made - image).square().mean()
        best = min(best, loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return best


@pytest.mark.parametrize(("scale", "shift"), [(0.18215, None), (0.3611, 0.1159)])
def test_parity_with_the_paper_s_search(scale: float, shift: float | None) -> None:
    module, images = _module(scale, shift), _images()
    expected = _paper(module, images, scale, shift or 0.0)
    scores = LatentTracer.paper().scores(wrap_autoencoder(module), images, np.array([1], dtype=np.uint64))
    np.testing.assert_allclose(scores["loss"], [expected], rtol=1e-4)
    np.testing.assert_array_equal(scores["calls"], 101)


def test_the_scale_changes_the_search() -> None:
    """Or the test above would say nothing of it. What changes numbers is in the card."""
    seeds = np.array([1], dtype=np.uint64)
    models = [wrap_autoencoder(_module(scale, None)) for scale in (0.18215, 1.0)]
    method = LatentTracer(optimiser="adam", steps=20)
    one, other = (method.scores(model, _images(), seeds)["loss"] for model in models)
    assert (np.abs(one - other) > 1e-3 * one).all()
    assert [model.card.facts.get("scaling") for model in models] == [(0.18215, 0.0), None]
