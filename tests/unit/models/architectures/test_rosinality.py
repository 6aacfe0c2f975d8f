"""StyleGAN2 in rosinality's layout, against its formulas written out with torch's own functions."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from wherefrom.core.errors import UsageError
from wherefrom.models.base import Decoder
from wherefrom.models.load import load_model

WIDTH, CHANNELS, LAYERS, SIZE = 16, 8, 2, 16
TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0])
KERNEL = torch.outer(TAPS, TAPS) / TAPS.sum() ** 2 * 4
State = dict[str, torch.Tensor]


def _state() -> State:
    source = torch.Generator().manual_seed(5)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=source)

    state = {"input.input": drawn(1, CHANNELS, 4, 4)}
    for layer in range(1, LAYERS + 1):
        state |= {f"style.{layer}.weight": drawn(WIDTH, WIDTH) * 100, f"style.{layer}.bias": drawn(WIDTH) * 10}
    names = ["conv1", *(f"convs.{number}" for number in range(4))]
    for number, name in enumerate(names):
        state |= {f"{name}.conv.weight": drawn(1, CHANNELS, CHANNELS, 3, 3)}
        state |= {f"{name}.conv.modulation.weight": drawn(CHANNELS, WIDTH)}
        state |= {f"{name}.conv.modulation.bias": 1 + drawn(CHANNELS) * 0.1}
        state |= {f"{name}.noise.weight": drawn(1) * 0.1, f"{name}.activate.bias": drawn(CHANNELS) * 0.1}
        state |= {f"noises.noise_{number}": drawn(1, 1, 4 << (number + 1) // 2, 4 << (number + 1) // 2)}
        if number % 2:
            state[f"{name}.conv.blur.kernel"] = KERNEL
    for name in ("to_rgb1", "to_rgbs.0", "to_rgbs.1"):
        state |= {f"{name}.conv.weight": drawn(1, 3, CHANNELS, 1, 1), f"{name}.bias": drawn(1, 3, 1, 1) * 0.1}
        state |= {f"{name}.conv.modulation.weight": drawn(CHANNELS, WIDTH)}
        state |= {f"{name}.conv.modulation.bias": 1 + drawn(CHANNELS) * 0.1}
        if name != "to_rgb1":
            state[f"{name}.upsample.kernel"] = KERNEL
    return state


def _filtered(x: torch.Tensor, before: int, after: int) -> torch.Tensor:
    padded = functional.pad(x, (before, after, before, after))
    return functional.conv2d(padded, KERNEL.expand(x.shape[1], 1, 4, 4), groups=x.shape[1])


def _modulated(state: State, name: str, x: torch.Tensor, w: torch.Tensor, *, demodulated: bool) -> torch.Tensor:
    style = w @ state[f"{name}.conv.modulation.weight"].t() / math.sqrt(WIDTH)
    style = style + state[f"{name}.conv.modulation.bias"]
    kernel = state[f"{name}.conv.weight"]
    kernel = kernel / math.sqrt(kernel[0, 0].numel()) * style[:, None, :, None, None]
    if demodulated:
        kernel = kernel * torch.rsqrt(kernel.square().sum((2, 3, 4), keepdim=True) + 1e-8)
    if f"{name}.conv.blur.kernel" in state:
        return _filtered(functional.conv_transpose2d(x, kernel[0].transpose(0, 1), stride=2), 1, 1)
    return functional.conv2d(x, kernel[0], padding=kernel.shape[-1] // 2)


def _layer(state: State, name: str, number: int, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    x = _modulated(state, name, x, w, demodulated=True)
    x = x + state[f"{name}.noise.weight"] * state[f"noises.noise_{number}"]
    return functional.leaky_relu(x + state[f"{name}.activate.bias"][:, None, None], 0.2) * math.sqrt(2)


def _image(state: State, z: torch.Tensor) -> torch.Tensor:
    """One image in [-1, 1] of one latent `(1, width)`."""
    w = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
    for layer in range(1, LAYERS + 1):
        weight, bias = state[f"style.{layer}.weight"], state[f"style.{layer}.bias"]
        w = functional.leaky_relu(w @ weight.t() * 0.01 / math.sqrt(WIDTH) + bias * 0.01, 0.2) * math.sqrt(2)
    x = _layer(state, "conv1", 0, state["input.input"], w)
    image = _modulated(state, "to_rgb1", x, w, demodulated=False) + state["to_rgb1.bias"]
    for level in range(2):
        x = _layer(state, f"convs.{2 * level}", 2 * level + 1, x, w)
        x = _layer(state, f"convs.{2 * level + 1}", 2 * level + 2, x, w)
        wide = image.new_zeros(1, 3, 2 * image.shape[2], 2 * image.shape[3])
        wide[:, :, ::2, ::2] = image
        image = _filtered(wide, 2, 1) + state[f"to_rgbs.{level}.bias"]
        image = image + _modulated(state, f"to_rgbs.{level}", x, w, demodulated=False)
    return image


def test_images_are_those_of_the_formulas(tmp_path: Path) -> None:
    state = _state()
    mean = torch.ones(WIDTH)
    torch.save({"g_ema": state, "latent_avg": mean, "args": {"latent": WIDTH, "size": SIZE}}, tmp_path / "g.pt")
    model = load_model(str(tmp_path / "g.pt"), device="cpu")
    assert isinstance(model, Decoder)
    assert (model.card.facts["architecture"], model.size) == ("stylegan2", (SIZE, SIZE))
    latents = model.draw(np.arange(2, dtype=np.uint64))
    expected = torch.cat([_image(state, latent[None]) for latent in latents]) / 2 + 0.5
    torch.testing.assert_close(model.decode(latents), expected, rtol=1e-4, atol=1e-4)
    truncated = load_model(str(tmp_path / "g.pt"), device="cpu", options={"psi": 0.5})
    assert isinstance(truncated, Decoder)
    assert not torch.allclose(truncated.decode(latents), expected)


def test_truncation_needs_the_mean_that_stands_beside_the_weights(tmp_path: Path) -> None:
    torch.save({"g": _state()}, tmp_path / "g.pt")
    assert load_model(str(tmp_path / "g.pt"), device="cpu").size == (SIZE, SIZE)
    with pytest.raises(UsageError, match="mean of w, which this file lacks"):
        load_model(str(tmp_path / "g.pt"), device="cpu", options={"psi": 0.5})
