"""The convolutional VAE of Burgess et al. 2018 (arXiv:1804.03599, appendix A.1), as disentangling-vae publishes it.

image -> 3 or 4 convolutions 4 x 4, stride 2 -> 2 layers -> mean and log-variance, one after the other for each number
latent -> 3 layers -> 4 x 4 cells -> 3 or 4 transposed convolutions 4 x 4, stride 2 -> sigmoid
"""

from __future__ import annotations

import re
from typing import Final

import torch
from torch import nn
from torch.nn.functional import relu

from wherefrom.core.errors import ModelError
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.options import drawing
from wherefrom.models.checkpoints.build import empty, fitted

__all__ = ["ARCHITECTURE"]

_KERNEL: Final = 4
_CELLS: Final = 4
_MARKS: Final = ("encoder.mu_logvar_gen.weight", "decoder.lin3.weight", "decoder.convT3.weight")
_ENCODER: Final = ("conv1", "conv2", "conv3", "conv_64")
_DECODER: Final = ("convT_64", "convT1", "convT2", "convT3")
_NEEDED: Final = (
    "encoder.conv1.weight",
    *(f"encoder.{name}.weight" for name in ("lin1", "lin2", "mu_logvar_gen")),
    *(f"decoder.{name}.weight" for name in ("lin1", "lin2", "lin3")),
)
"""Weights whose shapes say what the network is."""


def _linear(shape: tuple[int, ...]) -> nn.Linear:
    return nn.Linear(shape[1], shape[0])


class _Encoder(nn.Module):
    """Images `(n, 3, h, w)` in [0, 1] to the posterior's mean `(n, d)`; a grey model sees the mean of the channels."""

    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.grey = shapes["encoder.conv1.weight"][1] == 1
        self.convs = nn.ModuleDict()
        for name in _ENCODER:
            if f"encoder.{name}.weight" in shapes:
                in_width, out_width = shapes[f"encoder.{name}.weight"][1::-1]
                self.convs[name] = nn.Conv2d(in_width, out_width, _KERNEL, stride=2, padding=1)
        self.lin1, self.lin2, self.mu_logvar_gen = (
            _linear(shapes[f"encoder.{name}.weight"]) for name in ("lin1", "lin2", "mu_logvar_gen")
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = images.mean(1, keepdim=True) if self.grey else images
        for conv in self.convs.values():
            x = relu(conv(x))
        x = relu(self.lin2(relu(self.lin1(x.flatten(1)))))
        moments: torch.Tensor = self.mu_logvar_gen(x)
        return moments[:, ::2]


class _Decoder(nn.Module):
    """Latents `(n, d)` to images `(n, 1 | 3, h, w)` in [0, 1]."""

    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.lin1, self.lin2, self.lin3 = (
            _linear(shapes[f"decoder.{name}.weight"]) for name in ("lin1", "lin2", "lin3")
        )
        self.convs = nn.ModuleDict()
        for name in _DECODER:
            if f"decoder.{name}.weight" in shapes:
                in_width, out_width = shapes[f"decoder.{name}.weight"][:2]
                self.convs[name] = nn.ConvTranspose2d(in_width, out_width, _KERNEL, stride=2, padding=1)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        x = relu(self.lin3(relu(self.lin2(relu(self.lin1(latents))))))
        x = x.unflatten(1, (-1, _CELLS, _CELLS))
        *convs, last = self.convs.values()
        for conv in convs:
            x = relu(conv(x))
        images: torch.Tensor = torch.sigmoid(last(x))
        return images


def _recognise(shapes: Shapes) -> bool:
    return all(mark in shapes for mark in _MARKS)


def _build(state: State, config: Config) -> Built:
    del config  # everything is in the weights
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    size = 8 * _CELLS * (2 if "decoder.convT_64.weight" in shapes else 1)
    title = f"a VAE of Burgess et al. for images of {size} x {size} pixels"
    if missing := [name for name in _NEEDED if name not in shapes]:
        raise ModelError(f"these weights do not fit {title}: {missing[0]} is missing")
    encoder, decoder = empty(lambda: _Encoder(shapes)), empty(lambda: _Decoder(shapes))
    encoder = fitted(encoder, _part(state, "encoder"), title=f"{title} (encoder)")
    decoder = fitted(decoder, _part(state, "decoder"), title=f"{title} (decoder)")
    _check(state, shapes, title)
    latent = (shapes["decoder.lin1.weight"][1],)
    return Built(
        network=decoder, latent_shape=latent, size=(size, size), draw=drawing("normal", latent), encoder=encoder
    )


def _part(state: State, half: str) -> State:
    """One half's tensors under the module's names, in which convolutions stand in a table of their own."""
    half_state = {name.removeprefix(f"{half}."): value for name, value in state.items() if name.startswith(f"{half}.")}
    return {re.sub(r"^(conv)", r"convs.\1", name): value for name, value in half_state.items()}


def _check(state: State, shapes: Shapes, title: str) -> None:
    """Refuse what belongs to neither half, and halves that do not fit each other.

    Raises:
        ModelError: when there is such a tensor, or one takes what the other does not give.
    """
    others = [name for name in state if not name.startswith(("encoder.", "decoder."))]
    if others:
        raise ModelError(f"these weights do not fit {title}: {others[0]} is not expected")
    moments, latent = shapes["encoder.mu_logvar_gen.weight"][0], shapes["decoder.lin1.weight"][1]
    images = (shapes["encoder.conv1.weight"][1], shapes["decoder.convT3.weight"][1])
    if moments != 2 * latent or images[0] != images[1] or images[0] not in (1, 3):
        raise ModelError(
            f"these weights do not fit {title}: the encoder gives {moments} moments of images of {images[0]} channels,"
            f" the decoder takes {latent} numbers and makes {images[1]} channels; need two moments a number, and 1 or 3"
            f" channels in both"
        )


ARCHITECTURE: Final = Architecture(
    name="burgess_vae",
    title="Convolutional VAE of Burgess et al. 2018, of any objective (beta-VAE, beta-TCVAE, FactorVAE)",
    paper="arXiv:1804.03599",
    files=(".pt", ".pth", ".bin", ".safetensors"),
    latent="z, normal; 10 numbers as published",
    sizes="32x32, 64x64",
    methods=("ronan", "latenttracer", "traced", "aedr", "spectral", "reconstruction"),
    options={},
    recognise=_recognise,
    build=_build,
)
