"""The VAE of lightning-bolts: a ResNet-18 as encoder and its mirror as decoder, as published for CIFAR-10.

    image -> normalised -> 3 x 3 convolution -> 4 stages of 2 blocks -> mean over places -> mean of the posterior
    latent -> 4 x 4 cells -> 3 stages of 2 blocks, each doubles the size -> 1 stage -> 3 x 3 convolution -> turned back

It was trained on images that were normalised by the data set's mean and deviation, so its output is turned back.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn
from torch.nn.functional import interpolate, relu

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.options import choice, drawing, whole
from wherefrom.models.checkpoints.build import empty, fitted

__all__ = ["ARCHITECTURE"]

_TITLE: Final = "a VAE of lightning-bolts in its ResNet-18 layout for small images"
_STAGES: Final = 4
_BLOCKS: Final = 2
_CELLS: Final = 4
_FACTOR: Final = 8
_MARKS: Final = (
    "encoder.layer4.1.conv2.weight",
    "fc_mu.weight",
    "decoder.linear.weight",
    "decoder.layer1.0.conv2.1.weight",
    "decoder.layer4.1.conv2.weight",
)
_NORMALISED: Final = {
    "cifar10": ((125.3 / 255, 123.0 / 255, 113.9 / 255), (63.0 / 255, 62.1 / 255, 66.7 / 255)),
    "stl10": ((0.43, 0.42, 0.39), (0.27, 0.26, 0.27)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""Mean and deviation, channel by channel, of the images that the model was trained on."""


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)


class _Down(nn.Module):
    """A block of ResNet-18: the first convolution widens, and halves the size with a stride of 2."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(in_channels, out_channels, 3, stride), nn.BatchNorm2d(out_channels)
        self.conv2, self.bn2 = _conv(out_channels, out_channels, 3), nn.BatchNorm2d(out_channels)
        changed = stride != 1 or in_channels != out_channels
        self.downsample = (
            nn.Sequential(_conv(in_channels, out_channels, 1, stride), nn.BatchNorm2d(out_channels))
            if changed
            else None
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = self.bn2(self.conv2(relu(self.bn1(self.conv1(features)))))
        return relu(x + (features if self.downsample is None else self.downsample(features)))


class _DoubleSize(nn.Module):
    """Every pixel twice along each side."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return interpolate(features, scale_factor=2)


class _Up(nn.Module):
    """The mirror of a block: the second convolution narrows, after the size was doubled."""

    def __init__(self, in_channels: int, out_channels: int, scale: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(in_channels, in_channels, 3), nn.BatchNorm2d(in_channels)
        narrow = _conv(in_channels, out_channels, 3)
        self.conv2 = narrow if scale == 1 else nn.Sequential(_DoubleSize(), narrow)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.upsample: nn.Module | None = None
        if scale != 1 or in_channels != out_channels:
            side = _conv(in_channels, out_channels, 1)
            resized = side if scale == 1 else nn.Sequential(_DoubleSize(), side)
            self.upsample = nn.Sequential(resized, nn.BatchNorm2d(out_channels))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = self.bn2(self.conv2(relu(self.bn1(self.conv1(features)))))
        return relu(x + (features if self.upsample is None else self.upsample(features)))


class _Backbone(nn.Module):
    """Normalised images `(n, 3, h, w)` to features `(n, c)`."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(3, widths[0], 3), nn.BatchNorm2d(widths[0])
        in_channels = widths[0]
        for stage, out_channels in enumerate(widths):
            blocks = [
                _Down(in_channels if block == 0 else out_channels, out_channels, _stride(stage, block))
                for block in range(_BLOCKS)
            ]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
            in_channels = out_channels

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = relu(self.bn1(self.conv1(images)))
        for stage in range(_STAGES):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        return x.mean((2, 3))


def _stride(stage: int, block: int) -> int:
    return 2 if stage > 0 and block == 0 else 1


class _Encoder(nn.Module):
    """Images `(n, 3, h, w)` in [0, 1] to the posterior's mean `(n, d)`."""

    def __init__(self, widths: tuple[int, ...], latent: int, normalised: str) -> None:
        super().__init__()
        self.encoder = _Backbone(widths)
        self.fc_mu = nn.Linear(widths[-1], latent)
        self.normalised = normalised

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mean, deviation = _constants(self.normalised, images)
        posterior_mean: torch.Tensor = self.fc_mu(self.encoder((images - mean) / deviation))
        return posterior_mean


class _Decoder(nn.Module):
    """Latents `(n, d)` to images `(n, 3, h, w)`, nominally in [0, 1]."""

    def __init__(self, widths: tuple[int, ...], first: int, latent: int, size: int, normalised: str) -> None:
        super().__init__()
        self.linear = nn.Linear(latent, first * _CELLS**2)
        in_channels = first
        for stage, out_channels in enumerate(widths):
            scale = 2 if stage < _STAGES - 1 else 1
            blocks = [
                _Up(in_channels if block == 0 else out_channels, out_channels, scale if block == 0 else 1)
                for block in range(_BLOCKS)
            ]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
            in_channels = out_channels
        self.conv1 = _conv(in_channels, 3, 3)
        self.cells, self.normalised = size // _FACTOR, normalised

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        x = self.linear(latents).unflatten(1, (-1, _CELLS, _CELLS))
        x = x if self.cells == _CELLS else interpolate(x, size=self.cells)
        for stage in range(_STAGES):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        mean, deviation = _constants(self.normalised, x)
        images: torch.Tensor = self.conv1(x) * deviation + mean
        return images


def _constants(name: str, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation `(3, 1, 1)` on the device and in the dtype of a tensor."""
    mean, deviation = (like.new_tensor(values)[:, None, None] for values in _NORMALISED[name])
    return mean, deviation


def _recognise(shapes: Shapes) -> bool:
    return all(mark in shapes for mark in _MARKS)


def _build(state: State, config: Config) -> Built:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    missing = [mark for mark in (*_MARKS, "encoder.conv1.weight") if mark not in shapes]
    if missing:
        raise ModelError(f"these weights do not fit {_TITLE}: {missing[0]} is missing")
    if shapes["encoder.conv1.weight"][2:] != (3, 3):
        raise ModelError(f"these weights do not fit {_TITLE}: its first convolution is 3 x 3, need no `first_conv`")
    size = whole(config, "size") or whole(config, "input_height") or _FACTOR * _CELLS
    if size % _FACTOR:
        raise UsageError(f"size={size}, need a multiple of {_FACTOR}")
    normalised = choice(config, "normalisation", tuple(_NORMALISED)) or "cifar10"
    latent = shapes["decoder.linear.weight"][1]
    first = shapes["decoder.layer1.0.conv2.1.weight"][1]
    wide = tuple(shapes.get(f"encoder.layer{stage + 1}.0.conv1.weight", (0,))[0] for stage in range(_STAGES))
    narrow = tuple(shapes.get(f"decoder.layer{stage + 1}.1.conv2.weight", (0,))[0] for stage in range(_STAGES))
    encoder = empty(lambda: _Encoder(wide, latent, normalised))
    decoder = empty(lambda: _Decoder(narrow, first, latent, size, normalised))
    ours = {name: value for name, value in state.items() if name.startswith("decoder.")}
    theirs = {name: value for name, value in state.items() if name not in ours and not name.startswith("fc_var.")}
    return Built(
        network=fitted(
            decoder,
            {name.removeprefix("decoder."): value for name, value in ours.items()},
            title=f"{_TITLE} (decoder)",
        ),
        latent_shape=(latent,),
        size=(size, size),
        draw=drawing("normal", (latent,)),
        encoder=fitted(encoder, theirs, title=f"{_TITLE} (encoder)"),
        facts={"normalisation": normalised, "size": size},
    )


ARCHITECTURE: Final = Architecture(
    name="bolts_vae",
    title="VAE of lightning-bolts (cifar10-resnet18): ResNet-18 and its mirror",
    paper="arXiv:1312.6114",
    files=(".ckpt", ".pt", ".pth", ".safetensors"),
    latent="z, normal; 256 numbers as published",
    sizes="32x32, or what `size` says",
    methods=("ronan", "latenttracer", "traced", "aedr", "spectral", "reconstruction"),
    options={
        "normalisation": f"of the images it was trained on: {', '.join(_NORMALISED)}; by default cifar10",
        "size": "pixels a side, a multiple of 8; by default what the checkpoint recorded as input_height, else 32",
    },
    recognise=_recognise,
    build=_build,
)
